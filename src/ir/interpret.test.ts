import assert from "node:assert/strict";
import { test } from "node:test";
import { add, addF, buildKernel, divF, eqF, f32, gt, mulF } from "./build.ts";
import { interpret } from "./interpret.ts";

const sumOfSquares = buildKernel("sum_of_squares", (k) => {
  const x = k.input("float32", 3);
  const y = k.output("float32", 1);
  const sum = k.register(0);
  k.loop(3, (i) => sum.set(addF(sum.get, mulF(x.load(i), x.load(i)))));
  y.store(0, sum.get);
});

test("interpret() rounds every float32 operation", () => {
  const y = new Float32Array(1);
  const x = Float32Array.of(0.1, 0.2, 0.3);
  interpret(sumOfSquares, { x, y });
  let expected = Math.fround(0);
  for (const v of x) expected = Math.fround(expected + Math.fround(v * v));
  assert.equal(y[0], expected);
});

test("interpret() in float64 does not round", () => {
  const y = new Float64Array(1);
  interpret(
    sumOfSquares,
    { x: Float64Array.of(0.1, 0.2, 0.3) as never, y },
    { precision: "float64" },
  );
  assert.equal(y[0], 0.1 * 0.1 + 0.2 * 0.2 + 0.3 * 0.3);
});

test("interpret() leaves the innermost loop on exit", () => {
  const kernel = buildKernel("first_above", (k) => {
    const x = k.input("int32", 5);
    const y = k.output("int32", 1);
    const found = k.register(-1, "found", "int32");
    k.loop(5, (i) => {
      found.set(add(i, 0));
      k.exitIf(gt(x.load(i), 10));
    });
    y.store(0, found.get);
  });
  const y = new Int32Array(1);
  interpret(kernel, { x: Int32Array.of(3, 11, 50, 1, 1), y });
  assert.equal(y[0], 1);
});

test("interpret() marks scratch that is read before it is written", () => {
  const kernel = buildKernel("reads_scratch", (k) => {
    const y = k.output("float32", 1);
    const s = k.scratch("float32", 1);
    y.store(0, s.load(0));
  });
  const y = new Float32Array(1);
  interpret(kernel, { y });
  assert.ok(Number.isNaN(y[0]));
});

test("interpret() divides by zero as IEEE does", () => {
  const kernel = buildKernel("divide", (k) => {
    const x = k.input("float32", 1);
    const y = k.output("float32", 2);
    y.store(0, divF(1, x.load(0)));
    k.when(
      eqF(x.load(0), 0),
      () => y.store(1, f32(1)),
      () => y.store(1, f32(2)),
    );
  });
  const y = new Float32Array(2);
  interpret(kernel, { x: Float32Array.of(-0), y });
  assert.deepEqual([...y], [Number.NEGATIVE_INFINITY, 1]);
});
