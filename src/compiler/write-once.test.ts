import assert from "node:assert/strict";
import { test } from "node:test";
import { add, buildKernel, eq, type KernelBuilder, mul, sub } from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { writesOnce } from "./write-once.ts";

/** Whether loops that store to 24 elements write each of them once. */
function once(build: (k: KernelBuilder, store: (at: Expr | number) => void) => void): boolean {
  const kernel = buildKernel("k", (k) => {
    const y = k.output("float32", 24, "y");
    build(k, (at) => y.store(at, 1));
  });
  return writesOnce(kernel, kernel.buffers[0]!);
}

test("writesOnce() knows loops in any order", () => {
  assert.ok(once((k, store) => k.loop(24, store)));
  assert.ok(
    once((k, store) =>
      k.loop(4, (i) =>
        k.loop(2, (j) => k.loop(3, (l) => store(add(add(i, mul(l, 8)), mul(j, 4))))),
      ),
    ),
  );
});

test("writesOnce() puts the parts of a border together", () => {
  const parts = (first: number, middle: number) =>
    once((k, store) => {
      k.loop(2, (i) => k.loop(2, (j) => store(add(mul(i, 12), j))));
      k.loop(2, (i) =>
        k.loop(middle, (n) =>
          k.loop(2, (j) => store(add(add(mul(i, 12), j), add(first, mul(n, 2))))),
        ),
      );
      k.loop(2, (i) => store(add(mul(i, 12), 11)));
      k.loop(2, (i) => store(add(mul(i, 12), 10)));
    });
  assert.ok(parts(2, 4));
  assert.ok(!parts(2, 3), "two are missing");
  assert.ok(!parts(4, 3), "two are missing in the middle");
  assert.ok(!parts(3, 4), "one is missing and one is written twice");
});

test("writesOnce() refuses what it cannot count", () => {
  assert.ok(!once((k, store) => k.loop(3, () => k.loop(24, store))), "every element three times");
  assert.ok(!once((k, store) => k.loop(24, (i) => k.when(eq(i, 3), () => store(i)))), "condition");
  assert.ok(
    !once((k, store) =>
      k.loop(24, (i) => {
        store(i);
        k.exitIf(eq(i, 3));
      }),
    ),
    "exit",
  );
  assert.ok(!once((k, store) => k.loop(24, (i) => store(sub(23, i)))), "backwards");
});
