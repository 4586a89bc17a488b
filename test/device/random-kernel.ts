/**
 * Random kernels that the verifier accepts: loops, registers, conditions and early exits around
 * random expressions of every type, so that emitters meet combinations nobody thought of.
 */
import type { Rng } from "../../src/base/rng.ts";
import {
  type BufferHandle,
  buildKernel,
  buildRoutine,
  clamp,
  f32,
  i32,
  i64,
  type KernelBuilder,
  op,
} from "../../src/ir/build.ts";
import type { Expr, Kernel, Routine, ScalarType } from "../../src/ir/kernel.ts";
import { OPS, type OpName } from "../../src/ir/ops.ts";
import { type DType, makeArray, type TypedArray } from "../../src/tensor/tensor.ts";

const LENGTH = 24;
const DTYPES: readonly DType[] = ["float32", "int32", "int16", "int8", "uint8"];
const NAMES = Object.keys(OPS) as OpName[];
const REALS = [0, -0, 0.1, -1.5, 3e38, 1e-40, 2, Number.POSITIVE_INFINITY, Number.NaN];
const INTEGERS = [0, 1, -1, 3, -128, 127, 1000, 2147483647, -2147483648];

const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.int(items.length)]!;

/** A scalar function with a condition in it, shared by all kernels. */
const ROUTINE: Routine = buildRoutine(
  "halves",
  [{ name: "x", type: "float32" }],
  (x) => (x < 0 ? -x : x) / 2,
  (s, x) => {
    const y = s.register(op("mulF", x!, f32(0.5)), "half");
    s.when(op("ltF", x!, f32(0)), () => y.set(op("negF", y.get)));
    return y.get;
  },
);

/** @param index makes the name unique within a program */
export function randomKernel(rng: Rng, index: number): Kernel {
  return buildKernel(`random_${index}`, (k) => {
    const inputs = DTYPES.map((dtype) => k.input(dtype, LENGTH, `${dtype}_in`));
    const constant = k.constant(randomArray(rng, "float32", LENGTH), "float32", "table");
    const scratch = k.scratch("float32", LENGTH, "work");
    const outputs = DTYPES.map((dtype) => k.output(dtype, LENGTH, `${dtype}_out`));
    k.loop(LENGTH, (i) => scratch.store(i, f32(0)));
    statements(rng, k, { readable: [...inputs, constant, scratch], outputs, scratch }, [], [], 0);
    for (const output of outputs)
      k.parallel(LENGTH, (i) => {
        const type = output.name.startsWith("float32") ? "float32" : "int32";
        output.store(i, expression(rng, type, { readable: inputs }, [i], 3));
      });
  });
}

export function randomArray(rng: Rng, dtype: DType, length: number): TypedArray {
  const data = makeArray(dtype, length);
  for (let i = 0; i < length; i++)
    data[i] = dtype === "float32" ? pick(rng, [rng.normal() * 100, pick(rng, REALS)]) : rng.u32();
  return data;
}

type Buffers = {
  readonly readable: readonly BufferHandle[];
  readonly outputs?: readonly BufferHandle[];
  readonly scratch?: BufferHandle;
};

function statements(
  rng: Rng,
  k: KernelBuilder,
  buffers: Buffers,
  axes: readonly Expr[],
  registers: readonly Expr[],
  depth: number,
): void {
  const known = [...axes, ...registers];
  const count = 2 + rng.int(3);
  for (let n = 0; n < count; n++) {
    const kind = rng.int(depth < 3 ? 6 : 4);
    if (kind === 0) known.push(k.value(expression(rng, pick(rng, TYPES), buffers, known, 2), "v"));
    else if (kind === 1) {
      const type = pick(rng, TYPES);
      const sum = k.register(expression(rng, type, buffers, known, 1), "sum", type);
      k.loop(2 + rng.int(6), (i) => {
        sum.set(expression(rng, type, buffers, [...known, i, sum.get], 3));
        if (rng.int(2)) k.exitIf(expression(rng, "bool", buffers, [...known, i, sum.get], 2));
      });
      known.push(sum.get);
    } else if (kind === 2) {
      const index = clamp(expression(rng, "int32", buffers, known, 2), 0, LENGTH - 1);
      buffers.scratch?.store(index, expression(rng, "float32", buffers, known, 3));
    } else if (kind === 3)
      k.when(
        expression(rng, "bool", buffers, known, 2),
        () =>
          buffers.scratch?.store(rng.int(LENGTH), expression(rng, "float32", buffers, known, 2)),
        () =>
          buffers.scratch?.store(rng.int(LENGTH), expression(rng, "float32", buffers, known, 2)),
      );
    else k.loop(2 + rng.int(4), (i) => statements(rng, k, buffers, [...axes, i], known, depth + 1));
  }
}

const TYPES: readonly ScalarType[] = ["float32", "int32", "int64", "bool"];

function expression(
  rng: Rng,
  type: ScalarType,
  buffers: Buffers,
  known: readonly Expr[],
  depth: number,
): Expr {
  const leaves = known.filter((expr) => expr.type === type);
  if (depth > 0 && rng.int(8) > 0) {
    if (type === "float32" && rng.int(10) === 0)
      return {
        kind: "call",
        type,
        routine: ROUTINE,
        args: [expression(rng, type, buffers, known, depth - 1)],
      };
    const name = pick(
      rng,
      NAMES.filter((candidate) => OPS[candidate].result === type),
    );
    const args = OPS[name].args.map((arg) => expression(rng, arg, buffers, known, depth - 1));
    if (name === "div" || name === "rem") args[1] = i32(1 + rng.int(1000));
    if (/^(shl|shr|shru)$/.test(name)) args[1] = i32(rng.int(32));
    if (/^sh[lr]L$/.test(name)) args[1] = i32(rng.int(64));
    // Which NaN an operation gives is open, so its bits must not show.
    if (name === "floatToBits")
      args[0] = op("selectF", op("eqF", args[0]!, args[0]!), args[0]!, f32(0));
    return op(name, ...args);
  }
  if (leaves.length > 0 && rng.int(2)) return pick(rng, leaves);
  switch (type) {
    case "float32":
    case "int32": {
      const loadable = buffers.readable.filter((b) => b.load(0).type === type);
      const axis = known.find((expr) => expr.kind === "axis");
      if (loadable.length > 0 && rng.int(3))
        return pick(rng, loadable).load(
          axis && rng.int(2) ? clamp(axis, 0, LENGTH - 1) : rng.int(LENGTH),
        );
      return type === "float32" ? f32(pick(rng, REALS)) : i32(pick(rng, INTEGERS));
    }
    case "int64":
      return i64(pick(rng, INTEGERS));
    case "bool":
      return op("lt", i32(rng.int(2)), i32(1));
  }
}
