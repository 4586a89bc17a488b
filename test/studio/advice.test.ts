/** The advice card: every verdict has words of its own, and old reports have no card. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Diagnosis, diagnose } from "../../src/train/diagnose.ts";
import { adviceOf } from "../../studio/advice.ts";
import { DONE } from "./fixtures.ts";

test("a run's own curves give the card its words", () => {
  const { history } = DONE.details!;
  const input = { classes: [404, 404, 404, 404], validationRows: 404 };
  const diagnosis = diagnose(history, input);
  const advice = adviceOf(diagnosis)!;
  assert.equal(advice.sentences, diagnosis.sentences);
  assert.equal(advice.remedies, diagnosis.remedies);
  const few = adviceOf(diagnose(history, { ...input, validationRows: 20 }))!;
  assert.deepEqual([few.title, few.tone], ["Too little validation data to tell", "plain"]);
  assert.equal(few.sentences.length, 2);
});

test("a report without a diagnosis has no card, and an unknown verdict is shown as it is", () => {
  assert.equal(DONE.report!.training.diagnosis, undefined, "the fixture is an old report");
  assert.equal(adviceOf(DONE.report!.training.diagnosis), undefined);
  const base: Diagnosis = { verdict: "good", sentences: ["Fine."], remedies: [], evidence: {} };
  assert.deepEqual(adviceOf(base), {
    ...{ title: "A good fit", tone: "good", sentences: ["Fine."], remedies: [] },
  });
  const later = { ...base, verdict: "haunted" } as unknown as Diagnosis;
  assert.equal(adviceOf(later)!.title, "haunted");
});
