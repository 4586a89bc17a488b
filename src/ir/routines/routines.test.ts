/**
 * A sample of what `test/soak/routines.soak.ts` does for every float32: errors against the float64
 * functions, special values, and a digest of the bits, so that no change of a routine goes unseen.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { interpretRoutine } from "../interpret.ts";
import type { Expr, Routine } from "../kernel.ts";
import { OPS } from "../ops.ts";
import { verifyRoutine } from "../verify.ts";
import { everyExpr, everyPart } from "../walk.ts";
import { cos } from "./cos.ts";
import { exp } from "./exp.ts";
import { log } from "./log.ts";
import { log10 } from "./log10.ts";
import { sin } from "./sin.ts";

const bits = new DataView(new ArrayBuffer(4));

function floatOf(pattern: number): number {
  bits.setInt32(0, pattern);
  return bits.getFloat32(0);
}

const LARGEST = 3.4028234663852886e38;
const INFINITE = 3.402823669209385e38; // 2^128, what Infinity is counted as

/** |got - exact| in units of the last place of the float32 numbers around `exact`. */
function errorInUlp(got: number, exact: number): number {
  if (Number.isNaN(got) || Number.isNaN(exact)) return Object.is(got, exact) ? 0 : INFINITE;
  bits.setFloat32(0, Math.min(Math.abs(exact), LARGEST));
  const unit = floatOf(Math.max(bits.getInt32(0) >> 23, 1) << 23) / 8388608;
  const bound = (x: number) => Math.max(-INFINITE, Math.min(INFINITE, x));
  return Math.abs(bound(got) - bound(exact)) / unit;
}

type Case = {
  readonly routine: Routine;
  /** The largest error found by the exhaustive sweep, rounded up. */
  readonly maxUlp: number;
  /** Patterns from `low` to `high`, of either sign where `signed`, are within the domain. */
  readonly low: number;
  readonly high: number;
  readonly signed: boolean;
  readonly digest: string;
  readonly special: readonly (readonly [x: number, result: number])[];
};

const INF = Number.POSITIVE_INFINITY;
const NAN = Number.NaN;
const LOG_SPECIAL = [
  [0, -INF],
  [-0, -INF],
  [-1e-45, NAN],
  [-1, NAN],
  [-INF, NAN],
  [INF, INF],
  [NAN, NAN],
  [1, 0],
] as const;
const FINITE = { low: 0, high: 0x7f7fffff };

const CASES: readonly Case[] = [
  {
    routine: exp,
    maxUlp: 0.78,
    ...FINITE,
    signed: true,
    digest: "2eaa5d5",
    special: [
      [0, 1],
      [-0, 1],
      [INF, INF],
      [-INF, 0],
      [89, INF],
      [1e30, INF],
      [-104, 0],
      [-1e30, 0],
      [NAN, NAN],
    ],
  },
  {
    routine: log,
    maxUlp: 0.71,
    ...FINITE,
    signed: false,
    digest: "c8e3f6c0",
    special: LOG_SPECIAL,
  },
  {
    routine: log10,
    maxUlp: 0.7,
    ...FINITE,
    signed: false,
    digest: "2f85eb09",
    special: [...LOG_SPECIAL, [10, 1], [1e10, 10]],
  },
  {
    routine: sin,
    maxUlp: 0.79,
    low: 0,
    high: 0x46000000,
    signed: true,
    digest: "eae827da",
    special: [
      [0, 0],
      [-0, -0],
      [INF, NAN],
      [-INF, NAN],
      [NAN, NAN],
      [1e30, NAN],
    ],
  },
  {
    routine: cos,
    maxUlp: 0.8,
    low: 0,
    high: 0x46000000,
    signed: true,
    digest: "7d6c8fa",
    special: [
      [0, 1],
      [-0, 1],
      [INF, NAN],
      [-INF, NAN],
      [NAN, NAN],
      [1e30, NAN],
    ],
  },
];

for (const { routine, maxUlp, low, high, signed, digest, special } of CASES) {
  const { name } = routine;

  test(`${name} is within ${maxUlp} ulp and keeps its bits`, () => {
    const rng = makeRng(1).fork(name);
    let hash = 0x811c9dc5;
    for (let i = 0; i < 4000; i++) {
      // Half of the points over all magnitudes, half from 2^-10 to 2^6.
      const pattern = i % 2 ? low + rng.int(high - low + 1) : 0x3a800000 + rng.int(0x8000000);
      const x = floatOf(signed && rng.int(2) ? pattern | 0x80000000 : pattern);
      const got = interpretRoutine(routine, [x]);
      const exact = routine.float64(x);
      const error = errorInUlp(got, exact);
      assert.ok(error <= maxUlp, `${name}(${x}): got ${got}, exact ${exact}, ${error} ulp apart`);
      bits.setFloat32(0, got);
      hash = Math.imul(hash ^ bits.getInt32(0), 0x01000193);
    }
    assert.equal((hash >>> 0).toString(16), digest);
  });

  test(`${name} has its special values`, () => {
    for (const [x, result] of special) {
      const got = interpretRoutine(routine, [Math.fround(x)]);
      assert.ok(Object.is(got, result), `${name}(${x}): got ${got}, want ${result}`);
    }
  });

  test(`${name} can be computed in vector lanes`, () => {
    verifyRoutine(routine);
    assert.ok(routine.body.every((stmt) => stmt.kind === "let"));
    const check = (expr: Expr) => {
      if (expr.kind === "op") assert.notEqual(OPS[expr.op].simd, null, expr.op);
    };
    everyExpr(routine.body, check);
    everyPart(routine.result, check);
  });
}
