/**
 * `dense(x [B,I], w [I,O], b [O])`: the fully connected layer, y [B,O] = x . w + b. The sum starts
 * at the bias and runs over the inputs in order.
 */
import { add, addF, buildKernel, mul, mulF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { columnSum } from "./column-sum.ts";
import { matmul } from "./matmul.ts";
import { has, shaped, takes } from "./rules.ts";
import { transpose2d } from "./transpose2d.ts";

export const dense: Operator = {
  name: "dense",
  infer: (inputs) => {
    takes("dense", inputs, 3);
    const [x, w, b] = inputs;
    has("dense", x!, "float32", 2);
    has("dense", w!, "float32", 2);
    has("dense", b!, "float32", 1);
    const outputs = w!.shape[1]!;
    shaped("dense", w!, [x!.shape[1]!, outputs]);
    shaped("dense", b!, [outputs]);
    return [{ dtype: "float32", shape: [x!.shape[0]!, outputs] }];
  },
  lower: ({ inputs: [x], outputs: [y] }) =>
    buildKernel("dense", (k) => {
      const [B, I] = x!.shape as [number, number];
      const O = y!.shape[1]!;
      const input = k.input("float32", B * I);
      const weights = k.input("float32", I * O, "w");
      const bias = k.input("float32", O, "b");
      const output = k.output("float32", B * O);
      k.parallel(B, (row) =>
        k.parallel(O, (o) => {
          const sum = k.register(bias.load(o), "sum");
          k.loop(I, (i) => {
            const product = mulF(input.load(add(mul(row, I), i)), weights.load(add(mul(i, O), o)));
            sum.set(addF(sum.get, product));
          });
          output.store(add(mul(row, O), o), sum.get);
        }),
      );
    }),
  gradient: (builder, _node, { inputs }, [dy]) => {
    const [x, w] = inputs as [string, string];
    return [
      builder.one(matmul, [dy!, builder.one(transpose2d, [w])]),
      builder.one(matmul, [x, dy!], { transposeA: true }),
      builder.one(columnSum, [dy!]),
    ];
  },
  macs: ({ inputs: [x], outputs: [y] }) => x!.shape[0]! * x!.shape[1]! * y!.shape[1]!,
};
