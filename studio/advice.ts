/** The diagnosis of a training as the Train page words it: a headline, its color, what to try. */
import type { Diagnosis } from "../src/train/diagnose.ts";
import type { Verdict } from "../src/train/diagnosis-rules.ts";

export type Advice = {
  readonly title: string;
  readonly color: "teal" | "orange" | "red" | "gray";
  readonly sentences: readonly string[];
  readonly remedies: readonly string[];
};

const WORDS: { readonly [verdict in Verdict]: readonly [string, Advice["color"]] } = {
  good: ["A good fit", "teal"],
  uncertain: ["Too little validation data to tell", "gray"],
  "not-converged": ["Not trained to the end", "orange"],
  unstable: ["The training is unstable", "orange"],
  overfit: ["The network overfits", "orange"],
  underfit: ["The network underfits", "orange"],
  "suspect-split": ["Validation looks too easy", "orange"],
  "quantization-loss": ["int8 costs accuracy", "orange"],
  "class-weakness": ["One class is weak", "orange"],
  "not-learning": ["The network does not learn", "red"],
  diverged: ["The training diverged", "red"],
};

/** Undefined without a diagnosis; a verdict that this page does not know stands for itself. */
export function adviceOf(diagnosis: Diagnosis | undefined): Advice | undefined {
  if (!diagnosis) return undefined;
  const { verdict, sentences, remedies } = diagnosis;
  const [title, color] = WORDS[verdict] ?? [verdict, "gray"];
  return { title, color, sentences, remedies };
}
