/**
 * What the mock server tells the Studio: the bundled example's recordings, and a run of it. The run
 * is the answer of `GET /api/runs/:run` after `tinsmith start`, with each fourth point of the
 * scatter, five digits of its numbers, and times that do not change.
 */
import { readFileSync } from "node:fs";
import { simulateGestures } from "../../src/samples/simulate-gestures.ts";
import type {
  Project,
  Run,
  RunResult,
  SampleSummary,
  SampleValues,
  Side,
} from "../../src/server/api.ts";
import { decimate } from "../../src/server/decimate.ts";

export const PROJECT = "gestures";

const SIMULATED = simulateGestures(1);

/** A finished run with report and details. */
export const DONE: RunResult = JSON.parse(
  readFileSync(new URL("run.generated.json", import.meta.url), "utf8"),
);

/** A run without its result, as lists have it. */
export const summaryOf = ({ report: _, details: __, ...run }: RunResult): Run => run;

/** Each label's fourth recording validates and its fifth tests; a lone one is unseen. */
const SIDES: readonly Side[] = [
  "training",
  "training",
  "training",
  "validation",
  "testing",
  "training",
];

export const SAMPLES: readonly SampleSummary[] = SIMULATED.map((sample, i) => ({
  id: `sample-${i}`,
  name: sample.name,
  label: sample.label ?? null,
  category: sample.category ?? null,
  seconds: 10,
  rows: 625,
  axes: sample.axes,
  sampleRateHz: 62.5,
  side: sample.label === "shake" ? "unseen" : SIDES[i % 6]!,
}));

/** The values of one of `SAMPLES`. */
export function valuesOf(id: string, points: number): SampleValues | undefined {
  const sample = SIMULATED[SAMPLES.findIndex((each) => each.id === id)];
  if (!sample) return undefined;
  const columns = decimate(sample.values, sample.axes.length, points);
  return {
    axes: sample.axes.map(({ name }) => name),
    units: sample.axes.map(({ units }) => units),
    intervalMs: (16 * 625) / columns[0]!.length,
    startMs: 0,
    rows: 625,
    columns,
  };
}

export const EXAMPLE: Project = {
  id: PROJECT,
  name: "example-gestures",
  createdAt: "2026-03-02T08:59:00.000Z",
  samples: SAMPLES.length,
  lastRun: summaryOf(DONE),
};
