/**
 * `spatialDropout1d(x [B,...,C], seed int32 [1]) {rate, stream}`: for training only; `dropout` of
 * whole channels: what is kept or dropped is kept or dropped at all times, or places, of a sample
 * (Tompson et al. 2015). Its gradient is the same operator on dy.
 */
import { add, buildKernel, lt, mul, mulF, selectF, shru } from "../../ir/build.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Operator } from "../graph.ts";
import { addHash, addKey } from "./hash.ts";
import { has, integer, real, rule, shaped, takes } from "./rules.ts";

export const spatialDropout1d: Operator = {
  name: "spatialDropout1d",
  infer: (inputs, attributes) => {
    takes("spatialDropout1d", inputs, 2);
    has("spatialDropout1d", inputs[0]!, "float32");
    const { shape } = inputs[0]!;
    rule("spatialDropout1d", shape.length >= 3, "x must have at least 3 dimensions", `[${shape}]`);
    has("spatialDropout1d", inputs[1]!, "int32");
    shaped("spatialDropout1d", inputs[1]!, [1]);
    const rate = real("spatialDropout1d", attributes, "rate");
    rule("spatialDropout1d", rate >= 0 && rate < 1, "rate must be at least 0 and below 1", rate);
    integer("spatialDropout1d", attributes, "stream", 0);
    return [{ dtype: "float32", shape: inputs[0]!.shape }];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("spatialDropout1d", (k) => {
      const [B, C] = [spec!.shape[0]!, spec!.shape.at(-1)!];
      const T = sizeOf(spec!.shape) / (B * C);
      const rate = real("spatialDropout1d", attributes, "rate");
      const x = k.input("float32", B * T * C);
      const seed = k.input("int32", 1, "seed");
      const y = k.output("float32", B * T * C);
      const factors = k.scratch("float32", B * C, "factors");
      const stream = integer("spatialDropout1d", attributes, "stream", 0);
      const key = addKey(k, seed.load(0), stream);
      k.parallel(B * C, (i) => {
        const dropped = lt(shru(addHash(k, add(key, i)), 8), Math.round(rate * 16777216));
        factors.store(i, selectF(dropped, 0, 1 / (1 - rate)));
      });
      k.parallel(B, (batch) =>
        k.parallel(T, (time) =>
          k.parallel(C, (c) => {
            const at = add(mul(add(mul(batch, T), time), C), c);
            y.store(at, mulF(x.load(at), factors.load(add(mul(batch, C), c))));
          }),
        ),
      );
    }),
  gradient: (builder, { attributes }, { inputs: [, seed] }, [dy]) => [
    builder.one(spatialDropout1d, [dy!, seed!], attributes),
    undefined,
  ],
};
