import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { principalPlane } from "./scatter.ts";

test("principalPlane() finds the directions of largest variance", () => {
  const rng = makeRng(2);
  const rows = 400;
  const x = new Float32Array(rows * 3);
  const [a, b] = [
    [0.6, 0.8, 0],
    [0, 0, 1],
  ] as const;
  const truth: number[] = [];
  for (let r = 0; r < rows; r++) {
    const [u, v] = [5 * rng.normal(), 2 * rng.normal()];
    truth.push(u);
    for (let f = 0; f < 3; f++) x[r * 3 + f] = 7 + u * a[f]! + v * b[f]! + 0.01 * rng.normal();
  }
  const plane = principalPlane(x, 3);
  let difference = 0;
  const offset = truth.reduce((s, u) => s + u, 0) / rows;
  for (let r = 0; r < rows; r++)
    difference = Math.max(difference, Math.abs(plane[2 * r]! - (truth[r]! - offset)));
  assert.ok(difference < 0.5, `the first component is off by ${difference}`);
});

test("principalPlane() gives zeros where nothing varies", () => {
  assert.deepEqual([...principalPlane(new Float32Array(8).fill(3), 2)], new Array(8).fill(0));
});
