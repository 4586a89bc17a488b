/**
 * Small networks for the tests of this folder, which knows no layer lists: each part brings its
 * parameters and adds its nodes.
 */

import { makeRng } from "../base/rng.ts";
import type { GraphBuilder } from "../graph/graph.ts";

import { conv1d } from "../graph/operators/conv1d.ts";
import { dense } from "../graph/operators/dense.ts";
import { dropout } from "../graph/operators/dropout.ts";
import { maxPool1d } from "../graph/operators/max-pool-1d.ts";
import { relu } from "../graph/operators/relu.ts";
import { flatten, reshape } from "../graph/operators/reshape.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import type { TrainableModel } from "./step.ts";

export type Part = {
  readonly shapes: readonly Shape[];
  readonly apply: (
    b: GraphBuilder,
    x: string,
    parameters: readonly string[],
    seed: string | undefined,
  ) => string;
};

const part = (shapes: readonly Shape[], apply: Part["apply"]): Part => ({ shapes, apply });

export const denseOf = (inputs: number, units: number): Part =>
  part([[inputs, units], [units]], (b, x, [w, bias]) => b.one(dense, [x, w!, bias!]));

export const convOf = (
  channels: number,
  filters: number,
  attributes: { stride: number; padding: "same" | "valid" } = { stride: 1, padding: "same" },
): Part =>
  part([[3, channels, filters], [filters]], (b, x, [w, bias]) =>
    b.one(conv1d, [x, w!, bias!], attributes),
  );

export const rectify: Part = part([], (b, x) => b.one(relu, [x]));

export const halve: Part = part([], (b, x) =>
  b.one(maxPool1d, [x], { size: 2, stride: 2, padding: "same" }),
);

export const dropQuarter: Part = part([], (b, x, _, seed) =>
  seed ? b.one(dropout, [x, seed], { rate: 0.25, stream: 0 }) : x,
);

export const flat: Part = part([], (b, x) => b.one(flatten, [x]));

export const shapeTo = (...shape: number[]): Part =>
  part([], (b, x) => b.one(reshape, [x], { shape }));

/** Weights are uniform within ± 0.5, biases 0. */
export function network(inputShape: Shape, parts: readonly Part[], seed = 1): TrainableModel {
  const rng = makeRng(seed);
  const shapes = parts.flatMap((p) => p.shapes);
  return {
    inputShape,
    parameters: shapes.map((shape, n) => ({
      name: `p${n}`,
      shape,
      data: Float32Array.from({ length: sizeOf(shape) }, () =>
        shape.length === 1 ? 0 : rng.uniform(-0.5, 0.5),
      ),
    })),
    forward: (b, x, names, { dropoutSeed } = {}) => {
      let used = 0;
      return parts.reduce((input, p) => {
        const own = names.slice(used, used + p.shapes.length);
        used += p.shapes.length;
        return p.apply(b, input, own, dropoutSeed);
      }, x);
    },
  };
}
