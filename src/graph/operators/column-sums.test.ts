// Sums over rows: few rows, blocks that are filled or not, and matrices in parts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../base/rng.ts";
import { largestError, randomValue, runOperator } from "../run-operator.ts";
import { columnSum } from "./column-sum.ts";

const rng = makeRng(31);

for (const rows of [1, 3, 8, 255, 256, 267])
  test(`columnSum of ${rows} rows`, () => {
    const x = randomValue(rng, rows, 3);
    const sums = [0, 1, 2].map((c) =>
      [...(x.data as Float32Array)].reduce((sum, v, i) => sum + (i % 3 === c ? v : 0), 0),
    );
    const error = largestError(runOperator(columnSum, [x]).data, sums);
    assert.ok(error < 1e-5, `${error}`);
  });
