// conv1dInt8 with dilation against the same kernel with zeros between its taps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../../base/rng.ts";
import { interpret } from "../../../ir/interpret.ts";
import { verifyKernel } from "../../../ir/verify.ts";
import { sizeOf } from "../../../tensor/tensor.ts";
import type { Attributes, TensorSpec } from "../../graph.ts";
import { conv1dInt8 } from "./conv1d.ts";

const [T, C, O] = [9, 2, 3];

function run(x: Int8Array, w: Int8Array, size: number, attributes: Attributes): Int8Array {
  const one = { scale: [0.1], zeroPoint: 3 };
  const many = { scale: [0.02, 0.03, 0.01], zeroPoint: 0, axis: 0 };
  const inputs: TensorSpec[] = [
    { name: "x", dtype: "int8", shape: [1, T, C], quantization: one },
    { name: "w", dtype: "int8", shape: [O, size, C], quantization: many },
    { name: "b", dtype: "int32", shape: [O] },
  ];
  const [inferred] = conv1dInt8.infer(inputs, attributes);
  const outputs = [{ ...inferred!, name: "y", quantization: one }];
  const kernel = conv1dInt8.lower({ inputs, outputs, attributes });
  verifyKernel(kernel);
  const y = new Int8Array(sizeOf(inferred!.shape));
  const arrays = [x, w, Int32Array.of(40, -70, 5), y];
  const ports = kernel.buffers.filter(({ role }) => role === "input" || role === "output");
  interpret(kernel, Object.fromEntries(ports.map((port, n) => [port.name, arrays[n]!])));
  return y;
}

test("dilation spreads the taps", () => {
  const rng = makeRng(3);
  const x = Int8Array.from({ length: T * C }, () => rng.int(256) - 128);
  for (const [K, dilation, padding, stride] of [
    [3, 2, "same", 1],
    [2, 4, "valid", 2],
    [3, 3, "causal", 1],
  ] as const) {
    const size = (K - 1) * dilation + 1;
    const w = Int8Array.from({ length: O * K * C }, () => rng.int(255) - 127);
    const spread = new Int8Array(O * size * C);
    for (let o = 0; o < O; o++)
      for (let k = 0; k < K; k++)
        for (let c = 0; c < C; c++)
          spread[(o * size + k * dilation) * C + c] = w[(o * K + k) * C + c]!;
    const dilated = run(x, w, K, { stride, padding, dilation, activation: "none" });
    const plain = run(x, spread, size, { stride, padding, activation: "none" });
    assert.ok(new Set(plain).size > 3, "the outputs must differ");
    assert.deepEqual(dilated, plain, `${K} taps, dilation ${dilation}, ${padding}`);
  }
});
