/** `columnSum(x [..., N])`: the sum over all axes but the last, in order, [N]. */
import { buildKernel } from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { addColumnSums } from "./column-sums.ts";
import { has, takes } from "./rules.ts";

export const columnSum: Operator = {
  name: "columnSum",
  infer: (inputs) => {
    takes("columnSum", inputs, 1);
    has("columnSum", inputs[0]!, "float32");
    return [{ dtype: "float32", shape: inputs[0]!.shape.slice(-1) }];
  },
  lower: ({ inputs: [x], outputs: [y] }) =>
    buildKernel("columnSum", (k) => {
      const columns = sizeOf(y!.shape);
      const rows = sizeOf(x!.shape) / columns;
      const from = k.input("float32", rows * columns);
      const to = k.output("float32", columns);
      addColumnSums(k, rows, [to], () => (at) => [from.load(at)]);
    }),
};
