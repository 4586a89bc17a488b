import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../../base/rng.ts";
import { lowerConvolution, lowerInputGradient } from "../../../graph/operators/convolution.ts";
import { convolution2d } from "../../../graph/operators/convolution-shape.ts";
import { add, buildKernel, mul } from "../../../ir/build.ts";
import { interpret } from "../../../ir/interpret.ts";
import type { Kernel } from "../../../ir/kernel.ts";
import { verifyKernel } from "../../../ir/verify.ts";
import { walkTogether } from "./walk-together.ts";

const apart = (): boolean => false;

/** What is left in the buffers of a kernel that starts on the same random numbers each time. */
function contents(kernel: Kernel): { readonly [buffer: string]: Float32Array } {
  const rng = makeRng(5);
  const buffers = Object.fromEntries(
    kernel.buffers.map(({ name, length }) => [
      name,
      Float32Array.from({ length }, () => rng.uniform(-1, 1)),
    ]),
  );
  interpret(kernel, buffers);
  return buffers;
}

const CONVOLUTION = convolution2d("conv2d", [3, 7, 6, 2], [3, 3], 4, {
  stride: [2, 1],
  padding: "same",
});

for (const kernel of [
  lowerConvolution("conv2d", CONVOLUTION),
  lowerInputGradient("conv2dInputGradient", CONVOLUTION),
])
  test(`the borders of ${kernel.name} are walked with the inside, to the same bits`, () => {
    const body = walkTogether(kernel, apart, 0);
    assert.ok(body.length < kernel.body.length, `${body.length} of ${kernel.body.length} nests`);
    const changed = { ...kernel, body };
    verifyKernel(changed);
    assert.deepEqual(contents(changed), contents(kernel));
    assert.deepEqual(walkTogether(kernel, apart), kernel.body, "what is small stays");
  });

/** Two nests over three rows of four; the second reads what the first has written. */
const chained = (rowRead: number): Kernel =>
  buildKernel("chained", (k) => {
    const a = k.input("float32", 12, "a");
    const b = k.output("float32", 12, "b");
    const c = k.output("float32", 12, "c");
    k.parallel(3, (i) =>
      k.parallel(4, (j) => b.store(add(mul(i, 4), j), a.load(add(mul(i, 4), j)))),
    );
    k.parallel(3, (i) =>
      k.parallel(4, (j) => c.store(add(mul(i, 4), j), b.load(add(mul(i, rowRead), j)))),
    );
  });

test("nests stay apart where one reads what another iteration of the other writes", () => {
  assert.equal(walkTogether(chained(4), apart, 0).length, 1);
  assert.equal(walkTogether(chained(0), apart, 0).length, 2);
  assert.equal(walkTogether(chained(4), () => true, 0).length, 2);
});
