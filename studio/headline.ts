/** A finished run in one figure: the accuracy of a classification, R² of a regression. */
import type { Report } from "../src/pipeline/report.ts";
import { NOTHING, percent, score } from "./format.ts";

export type Headline = {
  /** What the figure is: "int8 accuracy". */
  readonly name: string;
  readonly value: string;
  /** The test loss, or the mean error. */
  readonly loss: string;
};

/** Of the network that ships; undefined without a report. */
export function headlineOf(report: Report | undefined): Headline | undefined {
  if (!report) return undefined;
  const network = networkOf(report);
  const { regression, test } = report;
  if (regression)
    return { name: `${network} R²`, value: fixed(regression.r2), loss: figure(regression.mae) };
  const scores = test.int8 ?? test.float32;
  return {
    name: `${network} accuracy`,
    value: percent(scores?.accuracy),
    loss: score(scores?.loss),
  };
}

/** What ships: reports of older versions are all of int8. */
export const networkOf = ({ artefact }: Report): "int8" | "float32" => artefact.network ?? "int8";

/** An error in the unit of what is predicted, with four digits: 3211, 0.04512. */
export const figure = (value: number): string => String(Number(value.toPrecision(4)));

/** R² and its kin, which are at most 1, with three decimals. */
export const fixed = (value: number | null | undefined): string =>
  value === null || value === undefined || !Number.isFinite(value) ? NOTHING : value.toFixed(3);
