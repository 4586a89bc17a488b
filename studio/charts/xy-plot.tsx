/** Points of two numbers with the line on which they should lie. */
import { lineColor } from "./palette.ts";
import { type Point, xyLayout } from "./xy-layout.ts";

const BOX = { width: 420, height: 280 };
const LEFT = 56;
const BOTTOM = 38;

export function XyPlot({
  points,
  line,
  xName,
  yName,
  description,
}: {
  points: readonly Point[];
  line: "diagonal" | "zero";
  xName: string;
  yName: string;
  description: string;
}) {
  const layout = xyLayout(points, BOX, line);
  return (
    <svg
      viewBox={`0 0 ${LEFT + BOX.width + 16} ${BOX.height + BOTTOM + 6}`}
      width="100%"
      role="img"
      aria-label={description}
      style={{ display: "block", maxWidth: 560 }}
    >
      <g transform={`translate(${LEFT} 6)`}>
        {layout.xTicks.map(({ at, value }) => (
          <g key={value}>
            <line x1={at} x2={at} y1={0} y2={BOX.height} stroke="var(--studio-line)" />
            <text className="chart-text" x={at} y={BOX.height + 16} textAnchor="middle">
              {value}
            </text>
          </g>
        ))}
        {layout.yTicks.map(({ at, value }) => (
          <g key={value}>
            <line x1={0} x2={BOX.width} y1={at} y2={at} stroke="var(--studio-line)" />
            <text className="chart-text" x={-8} y={at + 4} textAnchor="end">
              {value}
            </text>
          </g>
        ))}
        <text className="chart-text" x={BOX.width} y={BOX.height + 33} textAnchor="end">
          {xName}
        </text>
        <text className="chart-text" transform="translate(-45 0) rotate(-90)" textAnchor="end">
          {yName}
        </text>
        <line {...layout.line} stroke="var(--studio-muted)" strokeDasharray="5 4" />
        <path
          d={layout.dots}
          stroke={lineColor(0)}
          strokeWidth={5}
          strokeLinecap="round"
          strokeOpacity={0.6}
          fill="none"
        />
      </g>
    </svg>
  );
}
