/** More of the random kernels, and larger products, than the fast tests have time for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { scheduleKernel } from "../compiler/schedule.ts";
import { add, addF, buildKernel, mul, mulF } from "../ir/build.ts";
import { firstDifference, seededFill } from "./kernel-compare.ts";
import { randomKernel } from "./random-kernel.ts";

test("random kernels under random schedules", () => {
  for (let seed = 40; seed < 400; seed++) {
    const { kernel, schedule } = randomKernel(seed);
    assert.equal(firstDifference(kernel, schedule, seededFill(seed)), undefined, `seed ${seed}`);
  }
});

test("products with long sums, of odd sizes, as they are scheduled", () => {
  for (const [rows, inner, columns] of [
    [65, 389, 16],
    [67, 517, 21],
    [70, 330, 20],
  ] as const) {
    const kernel = buildKernel("product", (k) => {
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
    assert.equal(firstDifference(kernel, scheduleKernel(kernel), seededFill(1)), undefined);
  }
});
