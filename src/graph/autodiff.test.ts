// Every gradient against central differences of the float64 interpreter.
import assert from "node:assert/strict";
import { test } from "node:test";
import { addGradients } from "./autodiff.ts";
import { buildGraph } from "./build.ts";
import { gradientError } from "./gradient-error.ts";
import type { Attributes, GraphBuilder, Operator } from "./graph.ts";
import { interpretGraph } from "./interpret-graph.ts";
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

function check(
  shapes: readonly (readonly number[])[],
  build: (b: GraphBuilder, names: readonly string[]) => string,
): void {
  const { worst, where } = gradientError(shapes, build);
  assert.ok(worst < 1e-6, `${where} is off by ${worst} of the largest`);
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
