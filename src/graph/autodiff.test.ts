// Every gradient against central differences of the float64 interpreter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { addGradients } from "./autodiff.ts";
import { buildGraph, type GraphBuilder } from "./build.ts";
import { interpretGraph } from "./interpret-graph.ts";
import type { Attributes, Operator } from "./operator.ts";
import { add } from "./operators/add.ts";
import { conv1d } from "./operators/conv1d.ts";
import { dense } from "./operators/dense.ts";
import { dropout } from "./operators/dropout.ts";
import { matmul } from "./operators/matmul.ts";
import { maxPool1d } from "./operators/max-pool-1d.ts";
import { mul } from "./operators/mul.ts";
import { relu } from "./operators/relu.ts";
import { flatten, reshape } from "./operators/reshape.ts";
import { scale } from "./operators/scale.ts";
import { softmax } from "./operators/softmax.ts";
import { transpose2d } from "./operators/transpose2d.ts";

/**
 * Builds `sum(r * build(inputs))` with random r, differentiates it and compares each gradient with
 * (f(x + h) - f(x - h)) / 2h in float64, relative to the largest one.
 */
function check(
  shapes: readonly (readonly number[])[],
  build: (b: GraphBuilder, names: readonly string[]) => string,
  seed = 5,
): void {
  const rng = makeRng(seed);
  const builder = buildGraph();
  const names = shapes.map((shape, n) => builder.input(`p${n}`, "float32", shape));
  const y = build(builder, names);
  const size = sizeOf(builder.spec(y).shape);
  const weights = Float32Array.from({ length: size }, () => rng.uniform(-1, 1));
  const weighted = builder.one(mul, [
    y,
    builder.constant("r", "float32", builder.spec(y).shape, weights),
  ]);
  const gradients = addGradients(builder, weighted, names);
  const graph = builder.finish([...gradients.values()]);
  const contents = new Map(
    shapes.map((shape, n) => [
      `p${n}`,
      Float64Array.from({ length: sizeOf(shape) }, () => rng.uniform(-2, 2)),
    ]),
  );
  const evaluate = () => interpretGraph(graph, contents, { precision: "float64" });
  const f = (): number => (evaluate().get(weighted) as Float64Array).reduce((s, v) => s + v, 0);
  const results = evaluate();
  for (const name of names) {
    const actual = results.get(gradients.get(name)!)!;
    const values = contents.get(name)!;
    assert.equal(actual.length, values.length);
    const h = 1e-5;
    const expected = values.map((value, i) => {
      values[i] = value + h;
      const above = f();
      values[i] = value - h;
      const below = f();
      values[i] = value;
      return (above - below) / (2 * h);
    });
    const largest = expected.reduce((m, v) => Math.max(m, Math.abs(v)), 0);
    assert.ok(largest > 0, `${name}: no gradient to compare`);
    expected.forEach((value, i) => {
      const error = Math.abs(actual[i]! - value) / largest;
      assert.ok(error < 1e-6, `${name}[${i}]: ${actual[i]}, differences give ${value}`);
    });
  }
}

const single =
  (operator: Operator, attributes: Attributes = {}) =>
  (b: GraphBuilder, names: readonly string[]): string =>
    b.one(operator, names, attributes);

test("dense", () => check([[3, 4], [4, 5], [5]], single(dense)));
test("matmul", () =>
  check(
    [
      [3, 4],
      [4, 2],
    ],
    single(matmul),
  ));
test("matmul, a transposed", () =>
  check(
    [
      [4, 3],
      [4, 2],
    ],
    single(matmul, { transposeA: true }),
  ));
test("transpose2d", () => check([[3, 4]], single(transpose2d)));
test("relu", () => check([[4, 5]], single(relu)));
test("add", () =>
  check(
    [
      [2, 3],
      [2, 3],
    ],
    single(add),
  ));
test("mul", () =>
  check(
    [
      [2, 3],
      [2, 3],
    ],
    single(mul),
  ));
test("scale", () => check([[2, 3]], single(scale, { factor: -1.5 })));
test("softmax", () => check([[3, 4]], single(softmax)));
test("reshape", () => check([[2, 6]], single(reshape, { shape: [3, 2] })));
test("flatten", () => check([[2, 3, 2]], single(flatten)));

test("dropout", () => {
  check([[4, 6]], (b, [x]) => {
    const seed = b.constant("seed", "int32", [1], Int32Array.of(7));
    return b.one(dropout, [x!, seed], { rate: 0.4, stream: 3 });
  });
});

for (const padding of ["same", "valid"])
  for (const stride of [1, 2, 3])
    for (const size of [1, 2, 3, 5]) {
      const attributes = { size, stride, padding };
      test(`conv1d, size ${size}, stride ${stride}, ${padding}`, () =>
        check([[2, 7, 2], [size, 2, 3], [3]], single(conv1d, { stride, padding })));
      // With fewer windows than rows some rows see none; their gradient is 0.
      test(`maxPool1d, size ${size}, stride ${stride}, ${padding}`, () =>
        check([[2, 7, 2]], single(maxPool1d, attributes)));
    }

test("a window longer than the input", () => {
  check([[1, 3, 2], [8, 2, 2], [2]], single(conv1d, { stride: 1, padding: "same" }));
  check([[1, 3, 2]], single(maxPool1d, { size: 8, stride: 2, padding: "same" }));
});

test("maxPool1d sends the gradient to the first of equal values", () => {
  const builder = buildGraph();
  const x = builder.constant("x", "float32", [1, 4, 1], Float32Array.of(3, 3, 1, 1));
  const y = builder.one(maxPool1d, [x], { size: 2, stride: 2, padding: "valid" });
  const gradient = addGradients(builder, y, [x]).get(x)!;
  const result = interpretGraph(builder.finish([gradient]), new Map()).get(gradient)!;
  assert.deepEqual([...result], [1, 0, 1, 0]);
});

test("a tensor used several times gets the sum of its contributions", () => {
  check([[2, 3]], (b, [x]) =>
    b.one(add, [b.one(mul, [x!, x!]), b.one(scale, [x!], { factor: 3 })]),
  );
});

test("a chain of layers", () => {
  check([[2, 6, 2], [3, 2, 4], [4], [12, 3], [3]], (b, [x, w, c, v, d]) => {
    const convolved = b.one(relu, [b.one(conv1d, [x!, w!, c!], { stride: 1, padding: "same" })]);
    const pooled = b.one(maxPool1d, [convolved], { size: 2, stride: 2, padding: "same" });
    return b.one(softmax, [b.one(dense, [b.one(flatten, [pooled]), v!, d!])]);
  });
});

test("what the loss does not depend on is an error", () => {
  const builder = buildGraph();
  const [a, b] = ["a", "b"].map((name) => builder.input(name, "float32", [2]));
  const y = builder.one(scale, [a!], { factor: 2 });
  assert.throws(() => addGradients(builder, y, [b!]), /must depend on every tensor, got "b"/);
});
