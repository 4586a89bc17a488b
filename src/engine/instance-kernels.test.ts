/**
 * Kernels of every form, under every schedule: WebAssembly equals the interpreter to the bit.
 * The random kernels are seeded; a failure names its seed.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Schedule, scheduleKernel } from "../compiler/schedule.ts";
import {
  add,
  addF,
  and,
  buildKernel,
  clamp,
  eq,
  type Index,
  lt,
  mul,
  mulF,
  op,
  sub,
  toFloat,
} from "../ir/build.ts";
import type { Kernel } from "../ir/kernel.ts";
import { verifyKernel } from "../ir/verify.ts";
import { firstDifference, seededFill } from "./kernel-compare.ts";
import { randomKernel } from "./random-kernel.ts";

function check(kernel: Kernel, schedule: Schedule, seed = 1): void {
  verifyKernel(kernel);
  const difference = firstDifference(kernel, schedule, seededFill(seed));
  assert.equal(difference, undefined, `${kernel.name}, seed ${seed}, ${JSON.stringify(schedule)}`);
}

/** C[m, n] = sum over k of A[m, k] B[k, n]; axes i (m), i_1 (n), i_2 (k). */
const product = (rows: number, inner: number, columns: number): Kernel =>
  buildKernel("product", (k) => {
    const a = k.input("float32", rows * inner, "a");
    const b = k.input("float32", inner * columns, "b");
    const c = k.output("float32", rows * columns, "c");
    k.parallel(rows, (m) =>
      k.parallel(columns, (n) => {
        const sum = k.register(0, "sum");
        k.loop(inner, (q) => {
          const left = a.load(add(mul(m, inner), q));
          sum.set(addF(sum.get, mulF(left, b.load(add(mul(q, columns), n)))));
        });
        c.store(add(mul(m, columns), n), sum.get);
      }),
    );
  });

test("sums in blocks: products with long sums, of odd sizes", () => {
  // Rows of 64 bytes or more are what makes blocks worth it (emit/wasm/block-sums.ts).
  const scheduled = product(65, 389, 16);
  check(scheduled, scheduleKernel(scheduled));
  check(product(66, 330, 17), { i_1: { kind: "vector", by: 16 }, i: { kind: "tile", by: 3 } });
});

test("a matrix product is exact for every combination of tails", () => {
  for (const rows of [1, 2, 4, 7, 9])
    for (const columns of [1, 3, 4, 6, 8, 13, 19, 40])
      for (const by of [4, 8])
        for (const tile of [1, 2, 4]) {
          const kernel = product(rows, 5, columns);
          check(kernel, { i: { kind: "tile", by: tile }, i_1: { kind: "vector", by } });
          check(kernel, { i: { kind: "vector", by }, i_1: { kind: "tile", by: tile } });
        }
});

test("an update is applied once to each element, whatever the tail", () => {
  for (let length = 1; length <= 40; length++) {
    const kernel = buildKernel("update", (k) => {
      const g = k.input("float32", length);
      const w = k.update("float32", length);
      k.parallel(length, (i) => w.store(i, addF(w.load(i), mulF(g.load(i), 0.3))));
    });
    for (const by of [4, 8, 16]) check(kernel, { i: { kind: "vector", by } });
    check(kernel, { i: { kind: "tile", by: 3 } });
  }
});

test("narrow integers keep their sign on loads and their low bits on stores, in lanes", () => {
  for (const dtype of ["int8", "uint8", "int16", "int32"] as const)
    for (const stride of [1, 2]) {
      const kernel = buildKernel("narrow", (k) => {
        const x = k.input(dtype, 21 * stride);
        const y = k.output(dtype, 21 * stride);
        k.parallel(21, (i) => y.store(mul(i, stride), mul(x.load(mul(i, stride)), 77)));
      });
      for (const by of [4, 8]) check(kernel, { i: { kind: "vector", by } });
      check(kernel, {});
    }
});

test("a quantised product: int8 in, int32 sums, int64 scaling, int8 out", () => {
  const kernel = buildKernel("quantized", (k) => {
    const x = k.input("int8", 6 * 9);
    const w = k.input("int8", 9 * 10);
    const y = k.output("int8", 6 * 10);
    k.parallel(6, (m) =>
      k.parallel(10, (n) => {
        const sum = k.register(0, "sum", "int32");
        k.loop(9, (q) => {
          const left = add(x.load(add(mul(m, 9), q)), 128);
          sum.set(add(sum.get, mul(left, w.load(add(mul(q, 10), n)))));
        });
        const wide = op("mulL", op("widen", sum.get), op("widen", add(n, 1518500249)));
        const scaled = op("narrow", op("shrL", wide, { kind: "const", type: "int32", value: 36 }));
        y.store(add(mul(m, 10), n), clamp(scaled, -128, 127));
      }),
    );
  });
  check(kernel, {});
  check(kernel, { i: { kind: "tile", by: 4 }, i_1: { kind: "vector", by: 8 } });
});

test("serial recurrences with early exit leave where the interpreter does", () => {
  const kernel = buildKernel("recurrence", (k) => {
    const x = k.input("float32", 7 * 20);
    const y = k.output("float32", 7 * 20);
    const count = k.output("int32", 7);
    k.parallel(7, (row) => {
      const state = k.register(0.5, "state");
      const steps = k.register(0, "steps", "int32");
      k.loop(20, (t) => {
        k.exitIf(op("ltF", toFloat(5), state.get));
        state.set(addF(mulF(state.get, 0.9), op("absF", x.load(add(mul(row, 20), t)))));
        y.store(add(mul(row, 20), t), state.get);
        k.when(
          lt(and(t, 3), 2),
          () => steps.set(add(steps.get, 1)),
          () => k.exitIf(eq(t, add(row, 9))),
        );
      });
      count.store(row, steps.get);
    });
  });
  for (const schedule of [{}, { i: { kind: "tile", by: 3 } }] as readonly Schedule[])
    check(kernel, schedule);
});

test("indices that run backwards or are clamped stay within their buffers", () => {
  const kernel = buildKernel("backwards", (k) => {
    const x = k.input("float32", 30);
    const y = k.output("float32", 30);
    k.parallel(5, (r) =>
      k.parallel(6, (c) => {
        const from = (i: Index, j: Index) => add(mul(clamp(i, 0, 4), 6), j);
        const here = x.load(from(sub(r, 1), c));
        const there = x.load(from(add(r, 1), sub(5, c)));
        y.store(sub(29, add(mul(r, 6), c)), addF(here, there));
      }),
    );
  });
  for (const by of [4, 8])
    check(kernel, { i: { kind: "tile", by: 2 }, i_1: { kind: "vector", by } });
  check(kernel, { i: { kind: "vector", by: 4 }, i_1: { kind: "tile", by: 3 } });
});

test("a register set to the same value under a condition differs between tiles", () => {
  const kernel = buildKernel("conditional", (k) => {
    const y = k.output("int32", 7 * 8);
    k.parallel(7, (r) => {
      const flag = k.register(1, "flag", "int32");
      k.when(lt(r, 2), () => flag.set(5));
      k.parallel(8, (c) => y.store(add(mul(r, 8), c), flag.get));
    });
  });
  check(kernel, { i: { kind: "tile", by: 4 }, i_1: { kind: "vector", by: 8 } });
});

test("an index may have a part that is negative on its own", () => {
  const kernel = buildKernel("offset", (k) => {
    const x = k.input("float32", 13);
    const y = k.output("float32", 8 * 9);
    k.parallel(8, (r) =>
      k.parallel(9, (c) => {
        const around = add(clamp(sub(r, 4), -2, 2), 2);
        y.store(add(mul(r, 9), c), x.load(add(around, c)));
      }),
    );
  });
  check(kernel, {});
  check(kernel, { i: { kind: "tile", by: 3 }, i_1: { kind: "vector", by: 4 } });
});

test("random kernels under random schedules", () => {
  for (let seed = 0; seed < 40; seed++) {
    const { kernel, schedule } = randomKernel(seed);
    check(kernel, schedule, seed);
  }
});
