import assert from "node:assert/strict";
import { test } from "node:test";
import { add, addF, and, buildKernel, clamp, gtF, mul, mulF, toFloat } from "../ir/build.ts";
import type { Kernel } from "../ir/kernel.ts";
import { fusedSchedule, scheduleKernel } from "./schedule.ts";

const matmul = (rows: number, inner: number, cols: number): Kernel =>
  buildKernel("matmul", (k) => {
    const a = k.input("float32", rows * inner);
    const b = k.input("float32", inner * cols);
    const c = k.output("float32", rows * cols);
    k.parallel(rows, (m) =>
      k.parallel(cols, (n) => {
        const sum = k.register(0);
        k.loop(inner, (i) =>
          sum.set(addF(sum.get, mulF(a.load(add(mul(m, inner), i)), b.load(add(mul(i, cols), n))))),
        );
        c.store(add(mul(m, cols), n), sum.get);
      }),
    );
  });

test("scheduleKernel() runs columns in lanes and rows in tiles", () => {
  assert.deepEqual(scheduleKernel(matmul(32, 33, 20)), {
    i_1: { kind: "vector", by: 8 },
    i: { kind: "tile", by: 4 },
  });
  assert.deepEqual(scheduleKernel(matmul(32, 20, 4)), {
    i_1: { kind: "vector", by: 4 },
    i: { kind: "tile", by: 8 },
  });
});

test("scheduleKernel() leaves what is too narrow for lanes alone", () => {
  assert.deepEqual(scheduleKernel(matmul(8, 8, 3)), {});
});

test("scheduleKernel() does not vectorise strided or serial loops", () => {
  const strided = buildKernel("strided", (k) => {
    const x = k.input("float32", 32);
    const y = k.output("float32", 16);
    k.parallel(16, (i) => y.store(i, x.load(mul(i, 2))));
  });
  assert.deepEqual(scheduleKernel(strided), {});
  const serial = buildKernel("serial", (k) => {
    const x = k.input("float32", 16);
    const y = k.output("float32", 16);
    k.loop(16, (i) => y.store(i, x.load(i)));
  });
  assert.deepEqual(scheduleKernel(serial), {});
});

test("scheduleKernel() does not vectorise control flow or indices that are not linear", () => {
  const branches = buildKernel("branches", (k) => {
    const x = k.input("float32", 16);
    const y = k.update("float32", 16);
    k.parallel(16, (i) => k.when(gtF(x.load(i), 0), () => y.store(i, x.load(i))));
  });
  assert.deepEqual(scheduleKernel(branches), {});
  const folded = buildKernel("folded", (k) => {
    const x = k.input("float32", 16);
    const y = k.output("float32", 16);
    k.parallel(16, (i) => y.store(i, x.load(and(i, 7))));
  });
  assert.deepEqual(scheduleKernel(folded), {});
  const stepped = buildKernel("stepped", (k) => {
    const x = k.input("float32", 16);
    const y = k.output("float32", 16);
    k.parallel(16, (i) => {
      const at = k.value(and(i, 7), "at");
      y.store(i, x.load(add(at, i)));
    });
  });
  assert.deepEqual(scheduleKernel(stepped), {});
});

test("scheduleKernel() vectorises the axis as a number", () => {
  const counts = buildKernel("counts", (k) => {
    const y = k.output("float32", 16);
    k.parallel(16, (i) => y.store(i, toFloat(mul(i, 3))));
  });
  assert.deepEqual(scheduleKernel(counts), { i: { kind: "vector", by: 8 } });
});

test("scheduleKernel() vectorises along a looked-up row", () => {
  const gather = buildKernel("gather", (k) => {
    const rows = k.input("int32", 4, "rows");
    const table = k.input("float32", 80, "table");
    const y = k.output("float32", 32);
    k.parallel(4, (r) => {
      const start = k.value(mul(clamp(rows.load(r), 0, 9), 8), "start");
      k.parallel(8, (i) => y.store(add(mul(r, 8), i), table.load(add(start, i))));
    });
  });
  assert.deepEqual(scheduleKernel(gather), { i_1: { kind: "vector", by: 8 } });
});

test("fusedSchedule() makes tiles of four rows taller and leaves the rest", () => {
  assert.deepEqual(fusedSchedule(scheduleKernel(matmul(32, 33, 20))), {
    i_1: { kind: "vector", by: 8 },
    i: { kind: "tile", by: 6 },
  });
  const narrow = scheduleKernel(matmul(32, 20, 4));
  assert.deepEqual(fusedSchedule(narrow), narrow);
});
