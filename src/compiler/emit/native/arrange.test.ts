import assert from "node:assert/strict";
import { test } from "node:test";
import { add, addF, buildKernel, mul, mulF } from "../../../ir/build.ts";
import type { Kernel } from "../../../ir/kernel.ts";
import { arrangeKernel } from "./arrange.ts";

/** `columns` x `images` rows of 16 inputs, 1024 values from image to image, times a matrix. */
const product = (columns: number, images: number): Kernel =>
  buildKernel("product", (k) => {
    const x = k.input("float32", images * 1024 + columns * 16);
    const w = k.input("float32", 16 * 32, "w");
    const y = k.output("float32", columns * images * 32);
    k.parallel(columns, (column) =>
      k.parallel(images, (image) =>
        k.parallel(32, (o) => {
          const sum = k.register(0, "sum");
          k.loop(16, (i) => {
            const left = x.load(add(add(mul(image, 1024), mul(column, 16)), i));
            sum.set(addF(sum.get, mulF(left, w.load(add(mul(i, 32), o)))));
          });
          y.store(add(add(mul(image, columns * 32), mul(column, 32)), o), sum.get);
        }),
      ),
    );
  });

/** The axes from the outermost loop to the one in lanes, and which of them is tiled. */
function orderOf(kernel: Kernel): { readonly extents: number[]; readonly tiled: number[] } {
  const { body, tiles, vectors } = arrangeKernel(kernel, 16);
  const extents: number[] = [];
  const tiled: number[] = [];
  let stmt = body[0]!;
  while (stmt.kind === "loop") {
    extents.push(stmt.extent);
    if (tiles.has(stmt.axis)) tiled.push(stmt.extent);
    if (vectors.has(stmt.axis)) break;
    stmt = stmt.body[0]!;
  }
  return { extents, tiled };
}

test("rows that lie together are tiled, images walked outermost", () => {
  assert.deepEqual(orderOf(product(30, 32)), { extents: [32, 30, 32], tiled: [30] });
});

test("a single column leaves the images to be tiled, no more than the cache has ways for", () => {
  assert.deepEqual(orderOf(product(1, 24)), { extents: [1, 24, 32], tiled: [24] });
  const { tiles } = arrangeKernel(product(1, 24), 16);
  assert.deepEqual([...tiles.values()], [8]);
});
