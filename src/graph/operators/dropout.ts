/**
 * `dropout(x, seed int32 [1]) {rate, stream}`: for training only; keeps each element with
 * probability 1 - rate and divides what it keeps by that. Which elements are kept is a hash of the
 * seed, the stream (one number per layer) and the element's index, so the gradient is the same
 * operator on dy, and neither order nor threads matter.
 */
import { add, buildKernel, lt, mulF, selectF, shru } from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { addHash, addKey } from "./hash.ts";
import { has, integer, real, rule, shaped, takes } from "./rules.ts";

export const dropout: Operator = {
  name: "dropout",
  infer: (inputs, attributes) => {
    takes("dropout", inputs, 2);
    has("dropout", inputs[0]!, "float32");
    has("dropout", inputs[1]!, "int32");
    shaped("dropout", inputs[1]!, [1]);
    const rate = real("dropout", attributes, "rate");
    rule("dropout", rate >= 0 && rate < 1, "rate must be at least 0 and below 1", rate);
    integer("dropout", attributes, "stream", 0);
    return [{ dtype: "float32", shape: inputs[0]!.shape }];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("dropout", (k) => {
      const size = sizeOf(spec!.shape);
      const rate = real("dropout", attributes, "rate");
      const stream = integer("dropout", attributes, "stream", 0);
      const x = k.input("float32", size);
      const seed = k.input("int32", 1, "seed");
      const y = k.output("float32", size);
      const key = addKey(k, seed.load(0), stream);
      k.parallel(size, (i) => {
        const hash = addHash(k, add(key, i));
        const dropped = lt(shru(hash, 8), Math.round(rate * 16777216));
        y.store(i, selectF(dropped, 0, mulF(x.load(i), 1 / (1 - rate))));
      });
    }),
  gradient: (builder, { attributes }, { inputs: [, seed] }, [dy]) => [
    builder.one(dropout, [dy!, seed!], attributes),
    undefined,
  ],
};
