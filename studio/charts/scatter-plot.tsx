/** The plane of the two principal components of the features, colored by label. */
import type { ScatterPoint } from "../../src/server/api.ts";
import { labelColor } from "./palette.ts";
import { scatterLayout } from "./scatter-layout.ts";

const BOX = { width: 470, height: 300 };
const LEFT = 44;
const BOTTOM = 38;

export function ScatterPlot({
  points,
  frame,
  labels,
}: {
  points: readonly ScatterPoint[];
  /** All points, so that filtering does not move the others. */
  frame: readonly ScatterPoint[];
  labels: readonly string[];
}) {
  const { dots, rings, xTicks, yTicks } = scatterLayout(points, BOX, frame);
  return (
    <svg
      viewBox={`0 0 ${LEFT + BOX.width + 6} ${BOX.height + BOTTOM + 6}`}
      width="100%"
      role="img"
      aria-label={`${points.length} windows in the plane of the first two principal components of their features`}
      style={{ display: "block", maxWidth: 640 }}
    >
      <g transform={`translate(${LEFT} 6)`}>
        {xTicks.map(({ at, value }) => (
          <g key={value}>
            <line x1={at} x2={at} y1={0} y2={BOX.height} stroke="var(--studio-line)" />
            <text className="chart-text" x={at} y={BOX.height + 16} textAnchor="middle">
              {value}
            </text>
          </g>
        ))}
        {yTicks.map(({ at, value }) => (
          <g key={value}>
            <line x1={0} x2={BOX.width} y1={at} y2={at} stroke="var(--studio-line)" />
            <text className="chart-text" x={-8} y={at + 4} textAnchor="end">
              {value}
            </text>
          </g>
        ))}
        <text className="chart-text" x={BOX.width} y={BOX.height + 33} textAnchor="end">
          first component
        </text>
        <text className="chart-text" transform={`translate(-33 0) rotate(-90)`} textAnchor="end">
          second component
        </text>
        {dots.map(({ label, d }) => (
          <path
            key={label}
            d={d}
            stroke={labelColor(labels, label)}
            strokeWidth={5}
            strokeLinecap="round"
            strokeOpacity={0.75}
            fill="none"
          />
        ))}
        {rings.map(({ x, y }, i) => (
          <circle
            // biome-ignore lint/suspicious/noArrayIndexKey: points have no name and never move
            key={i}
            cx={x}
            cy={y}
            r={5}
            fill="none"
            stroke="var(--studio-bad)"
            strokeWidth={1.4}
          />
        ))}
      </g>
    </svg>
  );
}
