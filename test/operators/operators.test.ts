/**
 * Every operator of graphs and of training on random shapes: WebAssembly gives the bits of the
 * interpreter, gradients are those of finite differences, and no operator is without a case. Few
 * seeds here, more in the slow test, any number with `npm run soak -- operators`.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { wasmInstance } from "../../src/engine/instance.ts";
import { buildGraph } from "../../src/graph/build.ts";
import { CASES } from "./cases.ts";
import { everyOperator } from "./every-operator.ts";
import { checkGradients } from "./gradient-check.ts";
import { buildCase } from "./place.ts";
import { compileCases, firstDifference, reference, runCases } from "./run-cases.ts";

test("every operator has a case, and every gradient one that compares it", async () => {
  const seen = new Set<string>();
  const compared = new Set<string>();
  for (const one of CASES) {
    const { graph, gradients } = buildCase(one, 1, 3);
    for (const { operator } of graph.nodes) {
      seen.add(operator.name);
      if (gradients.size > 0 && operator.gradient) compared.add(operator.name);
    }
  }
  const missing: string[] = [];
  for (const [name, { file, operator }] of await everyOperator()) {
    if (!seen.has(name)) missing.push(`${name} of ${file}`);
    else if (operator.gradient && !compared.has(name)) missing.push(`gradient of ${name}, ${file}`);
  }
  assert.deepEqual(missing, []);
  assert.equal(new Set(CASES.map(({ name }) => name)).size, CASES.length);
});

test("WebAssembly gives the bits of the interpreter", () => {
  for (const seed of [1, 2]) {
    const cases = compileCases(CASES, seed, 6);
    runCases(cases, wasmInstance).forEach((values, i) => {
      const expected = reference(cases.cases[i]!);
      const difference = firstDifference(values, expected);
      assert.equal(difference, undefined, `${CASES[i]!.name}, seed ${seed}`);
    });
  }
});

for (const one of CASES.filter(({ gradient }) => gradient !== false))
  test(`the gradient of ${one.name} is that of finite differences`, () => {
    let compared = 0;
    for (const seed of [1, 2, 3]) {
      const check = checkGradients(buildCase(one, seed, 2));
      assert.ok(check.worst < 1e-4, `${check.worst} at ${check.where}, seed ${seed}`);
      if (check.compared) compared++;
    }
    assert.ok(compared > 0, "every gradient is 0");
  });

test("an empty batch is refused with the tensor's name", () => {
  const input = () => buildGraph().input("x", "float32", [0, 3]);
  assert.throws(input, /tensor "x" must have sizes of at least 1, got \[0,3\]/);
});
