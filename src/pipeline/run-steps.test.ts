/** What training takes of a recipe: weights by label, and augmentation by what the features are. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { prepareBlock } from "./features.ts";
import { parseRecipe } from "./parse-recipe.ts";
import type { Recipe } from "./recipe.ts";
import { fitOptions } from "./run-steps.ts";

const LABELS = ["idle", "snake", "wave"];

const optionsOf = (type: string, training: Partial<Recipe["training"]>) => {
  const recipe = parseRecipe(
    JSON.stringify({
      tinsmith: 1,
      name: "n",
      source: ".",
      input: { windowMs: 1000, strideMs: 1000 },
      block: { type },
      training: { epochs: 10, learningRate: 0.01, ...training },
    }),
  );
  const block = prepareBlock(recipe.block, { axes: ["x", "y"], sampleRateHz: 50, rows: 20 });
  return fitOptions(recipe, block, LABELS);
};

test("weights are in the order of the labels; one that is not named is 1", () => {
  const weights = (classWeights: Recipe["training"]["classWeights"]) =>
    optionsOf("flatten", { classWeights }).classWeights;
  assert.deepEqual(weights({ wave: 3, idle: 0.5 }), [0.5, 1, 3]);
  assert.deepEqual(weights([1, 2, 3]), [1, 2, 3]);
  assert.equal(weights("auto"), "auto");
  assert.throws(() => weights({ shake: 2 }), {
    message:
      'recipe: "training.classWeights" must weigh labels that are learned (idle, snake, wave), got "shake"',
  });
  assert.throws(() => weights([1, 2]), {
    message:
      'recipe: "training.classWeights" must be a weight for each of idle, snake, wave, got [1,2]',
  });
});

test("features over time give their shape; an image brings its own, whatever the block", () => {
  const noise = { noise: 0.1 } as Recipe["training"]["augmentation"];
  const { augmentation } = optionsOf("raw", { augmentation: noise });
  assert.equal(augmentation && "frames" in augmentation && augmentation.frames, 20);
  assert.throws(() => optionsOf("flatten", { augmentation: noise }), { code: "augmentation" });
  const image = { kind: "image", height: 4, width: 5, channels: 1, flip: true } as const;
  const given = optionsOf("flatten", { augmentation: image }).augmentation;
  assert.deepEqual(given, { ...image, zoom: 1, brightness: 0 });
});
