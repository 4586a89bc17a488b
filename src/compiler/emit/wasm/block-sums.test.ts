import assert from "node:assert/strict";
import { test } from "node:test";
import { add, addF, buildKernel, maxF, mul, mulF } from "../../../ir/build.ts";
import type { Kernel, Stmt } from "../../../ir/kernel.ts";
import { verifyKernel } from "../../../ir/verify.ts";
import { everyStmt } from "../../../ir/walk.ts";
import { scheduleKernel } from "../../schedule.ts";
import { blockSums } from "./block-sums.ts";

const apart = (_a: number, _b: number): boolean => false;

/** A [rows, inner] times B [inner, columns], with a start at a bias and an end in a maximum. */
const product = (rows: number, inner: number, columns: number): Kernel =>
  buildKernel("product", (k) => {
    const a = k.input("float32", rows * inner, "a");
    const b = k.input("float32", inner * columns, "b");
    const bias = k.input("float32", columns, "bias");
    const c = k.output("float32", rows * columns, "c");
    k.parallel(rows, (m) =>
      k.parallel(columns, (n) => {
        const sum = k.register(bias.load(n), "sum");
        k.loop(inner, (q) => {
          const left = a.load(add(mul(m, inner), q));
          sum.set(addF(sum.get, mulF(left, b.load(add(mul(q, columns), n)))));
        });
        c.store(add(mul(m, columns), n), maxF(sum.get, 0));
      }),
    );
  });

const blocked = (kernel: Kernel, overlap = apart): Kernel =>
  blockSums(kernel, scheduleKernel(kernel), overlap);

function extentsOfSums(kernel: Kernel): number[] {
  const extents: number[] = [];
  everyStmt(kernel.body, (stmt: Stmt) => {
    if (stmt.kind === "loop" && !stmt.parallel) extents.push(stmt.extent);
  });
  return extents;
}

test("a long sum is cut into blocks of nearly equal length", () => {
  const kernel = product(64, 785, 40);
  const { body } = blocked(kernel);
  assert.equal(body.length, 7);
  assert.deepEqual(extentsOfSums({ ...kernel, body }), [113, 113, 113, 113, 113, 113, 107]);
});

test("what would not gain stays whole: short sums, few rows, narrow rows", () => {
  for (const kernel of [product(64, 319, 40), product(32, 785, 40), product(64, 785, 12)])
    assert.deepEqual(blocked(kernel), kernel);
});

test("rows that lie in pages of their own make shorter blocks", () => {
  const wide = product(64, 128, 1024);
  assert.deepEqual(extentsOfSums(blocked(wide)), [43, 43, 42]);
});

test("sums do not wait in memory that is read", () => {
  const kernel = product(64, 785, 40);
  const number = (name: string): number => kernel.buffers.findIndex((b) => b.name === name);
  const [bias, c] = [number("bias"), number("c")];
  const shared = (a: number, b: number): boolean =>
    [a, b].sort().join() === [bias, c].sort().join();
  assert.deepEqual(blocked(kernel, shared), kernel);
  const added = buildKernel("added", (k) => {
    const a = k.input("float32", 64 * 785, "a");
    const b = k.input("float32", 785 * 40, "b");
    const c = k.update("float32", 64 * 40, "c");
    k.parallel(64, (m) =>
      k.parallel(40, (n) => {
        const sum = k.register(0, "sum");
        k.loop(785, (q) =>
          sum.set(addF(sum.get, mulF(a.load(add(mul(m, 785), q)), b.load(add(mul(q, 40), n))))),
        );
        const at = add(mul(m, 40), n);
        c.store(at, addF(c.load(at), sum.get));
      }),
    );
  });
  assert.deepEqual(blocked(added), added);
});

test("a kernel in blocks is a kernel that the verifier accepts, but for names used again", () => {
  const [first, ...others] = blocked(product(64, 785, 40)).body;
  for (const stmt of [first!, ...others])
    verifyKernel({
      ...product(64, 785, 40),
      buffers: readable(product(64, 785, 40)),
      body: [stmt],
    });
});

/** Sums that wait are read from the output, which only an update may be. */
const readable = (kernel: Kernel): Kernel["buffers"] =>
  kernel.buffers.map((b) => (b.name === "c" ? { ...b, role: "update" } : b));
