/** The report as text: what was measured and the diagnosis of the training, and older reports. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { DONE } from "../../test/studio/fixtures.ts";
import type { Report } from "../pipeline/report.ts";
import { printReport } from "./report-text.ts";

test("the diagnosis is one line with its best remedy; an old report has none", () => {
  const old = DONE.report!;
  const linesOf = (report: Report): string[] =>
    printReport(report)
      .split("\n")
      .filter((line) => line.startsWith("diagnosis"));
  assert.deepEqual(linesOf(old), []);
  const diagnosis = {
    verdict: "not-converged",
    sentences: ["The loss was still falling."],
    remedies: ["Train for more epochs.", "Wait."],
    evidence: {},
  } as const;
  assert.deepEqual(linesOf({ ...old, training: { ...old.training, diagnosis } }), [
    "diagnosis  not-converged: The loss was still falling. Train for more epochs.",
  ]);
});

test("measures that were asked for are those of the epoch that is kept", () => {
  const report = DONE.report!;
  const { epoch } = report.training.best;
  const f1 = Array.from({ length: report.training.epochs }, (_, i) => (i + 1) / 100);
  const rocAuc = f1.map(() => null);
  const training = { ...report.training, metrics: { f1, rocAuc } };
  const text = printReport({ ...report, training });
  const shown = (epoch / 100).toFixed(4);
  assert.ok(text.includes(`validation at the best epoch: f1 ${shown}, rocAuc none\n`), text);
});
