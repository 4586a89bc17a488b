/** The split of a project's recordings, by the task of its recipe. */
import { namesOfNumbers, numbersOf } from "../samples/number-labels.ts";
import type { Sample } from "../samples/sample.ts";
import { labelsOf } from "../samples/segments.ts";
import { type Split, splitSamples } from "../samples/split.ts";
import { splitNumbers } from "../samples/split-numbers.ts";
import type { Recipe } from "./recipe.ts";

/**
 * What trains, validates and tests. The labels of the split are classes, or the names of the numbers
 * to predict.
 * @throws UserError as `splitSamples` and `splitNumbers` do
 */
export function splitProject(samples: readonly Sample[], recipe: Recipe): Split {
  const { seed, input, split, task } = recipe;
  const options = { seed, windowMs: input.windowMs, ...split };
  return task === "regression"
    ? splitNumbers(samples, targetNames(samples, recipe), options)
    : splitSamples(samples, options);
}

/** Names of the numbers: the columns they were read from, else `value`, or `value 1`, `value 2`, … */
function targetNames(samples: readonly Sample[], { targets, reading }: Recipe): readonly string[] {
  if (targets.length > 0) return targets;
  const first = samples.flatMap(labelsOf)[0];
  const count = (first === undefined ? undefined : numbersOf(first)?.length) ?? 1;
  const named = namesOfNumbers(samples, count);
  if (named) return named;
  if (count > 1) return Array.from({ length: count }, (_, i) => `value ${i + 1}`);
  return [reading.labelColumn ?? "value"];
}
