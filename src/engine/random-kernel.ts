/** For tests: random kernels that keep the rules of the language, with random schedules. */
import { makeRng, type Rng } from "../base/rng.ts";
import type { Schedule } from "../compiler/schedule.ts";
import {
  add,
  buildKernel,
  clamp,
  f32,
  i32,
  type KernelBuilder,
  lt,
  mul,
  op,
  type RegisterHandle,
  rem,
  sub,
} from "../ir/build.ts";
import type { Expr, Kernel } from "../ir/kernel.ts";
import type { DType } from "../tensor/tensor.ts";

type Axis = { readonly get: Expr; readonly extent: number };

type Context = {
  readonly k: KernelBuilder;
  readonly rng: Rng;
  readonly parallel: readonly Axis[];
  readonly serial: readonly Axis[];
  /** Axes that may decide over control flow: all but the vector axis. */
  readonly uniform: readonly Axis[];
  readonly floats: readonly Expr[];
  readonly ints: readonly Expr[];
};

const pick = <T>(rng: Rng, items: readonly T[]): T => items[rng.int(items.length)]!;

export function randomKernel(seed: number): {
  readonly kernel: Kernel;
  readonly schedule: Schedule;
} {
  const rng = makeRng(seed);
  const depth = 1 + rng.int(3);
  const extents = Array.from({ length: depth }, () => 1 + rng.int(depth === 1 ? 40 : 14));
  const names = extents.map((_, i) => (i === 0 ? "i" : `i_${i}`));
  const schedule: { [axis: string]: Schedule[string] } = {};
  const vector = rng.int(depth + 1);
  names.forEach((name, i) => {
    if (i === vector) schedule[name] = { kind: "vector", by: pick(rng, [4, 8, 12]) };
    else if (rng.int(2) === 0) schedule[name] = { kind: "tile", by: 2 + rng.int(4) };
  });
  const kernel = buildKernel(`random_${seed}`, (k) => {
    const nest = (axes: readonly Axis[], floats: readonly Expr[], ints: readonly Expr[]): void => {
      const uniform = axes.filter((_, i) => i !== vector);
      const context = { k, rng, parallel: axes, serial: [], uniform, floats, ints };
      if (axes.length === depth) {
        body(context);
        return;
      }
      const outer = rng.int(2) === 0 ? [k.value(randomFloat(context, 2))] : [];
      k.parallel(extents[axes.length]!, (get) =>
        nest([...axes, { get, extent: extents[axes.length]! }], [...floats, ...outer], ints),
      );
    };
    nest([], [], []);
  });
  return { kernel, schedule };
}

/** The statements of one iteration. */
function body(outer: Context): void {
  const { k, rng } = outer;
  const float = k.register(randomFloat(outer, 2), "f");
  const int = k.register(randomInt(outer, 2), "n", "int32");
  const named = k.value(randomInt(outer, 1), "named");
  const context = {
    ...outer,
    floats: [...outer.floats, float.get],
    ints: [...outer.ints, int.get, named],
  };
  const scratch = k.scratch("float32", sizeOf(outer.parallel), "scratch");
  const own = place(outer);
  if (rng.int(2) === 0) scratch.store(own, randomFloat(context, 2));
  else scratch.store(own, float.get);
  const rounds = 1 + rng.int(3);
  for (let i = 0; i < rounds; i++) statement(context, float, int);
  float.set(op("addF", float.get, scratch.load(own)));
  const y = k.output("float32", sizeOf(outer.parallel));
  y.store(place(outer), float.get);
  const dtype = pick<DType>(rng, ["int8", "uint8", "int16", "int32"]);
  const z = k.output(dtype, sizeOf(outer.parallel), "z");
  z.store(place(outer), int.get);
  if (rng.int(3) !== 0) return;
  const u = k.update("float32", sizeOf(outer.parallel));
  const at = place(outer);
  u.store(at, op("mulF", u.load(at), randomFloat(context, 2)));
}

function statement(context: Context, float: RegisterHandle, int: RegisterHandle): void {
  const { k, rng } = context;
  const change = (c: Context): void => {
    if (rng.int(2) === 0) float.set(randomFloat(c, 3));
    else int.set(randomInt(c, 3));
  };
  switch (rng.int(4)) {
    case 0:
      change(context);
      break;
    case 1:
      k.when(
        randomCondition(context),
        () => change(context),
        rng.int(2) === 0 ? () => change(context) : undefined,
      );
      break;
    default: {
      const extent = 1 + rng.int(6);
      k.loop(extent, (get) => {
        const axis = { get, extent };
        const inner = {
          ...context,
          serial: [...context.serial, axis],
          uniform: [...context.uniform, axis],
        };
        float.set(op("addF", float.get, op("mulF", randomFloat(inner, 1), randomFloat(inner, 1))));
        if (rng.int(3) === 0) k.exitIf(randomCondition(inner));
        int.set(op("add", int.get, op("mul", randomInt(inner, 1), randomInt(inner, 1))));
      });
    }
  }
}

const sizeOf = (axes: readonly Axis[]): number => axes.reduce((n, axis) => n * axis.extent, 1);

/** An index of its own for each iteration: the axes in some order, each in some direction. */
function place({ parallel, rng }: Context): Expr {
  const axes = rng.shuffle([...parallel]);
  return axes.reduce<Expr>((index, axis) => {
    const forward = rng.int(4) !== 0 ? axis.get : sub(axis.extent - 1, axis.get);
    return add(mul(index, axis.extent), forward);
  }, i32(0));
}

/** A comparison of axes that are the same in all vector lanes. */
function randomCondition({ uniform, rng }: Context): Expr {
  if (uniform.length === 0) return lt(rng.int(2), 1);
  const a = pick(rng, uniform);
  const b = pick(rng, uniform);
  return lt(add(a.get, rng.int(3)), add(b.get, rng.int(1 + a.extent)));
}

/** A load of a new buffer that is as long as its index demands. */
function randomLoad(context: Context, dtype: DType): Expr {
  const { k, rng } = context;
  const axes = [...context.parallel, ...context.serial];
  let low = 0;
  let high = 0;
  let index: Expr = i32(0);
  for (const axis of axes) {
    const factor = pick(rng, [0, 0, 1, 1, 2, 5, -1]);
    index = add(index, mul(axis.get, factor));
    low += Math.min(0, factor * (axis.extent - 1));
    high += Math.max(0, factor * (axis.extent - 1));
  }
  const length = high - low + 1;
  index = sub(index, low);
  switch (rng.int(6)) {
    case 0:
      index = clamp(sub(index, 2), 0, length - 1);
      break;
    case 1:
      index = rem(index, 3);
      return k.input(dtype, 3).load(index);
    case 2:
      if (context.ints.length === 0) break;
      return k.input(dtype, 9 + length).load(add(index, clamp(pick(rng, context.ints), 0, 8)));
  }
  return k.input(dtype, length).load(index);
}

function randomFloat(context: Context, depth: number): Expr {
  const { rng } = context;
  const next = (): Expr => randomFloat(context, depth - 1);
  if (depth === 0) {
    if (rng.int(5) === 0) return f32(rng.uniform(-3, 3));
    if (rng.int(3) === 0 && context.floats.length > 0) return pick(rng, context.floats);
    return randomLoad(context, "float32");
  }
  switch (rng.int(8)) {
    case 0:
      return op("toFloat", randomInt(context, depth - 1));
    case 1:
      return op("selectF", randomBool(context, depth - 1), next(), next());
    case 2:
      return op(pick(rng, ["minF", "maxF"] as const), next(), next());
    case 3:
      return op(pick(rng, ["absF", "negF", "sqrtF"] as const), next());
    default:
      return op(pick(rng, ["addF", "subF", "mulF", "divF"] as const), next(), next());
  }
}

function randomInt(context: Context, depth: number): Expr {
  const { rng } = context;
  const next = (): Expr => randomInt(context, depth - 1);
  if (depth === 0) {
    if (rng.int(5) === 0) return i32(rng.u32());
    if (rng.int(3) === 0 && context.ints.length > 0) return pick(rng, context.ints);
    const axes = [...context.parallel, ...context.serial];
    if (rng.int(3) === 0 && axes.length > 0) return pick(rng, axes).get;
    return randomLoad(context, pick<DType>(rng, ["int8", "uint8", "int16", "int32"]));
  }
  switch (rng.int(8)) {
    case 0:
      return op("truncate", randomFloat(context, depth - 1));
    case 1:
      return op("select", randomBool(context, depth - 1), next(), next());
    case 2:
      return op(pick(rng, ["shl", "shr", "shru"] as const), next(), i32(rng.int(32)));
    case 3:
      return op(pick(rng, ["div", "rem"] as const), next(), i32(1 + rng.int(99)));
    case 4: {
      const wide = op("mulL", op("widen", next()), op("widen", next()));
      return op("narrow", op("shrL", wide, i32(rng.int(40))));
    }
    case 5:
      return op("clz", next());
    default:
      return op(
        pick(rng, ["add", "sub", "mul", "min", "max", "and", "or", "xor"] as const),
        next(),
        next(),
      );
  }
}

function randomBool(context: Context, depth: number): Expr {
  const { rng } = context;
  const d = Math.max(0, depth - 1);
  switch (rng.int(4)) {
    case 0:
      return op(
        pick(rng, ["ltF", "leF", "eqF"] as const),
        randomFloat(context, d),
        randomFloat(context, d),
      );
    case 1:
      return op("notB", randomBool(context, d));
    case 2:
      if (depth === 0) break;
      return op(
        pick(rng, ["andB", "orB"] as const),
        randomBool(context, d),
        randomBool(context, d),
      );
  }
  return op(pick(rng, ["lt", "le", "eq"] as const), randomInt(context, d), randomInt(context, d));
}
