/**
 * The only file that may compare with `Math.sin` and its like: engines differ in the last bits, so
 * the tolerance is 4 ulp, while the goldens pin our own bits.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  asinh,
  cos,
  cosh,
  exp,
  expm1,
  log,
  log1p,
  log2,
  log10,
  PI,
  pow,
  sin,
  sinh,
  tan,
} from "./math.ts";
import { makeRng } from "./rng.ts";

const bits = new DataView(new ArrayBuffer(8));

/** The distance from |x| to the next larger double. */
function ulpOf(x: number): number {
  bits.setFloat64(0, Math.abs(x));
  bits.setBigUint64(0, bits.getBigUint64(0) + 1n);
  return bits.getFloat64(0) - Math.abs(x);
}

function hexOf(x: number): string {
  bits.setFloat64(0, x);
  return bits.getBigUint64(0).toString(16).padStart(16, "0");
}

function assertClose(got: number, want: number, maxUlp: number, where: string): void {
  if (Object.is(got, want)) return;
  const error = Math.abs(got - want) / ulpOf(want);
  assert.ok(error <= maxUlp, `${where}: got ${got}, want ${want}, ${error} ulp apart`);
}

type Uniform = (low: number, high: number) => number;

/** Points of either sign from 2^low to 2^high, evenly spread in the exponent. */
function spread(low: number, high: number, signed = true): (uniform: Uniform) => number {
  return (uniform) => (signed && uniform(0, 1) < 0.5 ? -1 : 1) * 2 ** uniform(low, high);
}

type Case = {
  readonly own: (x: number) => number;
  readonly engine: (x: number) => number;
  readonly picks: readonly ((uniform: Uniform) => number)[];
};

const CASES: { readonly [name: string]: Case } = {
  exp: { own: exp, engine: Math.exp, picks: [spread(-60, 6), (uniform) => uniform(-745, 709)] },
  expm1: { own: expm1, engine: Math.expm1, picks: [spread(-60, 6), (uniform) => uniform(-1, 1)] },
  log: {
    own: log,
    engine: Math.log,
    picks: [spread(-1074, 1024, false), (uniform) => uniform(0.5, 2)],
  },
  log2: {
    own: log2,
    engine: Math.log2,
    picks: [spread(-1074, 1024, false), (uniform) => uniform(0.5, 2)],
  },
  log10: {
    own: log10,
    engine: Math.log10,
    picks: [spread(-1074, 1024, false), (uniform) => uniform(0.5, 2)],
  },
  log1p: {
    own: log1p,
    engine: Math.log1p,
    picks: [spread(-60, 1000, false), (uniform) => uniform(-1, 1)],
  },
  sin: { own: sin, engine: Math.sin, picks: [spread(-60, 1024), (uniform) => uniform(-30, 30)] },
  cos: { own: cos, engine: Math.cos, picks: [spread(-60, 1024), (uniform) => uniform(-30, 30)] },
  tan: { own: tan, engine: Math.tan, picks: [spread(-60, 1024), (uniform) => uniform(-30, 30)] },
  sinh: { own: sinh, engine: Math.sinh, picks: [spread(-60, 9), (uniform) => uniform(-2, 2)] },
  cosh: { own: cosh, engine: Math.cosh, picks: [spread(-60, 9), (uniform) => uniform(-2, 2)] },
  asinh: {
    own: asinh,
    engine: Math.asinh,
    picks: [spread(-60, 1024), (uniform) => uniform(-2, 2)],
  },
};

const SPECIAL = [0, -0, 1, -1, Infinity, -Infinity, NaN, 5e-324, -5e-324, 1.7e308, -1.7e308, 800];

for (const [name, { own, engine, picks }] of Object.entries(CASES)) {
  test(`${name} is within 4 ulp of the engine's, special values included`, () => {
    const { uniform } = makeRng(1).fork(name);
    for (const pick of picks) {
      for (let i = 0; i < 4200; i++) {
        const x = pick(uniform);
        assertClose(own(x), engine(x), 4, `${name}(${x})`);
      }
    }
    for (const x of SPECIAL) assertClose(own(x), engine(x), 4, `${name}(${x})`);
  });
}

test("pow is within 4 ulp of the engine's", () => {
  const { uniform } = makeRng(2);
  for (let i = 0; i < 10000; i++) {
    const x = 2 ** uniform(-1074, 1024);
    const y = uniform(-1.2, 1.2);
    assertClose(pow(x, y), x ** y, 4, `pow(${x}, ${y})`);
    const near = 1 + uniform(-1, 1) * 2 ** -20;
    const large = uniform(-1, 1) * 2 ** 29;
    assertClose(pow(near, large), near ** large, 4, `pow(${near}, ${large})`);
  }
});

test("pow has the special values of Math.pow", () => {
  const bases = [...SPECIAL, 2, -2, 0.5, -0.5, 1.5, -1.5];
  const exponents = [...bases, 3, -3, 1e300, -1e300, 9007199254740991, 9007199254740992, 1074];
  for (const x of bases)
    for (const y of exponents) assertClose(pow(x, y), x ** y, 1, `pow(${x}, ${y})`);
});

test("what is exact stays exact", () => {
  for (let k = -1074; k <= 1023; k++) {
    assert.equal(pow(2, k), 2 ** k);
    assert.equal(log2(2 ** k), k);
  }
  for (let n = 0; n <= 22; n++) {
    const power = Number(10n ** BigInt(n));
    assert.equal(pow(10, n), power);
    assert.equal(log10(power), n);
  }
  assert.equal(exp(0), 1);
  assert.equal(cos(0), 1);
  assert.equal(pow(1522756, 0.5), 1234);
});

test("angles close to multiples of pi/2 keep their digits", () => {
  // The double that lies closest to a multiple of pi/2 (Kahan), and pi itself.
  const hardest = 6381956970095103 * 2 ** 797;
  assertClose(cos(hardest), -4.687165924254628e-19, 1, "cos of the hardest double");
  assertClose(sin(PI), 1.2246467991473532e-16, 1, "sin(PI)");
  assertClose(cos(PI / 2), 6.123233995736766e-17, 1, "cos(PI / 2)");
  assertClose(tan(PI / 2), 16331239353195370, 1, "tan(PI / 2)");
  assertClose(sin(1073741824.5), Math.sin(1073741824.5), 2, "sin above 2^30");
});

test("both ways of reducing an angle agree where they meet", () => {
  for (const x of [1048575.75, 1048576.25]) {
    const sine = sin(x);
    const cosine = cos(x);
    assertClose(sine * sine + cosine * cosine, 1, 4, `sin^2 + cos^2 at ${x}`);
    assertClose(sine, Math.sin(x), 2, `sin(${x})`);
  }
});

test("goldens: the same bits on every engine", () => {
  const { uniform } = makeRng(3);
  // A digest over a thousand results of each function, and one result of each to read (the
  // correctly rounded value, from mpmath at 200 bits).
  let digest = 0x811c9dc5;
  const add = (value: number) => {
    bits.setFloat64(0, value);
    digest = Math.imul(digest ^ bits.getInt32(0), 0x01000193);
    digest = Math.imul(digest ^ bits.getInt32(4), 0x01000193);
  };
  for (let i = 0; i < 1000; i++) {
    const x = uniform(0.01, 40);
    for (const { own } of Object.values(CASES)) add(own(x));
    add(pow(x, uniform(-9, 9)));
  }
  const readable = Object.entries(CASES).map(([name, { own }]) => `${name} ${hexOf(own(0.7))}`);
  assert.deepEqual(
    [...readable, `pow ${hexOf(pow(3, 0.3))}`],
    [
      "exp 40001c2a61268987",
      "expm1 3ff03854c24d130d",
      "log bfd6d3c324e13f50",
      "log2 bfe0776228967d13",
      "log10 bfc3d3d3d21ccf04",
      "log1p 3fe0fae81914a991",
      "sin 3fe49d6e694619b8",
      "cos 3fe87996529f9d93",
      "tan 3feaf406c2fc78ae",
      "sinh 3fe8465153d5bdbd",
      "cosh 3ff4152c1862342f",
      "asinh 3fe4e2a4fe9085dd",
      "pow 3ff63f08b6f382ae",
    ],
  );
  assert.equal((digest >>> 0).toString(16), "9d9b6251");
});
