/** Every scalar operation on edge values: WebAssembly, scalar and in lanes, equals the interpreter. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Schedule } from "../compiler/schedule.ts";
import { add, buildKernel, f32, i32, i64, op, select } from "../ir/build.ts";
import type { Expr, ScalarType } from "../ir/kernel.ts";
import { OPS, type OpName } from "../ir/ops.ts";
import type { TypedArray } from "../tensor/tensor.ts";
import { firstDifference } from "./kernel-compare.ts";

const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  1.5,
  -2.5,
  1e-45,
  -1e-45,
  1.1754942e-38,
  1.17549435e-38,
  3.4028235e38,
  -3.4028235e38,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
  2147483648,
  -2147483648,
  2147483520,
  16777217,
  -3e9,
  0.1,
  -7.25,
];
const INTS = [
  0, 1, -1, 2, 3, -3, 7, 31, 255, -128, 65535, 16777217, -16777219, 2147483647, -2147483648,
  -2147483647, 1073741824, 0x55555555,
];

const SCHEDULES: readonly Schedule[] = [{}, { i: { kind: "vector", by: 8 } }];

/** Every pair of values, so that a binary operation sees each combination. */
const pairs = <T>(values: readonly T[]): readonly (readonly [T, T])[] =>
  values.flatMap((a) => values.map((b) => [a, b] as const));
const FLOAT_PAIRS = pairs(FLOATS);
const INT_PAIRS = pairs(INTS);
const LENGTH = Math.max(FLOAT_PAIRS.length, INT_PAIRS.length);

const SMALL_CONSTANTS: { readonly [N in OpName]?: readonly number[] } = {
  div: [1, 2, 3, 7, 1000],
  rem: [1, 2, 3, 7, 1000],
  shl: [0, 1, 5, 31],
  shr: [0, 1, 5, 31],
  shru: [0, 1, 5, 31],
  shlL: [0, 1, 31, 32, 63],
  shrL: [0, 1, 31, 32, 63],
};

/** A kernel that applies an op to every pair; int64 results are stored as two halves. */
function kernelOf(name: OpName, constant: number | undefined) {
  const row = OPS[name];
  return buildKernel(`op_${name}`, (k) => {
    const floats = [0, 1].map((i) => k.input("float32", LENGTH, `f${i}`));
    const ints = [0, 1].map((i) => k.input("int32", LENGTH, `n${i}`));
    const isFloat = row.result === "float32";
    const out = k.output(isFloat ? "float32" : "int32", LENGTH, "low");
    const high = k.output("int32", LENGTH, "high");
    k.parallel(LENGTH, (i) => {
      const argument = (type: ScalarType, position: number): Expr => {
        const n = ints[position % 2]!.load(i);
        const x = floats[position % 2]!.load(i);
        if (constant !== undefined && position === 1) return i32(constant);
        if (type === "float32") return x;
        if (type === "int32") return n;
        if (type === "int64") return op("mulL", op("widen", n), i64(0x100000003));
        return position === 0 ? op("lt", n, ints[1]!.load(i)) : op("ltF", x, floats[0]!.load(i));
      };
      const result = op(name, ...row.args.map(argument));
      if (row.result === "int64") {
        out.store(i, op("narrow", result));
        high.store(i, op("narrow", op("shrL", result, i32(32))));
      } else out.store(i, row.result === "bool" ? select(result, 5, add(i, 9)) : result);
    });
  });
}

/** The pattern of a NaN is not defined, so that ops on patterns are tested without. */
const withoutNaN = (name: OpName): boolean => name === "floatToBits";

function fill(content: TypedArray, buffer: string, name: OpName): void {
  const position = buffer.endsWith("1") ? 1 : 0;
  for (let i = 0; i < content.length; i++) {
    if (buffer.startsWith("n")) content[i] = INT_PAIRS[i % INT_PAIRS.length]![position];
    if (!buffer.startsWith("f")) continue;
    const value = FLOAT_PAIRS[i % FLOAT_PAIRS.length]![position];
    content[i] = withoutNaN(name) && Number.isNaN(value) ? 3 : value;
  }
}

for (const name of Object.keys(OPS) as OpName[])
  test(`op ${name} equals the interpreter on edge values, scalar and in lanes`, () => {
    // An int64 cannot live in lanes, but an expression with one can be computed element by element.
    for (const constant of SMALL_CONSTANTS[name] ?? [undefined])
      for (const schedule of SCHEDULES) {
        const difference = firstDifference(kernelOf(name, constant), schedule, (content, buffer) =>
          fill(content, buffer, name),
        );
        assert.equal(difference, undefined, `${JSON.stringify(schedule)} ${constant}`);
      }
  });

test("a float32 constant keeps its bits as a scalar and spread over lanes", () => {
  for (const value of FLOATS) {
    const kernel = buildKernel("constants", (k) => {
      const x = k.input("float32", 8);
      const y = k.output("float32", 8);
      k.parallel(8, (i) => y.store(i, op("mulF", x.load(i), f32(value))));
    });
    for (const schedule of SCHEDULES)
      assert.equal(
        firstDifference(kernel, schedule, (content) => content.fill(1)),
        undefined,
      );
  }
});

test("truncation gives the integer 0, never -0, so that it may be converted back", () => {
  assert.ok(Object.is(OPS.truncate.evaluate(-0.5), 0));
});
