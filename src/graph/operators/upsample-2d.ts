/**
 * `upsample2d(x [B,H,W,C]) {factor: [down, across]}`: each pixel becomes a block of that size,
 * [B, H * down, W * across, C] (nearest neighbour). Its gradient, `upsample2dGradient(dy)`, is the
 * sum of each block.
 */
import { add, addF, buildKernel, mul } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { has, rule, takes } from "./rules.ts";
import { pair } from "./window-2d.ts";

/** The index in a tensor [..., rows, columns, channels] of the given steps along its axes. */
const at = (...terms: readonly (readonly [Expr, number])[]): Expr =>
  terms.map(([axis, step]) => mul(axis, step)).reduce((sum, term) => add(sum, term));

export const upsample2dGradient: Operator = {
  name: "upsample2dGradient",
  infer: (inputs, attributes) => {
    takes("upsample2dGradient", inputs, 1);
    has("upsample2dGradient", inputs[0]!, "float32", 4);
    const [down, across] = pair("upsample2dGradient", attributes, "factor");
    const [B, H, W, C] = inputs[0]!.shape as [number, number, number, number];
    rule(
      "upsample2dGradient",
      H % down === 0 && W % across === 0,
      `dy must be a multiple of [${down},${across}]`,
      `[${H},${W}]`,
    );
    return [{ dtype: "float32", shape: [B, H / down, W / across, C] }];
  },
  lower: ({ outputs: [spec], attributes }) =>
    buildKernel("upsample2dGradient", (k) => {
      const [down, across] = pair("upsample2dGradient", attributes, "factor");
      const [B, H, W, C] = spec!.shape as [number, number, number, number];
      const dy = k.input("float32", sizeOf(spec!.shape) * down * across, "dy");
      const dx = k.output("float32", sizeOf(spec!.shape), "dx");
      const wide = W * across * C;
      k.parallel(B * H, (row) =>
        k.parallel(W, (column) =>
          k.parallel(C, (c) => {
            const sum = k.register(0, "sum");
            k.loop(down, (i) =>
              k.loop(across, (j) => {
                const from = at(
                  [row, down * wide],
                  [i, wide],
                  [column, across * C],
                  [j, C],
                  [c, 1],
                );
                sum.set(addF(sum.get, dy.load(from)));
              }),
            );
            dx.store(at([row, W * C], [column, C], [c, 1]), sum.get);
          }),
        ),
      );
    }),
};

export const upsample2d: Operator = {
  name: "upsample2d",
  infer: (inputs, attributes) => {
    takes("upsample2d", inputs, 1);
    has("upsample2d", inputs[0]!, "float32", 4);
    const [down, across] = pair("upsample2d", attributes, "factor");
    const [B, H, W, C] = inputs[0]!.shape as [number, number, number, number];
    return [{ dtype: "float32", shape: [B, H * down, W * across, C] }];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("upsample2d", (k) => {
      const [down, across] = pair("upsample2d", attributes, "factor");
      const [B, H, W, C] = spec!.shape as [number, number, number, number];
      const x = k.input("float32", sizeOf(spec!.shape));
      const y = k.output("float32", sizeOf(spec!.shape) * down * across);
      const wide = W * across * C;
      k.parallel(B * H, (row) =>
        k.parallel(down, (i) =>
          k.parallel(W, (column) =>
            k.parallel(across, (j) =>
              k.parallel(C, (c) => {
                const to = at([row, down * wide], [i, wide], [column, across * C], [j, C], [c, 1]);
                y.store(to, x.load(at([row, W * C], [column, C], [c, 1])));
              }),
            ),
          ),
        ),
      );
    }),
  gradient: (builder, { attributes }, _names, [dy]) => [
    builder.one(upsample2dGradient, [dy!], attributes),
  ],
};
