/**
 * `gaussianNoise(x, seed int32 [1]) {standardDeviation, stream}`: for training only; adds to each
 * element a normal number of mean 0. It comes from two hashes of the seed, the stream (one number
 * per layer) and the element's index by the method of Box and Muller (1958), so neither order nor
 * threads matter. The gradient passes.
 */
import { add, addF, buildKernel, call, mulF, shru, sqrtF, toFloat, xor } from "../../ir/build.ts";
import { cos } from "../../ir/routines/cos.ts";
import { log } from "../../ir/routines/log.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { addHash, addKey } from "./hash.ts";
import { has, integer, real, rule, shaped, takes } from "./rules.ts";

export const gaussianNoise: Operator = {
  name: "gaussianNoise",
  infer: (inputs, attributes) => {
    takes("gaussianNoise", inputs, 2);
    has("gaussianNoise", inputs[0]!, "float32");
    has("gaussianNoise", inputs[1]!, "int32");
    shaped("gaussianNoise", inputs[1]!, [1]);
    const deviation = real("gaussianNoise", attributes, "standardDeviation");
    rule("gaussianNoise", deviation >= 0, "standardDeviation must be at least 0", deviation);
    integer("gaussianNoise", attributes, "stream", 0);
    return [{ dtype: "float32", shape: inputs[0]!.shape }];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("gaussianNoise", (k) => {
      const size = sizeOf(spec!.shape);
      const deviation = real("gaussianNoise", attributes, "standardDeviation");
      const x = k.input("float32", size);
      const seed = k.input("int32", 1, "seed");
      const y = k.output("float32", size);
      const key = addKey(k, seed.load(0), integer("gaussianNoise", attributes, "stream", 0));
      k.parallel(size, (i) => {
        const first = addHash(k, add(key, i));
        const second = addHash(k, xor(first, 0x2545f491));
        // From 24 bits each: a number above 0 and up to 1, and an angle from 0 to 2 pi.
        const uniform = mulF(addF(toFloat(shru(first, 8)), 1), 1 / 16777216);
        const angle = mulF(toFloat(shru(second, 8)), 6.283185307179586 / 16777216);
        const radius = sqrtF(mulF(-2, call(log, uniform)));
        y.store(i, addF(x.load(i), mulF(deviation, mulF(radius, call(cos, angle)))));
      });
    }),
  gradient: (_builder, _node, _names, [dy]) => [dy, undefined],
};
