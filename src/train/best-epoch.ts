/** Which epoch of a training is kept, and when it has had its patience. */

import { isGain } from "./epoch-metrics.ts";
import type { EpochReport } from "./epoch-report.ts";
import type { FitOptions } from "./fit-options.ts";

export type BestEpoch = {
  /** Takes the next report; says whether it is the best so far. */
  readonly offer: (report: EpochReport) => boolean;
  readonly best: () => EpochReport | undefined;
  /** Whether so many epochs have brought no improvement that the training is over. */
  readonly isOver: (epochs: number) => boolean;
};

/** Ranks by the monitored value; without validation rows, or with `keep: "last"`, later is better. */
export function bestEpoch({
  keep = "best",
  monitor = "loss",
  patience = Number.POSITIVE_INFINITY,
  minDelta = 0,
}: Pick<FitOptions, "keep" | "monitor" | "patience" | "minDelta">): BestEpoch {
  /** Lower is better. */
  const scoreOf = ({ epoch, validationLoss, metrics }: EpochReport): number => {
    if (keep === "last" || validationLoss === null) return -epoch;
    if (monitor === "loss") return validationLoss;
    const value = metrics?.[monitor] ?? Number.NaN;
    return isGain(monitor) ? -value : value;
  };
  let best: EpochReport | undefined;
  let lowest = Number.POSITIVE_INFINITY;
  let improvedTo = Number.POSITIVE_INFINITY;
  let improvedAt = 0;
  return {
    offer: (report) => {
      if (!hasFiniteLosses(report)) return false;
      const score = scoreOf(report);
      if (score <= improvedTo - minDelta && score < improvedTo) {
        improvedTo = score;
        improvedAt = report.epoch;
      }
      // A measure without a meaning keeps nothing but the first epoch.
      if (best && !(score < lowest)) return false;
      best = report;
      lowest = Number.isNaN(score) ? Number.POSITIVE_INFINITY : score;
      return true;
    },
    best: () => best,
    isOver: (epochs) => epochs - improvedAt >= patience,
  };
}

/** Whether the losses of an epoch are numbers. */
export function hasFiniteLosses({ loss, validationLoss }: EpochReport): boolean {
  return Number.isFinite(loss) && Number.isFinite(validationLoss ?? 0);
}
