import assert from "node:assert/strict";
import { test } from "node:test";
import { add, addF, buildKernel, mul, mulF } from "../../../ir/build.ts";
import type { Kernel } from "../../../ir/kernel.ts";
import { everyExpr } from "../../../ir/walk.ts";
import type { Loop } from "./arrange.ts";
import { nestBlocks } from "./blocks.ts";
import { type Panel, panelOf } from "./panel.ts";

const STEPS = 20;

const product = (rows: number, columns: number): Kernel =>
  buildKernel("product", (k) => {
    const a = k.input("float32", rows * STEPS, "a");
    const b = k.input("float32", STEPS * columns, "b");
    const c = k.output("float32", rows * columns, "c");
    k.parallel(rows, (m) =>
      k.parallel(columns, (n) => {
        const sum = k.register(0, "sum");
        k.loop(STEPS, (q) => {
          const left = a.load(add(mul(m, STEPS), q));
          sum.set(addF(sum.get, mulF(left, b.load(add(mul(q, columns), n)))));
        });
        c.store(add(mul(m, columns), n), sum.get);
      }),
    );
  });

/** The panels of the blocks of a product, on 16 lanes. */
function panels(
  rows: number,
  columns: number,
  shares: (a: string, b: string) => boolean = () => false,
): (Panel | undefined)[] {
  const tile = product(rows, columns).body[0] as Loop;
  const vector = tile.body[0] as Loop;
  const { blocks } = nestBlocks(rows, columns, 16, true, STEPS);
  return blocks.map((block) => panelOf(tile.axis, vector, block, 16, shares));
}

test("columns that do not begin on cache lines are copied", () => {
  for (const panel of panels(200, 100)) {
    const loads: string[] = [];
    everyExpr(panel!.vector.body, (e) => e.kind === "load" && loads.push(e.buffer));
    assert.deepEqual(loads.sort(), ["a", panel!.name]);
    assert.equal(panel!.copy.extent, STEPS);
    assert.equal((panel!.length - 100) % (16 * STEPS), 0);
  }
});

test("aligned columns, few rows and what is written meanwhile are not", () => {
  const none = (list: readonly (Panel | undefined)[]): boolean => list.every((p) => !p);
  assert.ok(none(panels(200, 128)));
  assert.ok(none(panels(20, 100)));
  assert.ok(none(panels(200, 100, (a, b) => a !== b && [a, b].includes("c"))));
});
