/**
 * `clipByGlobalNorm(g1, …, gn) {maxNorm}`: all gradients times maxNorm / norm where their common
 * Euclidean norm is above maxNorm, unchanged otherwise (Pascanu, Mikolov and Bengio 2013,
 * algorithm 1, over all parameters at once).
 */
import type { Operator } from "../graph/graph.ts";
import { has, real, rule } from "../graph/operators/rules.ts";
import { addF, buildKernel, divF, gtF, mulF, selectF, sqrtF } from "../ir/build.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { addLaneSum, LANES } from "./lane-sum.ts";

const NAME = "clipByGlobalNorm";

export const clipByGlobalNorm: Operator = {
  name: NAME,
  infer: (inputs, attributes) => {
    rule(NAME, inputs.length > 0, "takes at least 1 input", inputs.length);
    for (const input of inputs) has(NAME, input, "float32");
    const maxNorm = real(NAME, attributes, "maxNorm");
    rule(NAME, maxNorm > 0, "maxNorm must be above 0", maxNorm);
    return inputs.map(({ shape }) => ({ dtype: "float32", shape }) as const);
  },
  lower: ({ inputs, attributes }) =>
    buildKernel(NAME, (k) => {
      const maxNorm = real(NAME, attributes, "maxNorm");
      const sizes = inputs.map(({ shape }) => sizeOf(shape));
      const sources = sizes.map((size, n) => k.input("float32", size, `g${n}`));
      const targets = sizes.map((size, n) => k.output("float32", size, `clipped${n}`));
      const lanes = k.scratch("float32", LANES, "lanes");
      const squares = sources.map((source, n) =>
        addLaneSum(k, lanes, sizes[n]!, (i) => {
          const g = k.value(source.load(i), "g");
          return mulF(g, g);
        }),
      );
      const norm = k.value(sqrtF(squares.reduce((sum, square) => addF(sum, square))), "norm");
      const factor = k.value(selectF(gtF(norm, maxNorm), divF(maxNorm, norm), 1), "factor");
      sources.forEach((source, n) => {
        k.parallel(sizes[n]!, (i) => targets[n]!.store(i, mulF(source.load(i), factor)));
      });
    }),
};
