/** The grid of a plane with its ticks and the names of its axes, around what is drawn in it. */
import type { ReactNode } from "react";
import type { Box, Plane } from "./plane.ts";

const LEFT = 56;
const BOTTOM = 38;
/** Half of a tick's text may stand out on the right. */
const RIGHT = 16;

export function PlaneFrame({
  plane,
  box,
  xName,
  yName,
  description,
  children,
}: {
  plane: Plane;
  box: Box;
  xName: string;
  yName: string;
  description: string;
  children: ReactNode;
}) {
  const { width, height } = box;
  const whole = LEFT + width + RIGHT;
  return (
    <svg
      viewBox={`0 0 ${whole} ${height + BOTTOM + 6}`}
      width="100%"
      role="img"
      aria-label={description}
      style={{ display: "block", maxWidth: 1.2 * whole }}
    >
      <g transform={`translate(${LEFT} 6)`}>
        {plane.xTicks.map(({ at, value }) => (
          <g key={value}>
            <line x1={at} x2={at} y1={0} y2={height} stroke="var(--studio-line)" />
            <text className="chart-text" x={at} y={height + 16} textAnchor="middle">
              {value}
            </text>
          </g>
        ))}
        {plane.yTicks.map(({ at, value }) => (
          <g key={value}>
            <line x1={0} x2={width} y1={at} y2={at} stroke="var(--studio-line)" />
            <text className="chart-text" x={-8} y={at + 4} textAnchor="end">
              {value}
            </text>
          </g>
        ))}
        <text className="chart-text" x={width} y={height + 33} textAnchor="end">
          {xName}
        </text>
        <text className="chart-text" transform="translate(-45 0) rotate(-90)" textAnchor="end">
          {yName}
        </text>
        {children}
      </g>
    </svg>
  );
}
