/**
 * What a training went like, in words: rules over the learning curves and a few accuracies, tried
 * in a fixed order; the first that holds gives the verdict. Each verdict names the numbers it rests
 * on. A rule whose numbers are not at hand (a regression has no accuracy) is passed over.
 */
import { type DiagnosisFacts, type DiagnosisInput, factsOf } from "./diagnosis-facts.ts";
import {
  CURVE_RULES,
  percent,
  points,
  type Rule,
  TRAINING_RULES,
  type Verdict,
} from "./diagnosis-rules.ts";
import type { EpochReport } from "./epoch-report.ts";

export type Diagnosis = {
  readonly verdict: Verdict;
  /** What was seen, with its numbers; the first sentence carries the verdict. */
  readonly sentences: readonly string[];
  /** What to try, best first; empty for a good fit. */
  readonly remedies: readonly string[];
  /** The numbers that the rules compare; null where one is not finite or not at hand. */
  readonly evidence: { readonly [name: string]: number | null };
};

/**
 * @param history one entry an epoch, from the first; at least one
 * @returns `uncertain` with fewer than 50 validation rows, unless the training itself failed; what
 * the curves hint at then is the second sentence
 */
export function diagnose(history: readonly EpochReport[], input: DiagnosisInput): Diagnosis {
  const facts = factsOf(history, input);
  const { validationRows, standardError, validationAccuracy } = facts;
  const { weakest, ...numbers } = facts;
  const evidence = numbersOf({
    ...numbers,
    weakestRecall: weakest?.recall ?? null,
    meanRecall: weakest?.mean ?? null,
  });
  const failed = firstOf(TRAINING_RULES, facts);
  if (failed) return { ...failed, evidence };
  const found: Finding = firstOf(CURVE_RULES, facts) ?? {
    verdict: "good",
    sentences: [goodSentence(facts)],
    remedies: [],
  };
  if (validationRows >= MIN_VALIDATION_ROWS) return { ...found, evidence };
  const spread =
    validationAccuracy === null || standardError === null
      ? ""
      : `: the accuracy of ${percent(validationAccuracy)} is known to ± ${points(1.96 * standardError)}`;
  return {
    verdict: "uncertain",
    sentences: [
      `There is too little validation data for a verdict, ${validationRows} of at least ${MIN_VALIDATION_ROWS} rows${spread}.`,
      `It hints at "${found.verdict}". ${found.sentences[0]}`,
    ],
    remedies: ["Record more data, or set a larger share of it aside for validation."],
    evidence,
  };
}

const MIN_VALIDATION_ROWS = 50;

type Finding = Pick<Diagnosis, "verdict" | "sentences" | "remedies">;

/** JSON knows no other numbers than finite ones. */
function numbersOf(facts: { readonly [name: string]: unknown }): Diagnosis["evidence"] {
  const numbers: { [name: string]: number | null } = {};
  for (const [name, value] of Object.entries(facts))
    if (value === null || typeof value === "number")
      numbers[name] = Number.isFinite(value) ? (value as number) : null;
  return numbers;
}

function firstOf(rules: readonly Rule[], facts: DiagnosisFacts): Finding | undefined {
  for (const { verdict, holds, remedies } of rules) {
    const sentence = holds(facts);
    if (sentence !== undefined) return { verdict, sentences: [sentence], remedies };
  }
  return undefined;
}

function goodSentence({
  trainingAccuracy,
  validationAccuracy,
  standardError,
}: DiagnosisFacts): string {
  return trainingAccuracy !== null && validationAccuracy !== null
    ? `Training accuracy ${percent(trainingAccuracy)} and validation accuracy ${percent(validationAccuracy)} (standard error ${points(standardError!)}) agree, and the loss has settled.`
    : "The curves show no trouble.";
}
