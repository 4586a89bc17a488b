// concat, slice, pad, permute and batchMatmul against plain loops, and their gradients.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { type Shape, sizeOf } from "../../tensor/tensor.ts";
import { buildGraph } from "../build.ts";
import { gradientError } from "../gradient-error.ts";
import type { Attributes, Operator } from "../graph.ts";
import { interpretGraph } from "../interpret-graph.ts";
import { batchMatmul } from "./batch-matmul.ts";
import { concat } from "./concat.ts";
import { permute } from "./permute.ts";
import { pad, slice } from "./slice.ts";

type Value = { readonly shape: Shape; readonly data: ArrayLike<number> };

const rng = makeRng(17);
const random = (...shape: number[]): Value => ({
  shape,
  data: Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform(-2, 2)),
});

function run(operator: Operator, values: readonly Value[], attributes: Attributes): Value {
  const builder = buildGraph();
  const names = values.map(({ shape, data }, n) =>
    builder.constant(`x${n}`, "float32", shape, Float32Array.from(data)),
  );
  const y = builder.one(operator, names, attributes);
  const { shape } = builder.spec(y);
  return { shape, data: interpretGraph(builder.finish([y]), new Map()).get(y)! };
}

/** The element at a place, by Horner's rule over the axes. */
const at = ({ shape, data }: Value, ...place: number[]): number =>
  data[place.reduce((index, i, axis) => index * shape[axis]! + i, 0)]!;

/** Every place of a shape, in the order of memory. */
function* placesOf(shape: Shape): Generator<number[]> {
  for (let n = 0; n < sizeOf(shape); n++) {
    const place: number[] = [];
    let rest = n;
    for (const extent of [...shape].reverse()) {
      place.unshift(rest % extent);
      rest = Math.floor(rest / extent);
    }
    yield place;
  }
}

function check(y: Value, shape: Shape, element: (...place: number[]) => number, tolerance = 0) {
  assert.deepEqual(y.shape, shape);
  for (const place of placesOf(shape)) {
    const error = Math.abs(at(y, ...place) - element(...place));
    assert.ok(error <= tolerance, `[${place}]: ${at(y, ...place)}, off by ${error}`);
  }
}

function checkGradient(operator: Operator, shapes: readonly Shape[], attributes: Attributes): void {
  const { worst, where } = gradientError(shapes, (b, names) => b.one(operator, names, attributes));
  assert.ok(worst < 1e-6, `${operator.name} ${where} is off by ${worst} of the largest`);
}

test("concat along each axis", () => {
  const [a, b] = [random(2, 3, 4), random(2, 2, 4)];
  check(run(concat, [a, b], { axis: 1 }), [2, 5, 4], (i, j, k) =>
    j < 3 ? at(a, i, j, k) : at(b, i, j - 3, k),
  );
  const [c, d] = [random(2, 3, 1), random(2, 3, 7)];
  check(run(concat, [c, d], { axis: 2 }), [2, 3, 8], (i, j, k) =>
    k < 1 ? at(c, i, j, k) : at(d, i, j, k - 1),
  );
  for (const axis of [0, 1, 2])
    checkGradient(
      concat,
      [1, 2, 3].map((n) => [2, 3, 2].with(axis, n)),
      { axis },
    );
  checkGradient(concat, [[2, 3]], { axis: 1 });
  assert.throws(
    () => run(concat, [random(2, 3), random(3, 3)], { axis: 1 }),
    /concat: "x1" must have shape \[2,3\], got \[3,3\]/,
  );
  assert.throws(() => run(concat, [random(2, 3)], { axis: 2 }), /axis must be below 2, got 2/);
});

test("slice gives a block, pad surrounds one with zeros", () => {
  const x = random(3, 5, 4);
  const block = { starts: [1, 0, 2], sizes: [2, 4, 1] };
  check(run(slice, [x], block), [2, 4, 1], (i, j, k) => at(x, i + 1, j, k + 2));
  checkGradient(slice, [x.shape], block);
  const border = { before: [0, 2, 1], after: [1, 0, 3] };
  check(run(pad, [x], border), [4, 7, 8], (i, j, k) =>
    i < 3 && j >= 2 && k >= 1 && k < 5 ? at(x, i, j - 2, k - 1) : 0,
  );
  checkGradient(pad, [x.shape], border);
  assert.throws(
    () => run(slice, [x], { starts: [1, 0, 2], sizes: [2, 4, 3] }),
    /slice: the block must lie within \[3,5,4\], got \[1,0,2\] \+ \[2,4,3\]/,
  );
  assert.throws(
    () => run(pad, [x], { before: [0, -1, 0], after: [0, 0, 0] }),
    /pad: before must be 3 whole numbers of at least 0, got \[0,-1,0\]/,
  );
});

test("permute exchanges axes", () => {
  const x = random(2, 3, 4, 5);
  check(run(permute, [x], { axes: [0, 2, 1, 3] }), [2, 4, 3, 5], (a, b, c, d) => at(x, a, c, b, d));
  check(run(permute, [x], { axes: [3, 0, 1, 2] }), [5, 2, 3, 4], (a, b, c, d) => at(x, b, c, d, a));
  checkGradient(permute, [[2, 3, 4]], { axes: [2, 0, 1] });
  assert.throws(() => run(permute, [x], { axes: [0, 1, 1, 2] }), /axes must name each of 0 to 3/);
});

test("batchMatmul multiplies the matrices of two batches", () => {
  for (const lead of [[], [3], [2, 3]]) {
    const [a, b] = [random(...lead, 4, 5), random(...lead, 5, 6)];
    const flip = [...lead.keys(), lead.length + 1, lead.length];
    const product = (...place: number[]): number => {
      const [row, column] = place.slice(-2) as [number, number];
      const batch = place.slice(0, -2);
      let sum = 0;
      for (let k = 0; k < 5; k++) sum += at(a, ...batch, row, k) * at(b, ...batch, k, column);
      return sum;
    };
    check(run(batchMatmul, [a, b], {}), [...lead, 4, 6], product, 1e-5);
    const flipped = run(permute, [a], { axes: flip });
    check(run(batchMatmul, [flipped, b], { transposeA: true }), [...lead, 4, 6], product, 1e-5);
  }
  const right = [2, 3, 2];
  checkGradient(batchMatmul, [[2, 2, 3], right], {});
  checkGradient(batchMatmul, [[2, 3, 2], right], { transposeA: true });
  assert.throws(
    () => run(batchMatmul, [random(2, 3, 4), random(3, 4, 5)], {}),
    /batchMatmul: b must be \[2,4,N\], got \[3,4,5\]/,
  );
});
