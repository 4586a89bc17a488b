/**
 * `dropout(x, seed int32 [1]) {rate, stream}`: for training only; keeps each element with
 * probability 1 - rate and divides what it keeps by that. Which elements are kept is a hash of the
 * seed, the stream (one number per layer) and the element's index, so the gradient is the same
 * operator on dy, and neither order nor threads matter.
 */
import { add, buildKernel, i32, lt, mul, mulF, selectF, shru, xor } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../operator.ts";
import { has, integer, real, rule, shaped, takes } from "./rules.ts";

/** A bijection of 32-bit words whose every output bit depends on every input bit (Wellons 2018). */
function mix(word: Expr, name: (e: Expr) => Expr): Expr {
  const a = name(word);
  const b = name(mul(xor(a, shru(a, 16)), 0x7feb352d));
  const c = name(mul(xor(b, shru(b, 15)), i32(0x846ca68b)));
  return xor(c, shru(c, 16));
}

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
      const word = (e: Expr): Expr => k.value(e, "word");
      const key = word(mix(xor(seed.load(0), Math.imul(stream + 1, 0x9e3779b9)), word));
      k.parallel(size, (i) => {
        const hash = mix(add(key, i), word);
        const dropped = lt(shru(hash, 8), Math.round(rate * 16777216));
        y.store(i, selectF(dropped, 0, mulF(x.load(i), 1 / (1 - rate))));
      });
    }),
  gradient: (builder, { attributes }, { inputs: [, seed] }, [dy]) => [
    builder.one(dropout, [dy!, seed!], attributes),
    undefined,
  ],
};
