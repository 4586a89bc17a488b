/** Rows of the store as the API shows them. */
import { PHASES, type ProgressEvent } from "../pipeline/progress.ts";
import type { Run as StoredRun, StoredSample } from "../store/store.ts";
import type { Run, SampleSummary, Side } from "./api.ts";

/** A time of the store as text. */
export function timeText(time: number): string {
  return new Date(time).toISOString();
}

/** The name of a phase, or null for any other text. */
export function phaseOf(text: string): ProgressEvent["phase"] | null {
  return PHASES.find((phase) => phase === text) ?? null;
}

export function viewRun(run: StoredRun): Run {
  const { id, project, status, done, seed, error } = run;
  return {
    id,
    project,
    status,
    // The last heartbeat of a run that is done was before its end.
    phase: status === "done" ? PHASES.at(-1)! : phaseOf(run.phase),
    done: status === "done" ? 1 : Math.min(1, Math.max(0, done)),
    message: run.message === "" ? null : run.message,
    ...(error ? { error } : {}),
    seed,
    createdAt: timeText(run.createdAt),
    startedAt: run.startedAt === null ? null : timeText(run.startedAt),
    endedAt: run.endedAt === null ? null : timeText(run.endedAt),
  };
}

export function viewSample(sample: StoredSample, side?: Side): SampleSummary {
  const { id, name, label, category, rows, axes, intervalMs, segments } = sample;
  return {
    id,
    name,
    label: label ?? null,
    category: category ?? null,
    seconds: rows * secondsPerRow(intervalMs),
    rows,
    axes,
    sampleRateHz: 1 / secondsPerRow(intervalMs),
    ...(segments ? { segments } : {}),
    ...(side ? { side } : {}),
  };
}

const secondsPerRow = (intervalMs: number): number => (intervalMs === 0 ? 1 : intervalMs / 1000);
