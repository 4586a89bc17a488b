/**
 * `rawFeatures(x [rows, axes]) {scale}`: every value times the scale, in the same order, as one
 * flat vector. With a scale of 1 it is a copy, which a compiler may leave out.
 */
import type { Operator } from "../../graph/graph.ts";
import { has, real, takes } from "../../graph/operators/rules.ts";
import { buildKernel, mulF } from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";

export const rawFeatures: Operator = {
  name: "rawFeatures",
  infer: (inputs, attributes) => {
    takes("rawFeatures", inputs, 1);
    const [x] = inputs;
    has("rawFeatures", x!, "float32", 2);
    real("rawFeatures", attributes, "scale");
    return [{ dtype: "float32", shape: [sizeOf(x!.shape)] }];
  },
  lower: ({ attributes, outputs }) =>
    buildKernel("raw_features", (k) => {
      const size = sizeOf(outputs[0]!.shape);
      const factor = real("rawFeatures", attributes, "scale");
      const x = k.input("float32", size);
      const y = k.output("float32", size);
      k.parallel(size, (i) => y.store(i, factor === 1 ? x.load(i) : mulF(x.load(i), factor)));
    }),
  macs: ({ attributes, outputs }) => (attributes["scale"] === 1 ? 0 : sizeOf(outputs[0]!.shape)),
};
