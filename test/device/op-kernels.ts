/**
 * Every row of the op table applied to edge values: a kernel for each, as one program with its
 * inputs filled in, and the comparison of what came out.
 */
import assert from "node:assert/strict";
import type { Program } from "../../src/compiler/program.ts";
import { buildKernel, i32, op, select } from "../../src/ir/build.ts";
import type { Expr, Kernel, ScalarType } from "../../src/ir/kernel.ts";
import { OPS, type OpName } from "../../src/ir/ops.ts";
import { BYTES_PER_ELEMENT, viewArray } from "../../src/tensor/tensor.ts";
import {
  assertSameBytes,
  interpretProgram,
  programOfKernels,
  withOneNaN,
} from "./kernel-program.ts";

const FLOATS = [
  0,
  -0,
  1,
  -1,
  0.5,
  -0.5,
  1.5,
  2.5,
  -2.5,
  3.3,
  1e-45,
  -1e-45,
  1.1754942e-38,
  1.1754944e-38,
  3.4028235e38,
  -3.4028235e38,
  2147483520,
  2147483648,
  -2147483648,
  -2147483904,
  16777217,
  1e10,
  0.99999994,
  1.0000001,
  6.1e-39,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
  Number.NaN,
].map(Math.fround);
const INTS = [
  0, 1, -1, 2, -2, 7, -7, 127, -128, 255, 65535, 16777217, 0x55555555, -0x55555556, 2147483647,
  -2147483648, 1073741824, 2147483646,
];
const DIVISORS = [1, 2, 3, 7, 255, 65536, 2147483647];
const SHIFTS = [0, 1, 5, 16, 30, 31];
const LONG_SHIFTS = [0, 1, 31, 32, 33, 62, 63];

/** What the last argument may be, where the table restricts it to constants. */
const constantsFor = (name: OpName): readonly number[] | undefined => {
  if (name === "div" || name === "rem") return DIVISORS;
  if (name === "shl" || name === "shr" || name === "shru") return SHIFTS;
  return name === "shlL" || name === "shrL" ? LONG_SHIFTS : undefined;
};

type Filled = { readonly kernel: Kernel; readonly inputs: { readonly [name: string]: number[] } };

/** A kernel that applies one operation to every combination of edge values. */
function kernelOf(name: OpName): Filled {
  const { args, result } = OPS[name];
  const constants = constantsFor(name);
  const varying = constants ? args.slice(0, -1) : args;
  const inputs: { [buffer: string]: number[] } = {};
  const kernel = buildKernel(`op_${name}`, (k) => {
    const columns = varying.map((type) => (type === "float32" ? FLOATS : INTS));
    const count = columns.reduce((product, column) => product * column.length, 1);
    let period = 1;
    const loads = varying.map((type, a) => {
      const column = columns[a]!;
      const values = Array.from(
        { length: count },
        (_, i) => column[Math.floor(i / period) % column.length]!,
      );
      period *= column.length;
      const buffer = k.input(type === "float32" ? "float32" : "int32", count);
      inputs[buffer.name] = values;
      return (index: Expr): Expr => fromLoad(type, buffer.load(index));
    });
    const width = (constants?.length ?? 1) * (result === "int64" ? 2 : 1);
    const y = k.output(result === "float32" ? "float32" : "int32", count * width);
    k.parallel(count, (i) => {
      (constants ?? [undefined]).forEach((constant, c, all) => {
        const last = constant === undefined ? [] : [i32(constant)];
        const value = op(name, ...loads.map((load) => load(i)), ...last);
        const at = op("add", op("mul", i, i32(width)), i32((c * width) / all.length));
        if (result === "int64") {
          y.store(at, op("narrow", value));
          y.store(op("add", at, i32(1)), op("narrow", op("shrL", value, i32(32))));
        } else y.store(at, result === "bool" ? select(value, 1, 0) : value);
      });
    });
  });
  return { kernel, inputs };
}

/** An int64 that fills both halves, a truth value, or the loaded value itself. */
function fromLoad(type: ScalarType, value: Expr): Expr {
  if (type === "bool") return op("lt", value, i32(1));
  if (type !== "int64") return value;
  const wide = op("widen", value);
  return op("addL", op("shlL", wide, i32(31)), wide);
}

export const FILLED: readonly Filled[] = (Object.keys(OPS) as OpName[]).map(kernelOf);
export const OP_PROGRAM: Program = programOfKernels(FILLED.map(({ kernel }) => kernel));
export const OP_ARENA: Uint8Array = new Uint8Array(OP_PROGRAM.arenaBytes);
FILLED.forEach(({ kernel, inputs }, index) => {
  kernel.buffers.forEach((buffer, i) => {
    const { offset } = OP_PROGRAM.entries[index]!.calls[0]!.places[i]!;
    const values = inputs[buffer.name];
    if (values) viewArray(OP_ARENA.buffer, buffer.dtype, offset, buffer.length).set(values);
  });
});

/** Asserts that the arena after a run holds what the interpreter computes, op by op. */
export function assertOpResults(output: Uint8Array): void {
  const expected = withOneNaN(OP_PROGRAM, interpretProgram(OP_PROGRAM, OP_ARENA));
  const got = withOneNaN(OP_PROGRAM, output);
  assert.equal(got.length, expected.length);
  FILLED.forEach(({ kernel }, index) => {
    const { places } = OP_PROGRAM.entries[index]!.calls[0]!;
    const last = kernel.buffers.length - 1;
    const bytes = kernel.buffers[last]!.length * BYTES_PER_ELEMENT[kernel.buffers[last]!.dtype];
    const from = places[last]!.offset;
    const to = from + bytes;
    assertSameBytes(got.subarray(from, to), expected.subarray(from, to), kernel.name);
  });
}
