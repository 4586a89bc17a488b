// quantize and dequantize against the same formulas in TypeScript, on ties and extremes too.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../../../base/rng.ts";
import { interpret } from "../../../ir/interpret.ts";
import { verifyKernel } from "../../../ir/verify.ts";
import { quantizeValues } from "../../../tensor/quantization.ts";
import { buildGraph } from "../../build.ts";
import { dequantize, quantize } from "./quantize.ts";
import { softmaxInt8 } from "./softmax.ts";

test("quantize equals its definition for random values, ties and extremes", () => {
  const rng = makeRng(21);
  for (const zeroPoint of [-128, -5, 0, 127])
    for (const scale of [0.5, Math.fround(0.0123), Math.fround(1 / 255)]) {
      const ties = Array.from({ length: 64 }, (_, n) => (n - 32 + 0.5) * scale);
      const special = [0, -0, 1e30, -1e30, Number.NaN, Infinity, -Infinity, 0.49999997 * scale];
      const random = Array.from({ length: 400 }, () => 90 * scale * rng.normal());
      const x = Float32Array.from([...ties, ...special, ...random]);
      const parameters = { scale: [scale], zeroPoint };
      const builder = buildGraph();
      const input = builder.input("x", "float32", [x.length]);
      const q = builder.one(quantize, [input], {}, { quantization: parameters });
      const y = builder.one(dequantize, [q]);
      const specs = [input, q, y].map(builder.spec);
      const there = quantize.lower({ attributes: {}, inputs: [specs[0]!], outputs: [specs[1]!] });
      const back = dequantize.lower({ attributes: {}, inputs: [specs[1]!], outputs: [specs[2]!] });
      verifyKernel(there);
      verifyKernel(back);
      const quantized = new Int8Array(x.length);
      interpret(there, { x, y: quantized });
      assert.deepEqual(quantized, quantizeValues(x, parameters), `${scale} ${zeroPoint}`);
      const real = new Float32Array(x.length);
      interpret(back, { x: quantized, y: real });
      assert.deepEqual(
        real,
        Float32Array.from(quantized, (value) => scale * (value - zeroPoint)),
      );
    }
});

test("softmaxInt8 refuses widths and scales that its fixed point cannot hold", () => {
  const infer = (width: number, scale: number) =>
    softmaxInt8.infer(
      [
        {
          name: "x",
          dtype: "int8",
          shape: [1, width],
          quantization: { scale: [scale], zeroPoint: 0 },
        },
      ],
      {},
    );
  assert.throws(() => infer(512, 0.1), /1 to 511/);
  assert.throws(() => infer(4, 1e-9), /2\^-26/);
  assert.deepEqual(infer(511, 0.1)[0]!.quantization, { scale: [1 / 256], zeroPoint: -128 });
});
