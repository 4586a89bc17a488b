// The report as text: the diagnosis of the training, and reports of before there was one.
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
