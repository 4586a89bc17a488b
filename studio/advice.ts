/** The diagnosis of a training as the Train page words it: a headline, its tone, what to try. */
import type { Diagnosis } from "../src/train/diagnose.ts";
import type { Verdict } from "../src/train/diagnosis-rules.ts";

export type Advice = {
  readonly title: string;
  readonly tone: "good" | "warn" | "bad" | "plain";
  readonly sentences: readonly string[];
  readonly remedies: readonly string[];
};

const WORDS: { readonly [verdict in Verdict]: readonly [string, Advice["tone"]] } = {
  good: ["A good fit", "good"],
  uncertain: ["Too little validation data to tell", "plain"],
  "not-converged": ["Not trained to the end", "warn"],
  unstable: ["The training is unstable", "warn"],
  overfit: ["The network overfits", "warn"],
  underfit: ["The network underfits", "warn"],
  "suspect-split": ["Validation looks too easy", "warn"],
  "quantization-loss": ["int8 costs accuracy", "warn"],
  "class-weakness": ["One class is weak", "warn"],
  "not-learning": ["The network does not learn", "bad"],
  diverged: ["The training diverged", "bad"],
};

/** Undefined without a diagnosis; a verdict that this page does not know stands for itself. */
export function adviceOf(diagnosis: Diagnosis | undefined): Advice | undefined {
  if (!diagnosis) return undefined;
  const { verdict, sentences, remedies } = diagnosis;
  const [title, tone] = WORDS[verdict] ?? [verdict, "plain"];
  return { title, tone, sentences, remedies };
}
