/** `addBias(x [...,C], b [C])`: b[c] added to every element of channel c. */
import { add, addF, buildKernel, mul } from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { columnSum } from "./column-sum.ts";
import { has, shaped, takes } from "./rules.ts";

export const addBias: Operator = {
  name: "addBias",
  infer: (inputs) => {
    takes("addBias", inputs, 2);
    const [x, b] = inputs;
    for (const input of inputs) has("addBias", input, "float32");
    shaped("addBias", b!, x!.shape.slice(-1));
    return [{ dtype: "float32", shape: x!.shape }];
  },
  lower: ({ inputs: [x] }) =>
    buildKernel("addBias", (k) => {
      const channels = x!.shape.at(-1)!;
      const rows = sizeOf(x!.shape) / channels;
      const from = k.input("float32", rows * channels);
      const bias = k.input("float32", channels, "b");
      const to = k.output("float32", rows * channels);
      k.parallel(rows, (row) =>
        k.parallel(channels, (c) => {
          const at = add(mul(row, channels), c);
          to.store(at, addF(from.load(at), bias.load(c)));
        }),
      );
    }),
  gradient: (builder, _node, _names, [dy]) => [dy, builder.one(columnSum, [dy!])],
};
