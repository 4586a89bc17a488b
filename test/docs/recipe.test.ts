/** The guide to recipes names everything that a recipe may choose from. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { designChoices } from "../../src/pipeline/design-choices.ts";
import { parseRecipe } from "../../src/pipeline/parse-recipe.ts";

const text = readFileSync(new URL("../../docs/recipe.md", import.meta.url), "utf8");

test("every layer, loss, optimizer and schedule is in the guide", () => {
  const { layers, losses, optimizers, schedules } = designChoices();
  const named = [losses.classification, losses.regression, optimizers, schedules].flat();
  for (const name of [...Object.keys(layers), ...named.map((choice) => choice.name)])
    assert.ok(text.includes(`\`${name}\``), name);
});

test("the recipe that the guide shows is one", () => {
  const [, recipe] = /```json\n([\s\S]*?)```/.exec(text)!;
  assert.equal(parseRecipe(recipe!).task, "regression");
});
