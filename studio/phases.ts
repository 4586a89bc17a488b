/** Where a run stands, phase by phase, and how long it has taken. */
import { PHASES } from "../src/pipeline/progress.ts";
import type { Run } from "../src/server/api.ts";

export type PhaseState = {
  readonly state: "waiting" | "current" | "done" | "failed";
  /** Share that is done, 0 to 1. */
  readonly done: number;
};

/** The state of each phase, in the order of `PHASES`. */
export function phaseStates({ status, phase, done }: Run): readonly PhaseState[] {
  const at = phase === null ? -1 : PHASES.indexOf(phase);
  return PHASES.map((_, i): PhaseState => {
    if (status === "done" || i < at) return { state: "done", done: 1 };
    if (i > at) return { state: "waiting", done: 0 };
    if (status === "running") return { state: done >= 1 ? "done" : "current", done };
    return { state: status === "queued" ? "waiting" : "failed", done: Math.max(done, 0.05) };
  });
}

/** Seconds a run took, or has taken so far. */
export function runSeconds({ startedAt, endedAt }: Run): number | null {
  if (startedAt === null) return null;
  const end = endedAt === null ? Date.now() : Date.parse(endedAt);
  return Math.max(0, (end - Date.parse(startedAt)) / 1000);
}
