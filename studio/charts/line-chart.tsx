/**
 * Lines over a common x, drawn by uPlot on a canvas as wide as its place. New data of the same lines
 * is set in the existing chart, so that live curves do not flicker; a drag zooms, a double click
 * shows everything again.
 */
import "uplot/dist/uPlot.min.css";
import { useComputedColorScheme } from "@mantine/core";
import { useEffect, useRef } from "react";
import uPlot from "uplot";
import type { Band, Columns } from "./line-data.ts";
import { CHART_INK } from "./palette.ts";

export type Line = {
  readonly name: string;
  readonly color: string;
  /** The right axis, a share of 0 to 100 %; otherwise the left one. */
  readonly share?: boolean;
  readonly dash?: readonly number[];
};

export function LineChart({
  columns,
  lines,
  bands = [],
  bandColor = () => "#8b959e",
  xName,
  yName,
  height = 260,
  log = false,
  description,
}: {
  columns: Columns;
  lines: readonly Line[];
  bands?: readonly Band[];
  bandColor?: (label: string) => string;
  xName: string;
  yName: string;
  height?: number;
  /** A logarithmic left axis; values that are not above 0 are left out. @default false */
  log?: boolean;
  description: string;
}) {
  const scheme = useComputedColorScheme("light");
  const place = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot>(undefined);
  const latest = useRef(columns);
  latest.current = columns;
  const look = JSON.stringify([lines, bands, xName, yName, height, scheme, log]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `look` stands for everything drawn
  useEffect(() => {
    const element = place.current!;
    const options = optionsOf({ lines, bands, bandColor, xName, yName, height, scheme, log });
    const plot = new uPlot(
      { ...options, width: Math.max(200, element.clientWidth) },
      latest.current as unknown as uPlot.AlignedData,
      element,
    );
    chart.current = plot;
    const observer = new ResizeObserver(() => {
      const width = Math.max(200, element.clientWidth);
      if (width !== plot.width) plot.setSize({ width, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
      chart.current = undefined;
    };
  }, [look]);

  useEffect(() => {
    if (chart.current?.data !== (columns as unknown))
      chart.current?.setData(columns as unknown as uPlot.AlignedData);
  }, [columns]);

  return <div ref={place} role="img" aria-label={description} className="line-chart" />;
}

function optionsOf({
  lines,
  bands,
  bandColor,
  xName,
  yName,
  height,
  scheme,
  log,
}: {
  lines: readonly Line[];
  bands: readonly Band[];
  bandColor: (label: string) => string;
  xName: string;
  yName: string;
  height: number;
  scheme: "light" | "dark";
  log: boolean;
}): Omit<uPlot.Options, "width"> {
  const ink = CHART_INK[scheme];
  const font = "12px system-ui, sans-serif";
  const axis = {
    stroke: ink.text,
    font,
    labelFont: font,
    labelSize: 20,
    grid: { stroke: ink.grid, width: 1 },
    ticks: { stroke: ink.grid, width: 1, size: 4 },
  };
  const shares = lines.some(({ share }) => share);
  return {
    height,
    padding: [10, shares ? 0 : 12, 0, 0],
    cursor: { points: { size: 6 }, y: false },
    legend: { live: true },
    scales: {
      x: { time: false },
      share: { range: [0, 1.04] },
      ...(log ? { y: { distr: 3 as const } } : {}),
    },
    axes: [
      { ...axis, label: xName, size: 34 },
      { ...axis, label: yName, size: 52, ...(log ? powersOfTen(axis) : {}) },
      ...(shares
        ? [
            {
              ...axis,
              scale: "share",
              side: 1 as const,
              size: 52,
              label: "accuracy",
              grid: { show: false },
              values: (_: uPlot, ticks: number[]) =>
                ticks.map((value) => `${Math.round(100 * value)} %`),
            },
          ]
        : []),
    ],
    series: [
      { label: xName, value: (_, v) => (v === null ? "–" : String(Number(v.toPrecision(5)))) },
      ...lines.map(
        ({ name, color, share, dash }): uPlot.Series => ({
          label: name,
          stroke: color,
          width: 1.5,
          points: { show: false },
          spanGaps: false,
          scale: share ? "share" : "y",
          ...(dash ? { dash: [...dash] } : {}),
          value: (_, v) =>
            v === null
              ? "–"
              : share
                ? `${(100 * v).toFixed(1)} %`
                : String(Number(v.toPrecision(4))),
        }),
      ),
    ],
    hooks: {
      drawClear: [(plot) => fillBands(plot, bands, bandColor)],
      draw: [(plot) => nameBands(plot, bands, ink.text)],
    },
  };
}

/** Of a logarithmic axis: every power of ten has a line and a name, what lies between has none. */
function powersOfTen({ grid, ticks }: Pick<uPlot.Axis, "grid" | "ticks">): Partial<uPlot.Axis> {
  const isPower = (tick: number): boolean => tick.toExponential(4).startsWith("1.0000e");
  const filter = (_: uPlot, splits: number[]): (number | null)[] =>
    splits.map((tick) => (isPower(tick) ? tick : null));
  return {
    grid: { ...grid, filter },
    ticks: { ...ticks, filter },
    values: (_, splits: (number | null)[]) =>
      splits.map((tick) => {
        if (tick === null || !isPower(tick)) return "";
        const value = Number(tick.toExponential(4));
        return value >= 0.001 && value <= 1000 ? String(value) : value.toExponential(0);
      }),
  };
}

/** Fills each stretch with its label's color, below grid and lines. */
function fillBands(
  plot: uPlot,
  bands: readonly Band[],
  bandColor: (label: string) => string,
): void {
  const { ctx, bbox } = plot;
  withinPlot(plot, () => {
    ctx.globalAlpha = 0.16;
    for (const { from, to, label } of bands) {
      const left = plot.valToPos(from, "x", true);
      ctx.fillStyle = bandColor(label);
      ctx.fillRect(left, bbox.top, plot.valToPos(to, "x", true) - left, bbox.height);
    }
  });
}

/** Writes the label of each stretch that has room for it, above everything. */
function nameBands(plot: uPlot, bands: readonly Band[], color: string): void {
  const { ctx, bbox } = plot;
  const pixel = devicePixelRatio;
  withinPlot(plot, () => {
    ctx.font = `${11 * pixel}px system-ui, sans-serif`;
    ctx.textBaseline = "top";
    ctx.textAlign = "left";
    ctx.fillStyle = color;
    for (const { from, to, label } of bands) {
      const left = plot.valToPos(from, "x", true);
      const width = plot.valToPos(to, "x", true) - left;
      if (ctx.measureText(label).width + 10 * pixel < width)
        ctx.fillText(label, left + 5 * pixel, bbox.top + 4 * pixel);
    }
  });
}

/** Draws with the chart's area as a clip and leaves the canvas as it was. */
function withinPlot({ ctx, bbox }: uPlot, draw: () => void): void {
  ctx.save();
  ctx.beginPath();
  ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
  ctx.clip();
  draw();
  ctx.restore();
}
