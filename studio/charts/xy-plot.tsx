/** Points of two numbers with the line on which they should lie. */
import { lineColor } from "./palette.ts";
import { PlaneFrame } from "./plane-frame.tsx";
import { type Point, xyLayout } from "./xy-layout.ts";

const BOX = { width: 420, height: 280 };

export function XyPlot({
  points,
  line,
  ...frame
}: {
  points: readonly Point[];
  line: "diagonal" | "zero";
  xName: string;
  yName: string;
  description: string;
}) {
  const layout = xyLayout(points, BOX, line);
  return (
    <PlaneFrame plane={layout.plane} box={BOX} {...frame}>
      <line {...layout.line} stroke="var(--studio-muted)" strokeDasharray="5 4" />
      <path
        d={layout.dots}
        stroke={lineColor(0)}
        strokeWidth={5}
        strokeLinecap="round"
        strokeOpacity={0.75}
        fill="none"
      />
    </PlaneFrame>
  );
}
