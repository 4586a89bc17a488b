/** The confusion matrix as an SVG: rows true, columns predicted, percentages of each row. */
import { cellText, confusionCells } from "./confusion-layout.ts";

/** Room for the words "predicted" and the labels below it. */
const TOP = 46;

/** Few labels share this width; many need more. */
const WIDTH = 540;

export function ConfusionMatrix({
  labels,
  confusion,
}: {
  labels: readonly string[];
  confusion: readonly (readonly number[])[];
}) {
  const longest = Math.max(...labels.map((label) => label.length), 4);
  const left = Math.min(150, 34 + 7 * Math.min(longest, 16));
  const cell = Math.min(110, Math.max(30, (WIDTH - left) / labels.length));
  const height = Math.min(58, Math.max(26, 340 / labels.length));
  const slanted = longest * 7 > cell - 6;
  const top = slanted ? TOP + 5 * Math.min(longest, 14) : TOP;
  const width = left + cell * labels.length + (slanted ? 50 : 4);
  const total = top + height * labels.length + 4;
  return (
    <div className="scroll">
      <svg
        viewBox={`0 0 ${width} ${total}`}
        width={width}
        height={total}
        role="img"
        aria-label="Confusion matrix: rows are true labels, columns predicted ones"
        style={{ display: "block", maxWidth: "100%", height: "auto" }}
      >
        <text
          className="chart-text"
          x={left + (cell * labels.length) / 2}
          y={13}
          textAnchor="middle"
        >
          predicted
        </text>
        <text
          className="chart-text"
          textAnchor="middle"
          transform={`translate(12 ${top + (height * labels.length) / 2}) rotate(-90)`}
        >
          true
        </text>
        {labels.map((label, i) => {
          const x = left + cell * (i + 0.5);
          return (
            <text
              key={label}
              fontSize="12.5"
              fill="var(--studio-ink)"
              textAnchor={slanted ? "start" : "middle"}
              transform={`translate(${x} ${top - 9})${slanted ? " rotate(-45)" : ""}`}
            >
              {clip(label)}
            </text>
          );
        })}
        {labels.map((label, i) => (
          <text
            key={label}
            fontSize="12.5"
            fill="var(--studio-ink)"
            textAnchor="end"
            x={left - 9}
            y={top + height * (i + 0.5) + 4}
          >
            {clip(label)}
          </text>
        ))}
        {confusionCells(confusion).map(({ row, column, windows, share, strength, onStrong }) => {
          const x = left + column * cell;
          const y = top + row * height;
          const right = row === column;
          return (
            <g key={`${row} ${column}`}>
              <title>{`${labels[row]} taken for ${labels[column]}: ${windows} windows`}</title>
              <rect
                x={x + 1}
                y={y + 1}
                width={cell - 2}
                height={height - 2}
                rx={3}
                fill="var(--studio-soft)"
              />
              <rect
                x={x + 1}
                y={y + 1}
                width={cell - 2}
                height={height - 2}
                rx={3}
                fill={right ? "#31678b" : "#b3452f"}
                fillOpacity={strength}
              />
              <text
                x={x + cell / 2}
                y={y + height / 2 + 4.5}
                fontSize={cell > 40 ? 13.5 : 11}
                fontWeight={right ? 600 : 500}
                textAnchor="middle"
                fill={onStrong ? "#ffffff" : "var(--studio-ink)"}
              >
                {cellText(share, windows)}
              </text>
            </g>
          );
        })}
      </svg>
    </div>
  );
}

const clip = (label: string): string => (label.length > 16 ? `${label.slice(0, 15)}…` : label);
