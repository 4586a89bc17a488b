import assert from "node:assert/strict";
import { test } from "node:test";
import { add } from "./operators/add.ts";
import { nodeStructure } from "./structure.ts";

const spec = (...shape: number[]) => ({ dtype: "float32", shape }) as const;

test("nodeStructure() is equal for equal nodes and differs in all that decides loops", () => {
  const base = nodeStructure(add, { a: 1, s: [2, 3] }, [spec(2), spec(3)], [spec(4)]);
  assert.equal(nodeStructure(add, { a: 1, s: [2, 3] }, [spec(2), spec(3)], [spec(4)]), base);
  const others = [
    nodeStructure({ ...add }, { a: 1, s: [2, 3] }, [spec(2), spec(3)], [spec(4)]),
    nodeStructure(add, { a: "1", s: [2, 3] }, [spec(2), spec(3)], [spec(4)]),
    nodeStructure(add, { a: 1, s: [23] }, [spec(2), spec(3)], [spec(4)]),
    nodeStructure(add, { a: 1, s: [2, 3] }, [spec(2)], [spec(3), spec(4)]),
    nodeStructure(add, { a: 1, s: [2, 3] }, [spec(2), spec(3)], [{ ...spec(4), dtype: "int8" }]),
    nodeStructure(
      add,
      { a: 1, s: [2, 3] },
      [spec(2), spec(3)],
      [{ ...spec(4), quantization: { scale: [1], zeroPoint: 0 } }],
    ),
  ];
  assert.equal(new Set([base, ...others]).size, others.length + 1);
});

test("nodeStructure() tells numbers apart that JSON does not", () => {
  const values = [0, -0, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  const texts = values.map((a) => nodeStructure(add, { a }, [], []));
  assert.equal(new Set(texts).size, values.length);
});
