/** The plane of the two principal components of the features, colored by label. */
import type { ScatterPoint } from "../../src/server/api.ts";
import { labelColor } from "./palette.ts";
import { PlaneFrame } from "./plane-frame.tsx";
import { scatterLayout } from "./scatter-layout.ts";

const BOX = { width: 470, height: 300 };

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
  const { plane, dots, rings } = scatterLayout(points, BOX, frame);
  return (
    <PlaneFrame
      plane={plane}
      box={BOX}
      xName="first component"
      yName="second component"
      description={`${points.length} windows in the plane of the first two principal components of their features`}
    >
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
    </PlaneFrame>
  );
}
