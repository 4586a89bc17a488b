/**
 * `standardize(x [B,F], mean [F], inverseStd [F])`: (x - mean) * inverseStd for each column, the
 * scaling of features that a model carries with it. Mean and deviation are data, not parameters.
 */
import { add, buildKernel, mul, mulF, subF } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { has, shaped, takes } from "./rules.ts";

export const standardize: Operator = {
  name: "standardize",
  infer: (inputs) => {
    takes("standardize", inputs, 3);
    const [x, mean, inverseStd] = inputs;
    for (const input of inputs) has("standardize", input, "float32");
    has("standardize", x!, "float32", 2);
    shaped("standardize", mean!, [x!.shape[1]!]);
    shaped("standardize", inverseStd!, [x!.shape[1]!]);
    return [{ dtype: "float32", shape: x!.shape }];
  },
  lower: ({ inputs: [spec] }) =>
    buildKernel("standardize", (k) => {
      const [B, F] = spec!.shape as [number, number];
      const x = k.input("float32", B * F);
      const mean = k.input("float32", F, "mean");
      const inverseStd = k.input("float32", F, "inverseStd");
      const y = k.output("float32", B * F);
      k.parallel(B, (row) =>
        k.parallel(F, (f) => {
          const at = add(mul(row, F), f);
          y.store(at, mulF(subF(x.load(at), mean.load(f)), inverseStd.load(f)));
        }),
      );
    }),
};
