/** What a training says of one of its epochs: a point of the learning curves. */
import type { EpochMetrics } from "./epoch-metrics.ts";

export type EpochReport = {
  /** Counted from 1. */
  readonly epoch: number;
  /** Mean over the training rows, each before its step's update, with their weights. */
  readonly loss: number;
  /** Mean over the validation rows, without weights; null where there are none. */
  readonly validationLoss: number | null;
  /** Share of validation rows classified right; null without validation rows or for regression. */
  readonly validationAccuracy: number | null;
  /** Over the validation rows, those that were asked for. */
  readonly metrics?: EpochMetrics;
};
