/** Operators with weights, windows or statistics: what layers consist of. */
import type { Attributes, Operator } from "../../src/graph/graph.ts";
import { averagePool1d, averagePool2d } from "../../src/graph/operators/average-pool.ts";
import { batchMatmul } from "../../src/graph/operators/batch-matmul.ts";
import { updateStatistics } from "../../src/graph/operators/batch-moments.ts";
import { addBatchNormTraining, batchNorm } from "../../src/graph/operators/batch-norm.ts";
import { convTranspose2d } from "../../src/graph/operators/conv-transpose-2d.ts";
import { conv1d } from "../../src/graph/operators/conv1d.ts";
import { conv2d } from "../../src/graph/operators/conv2d.ts";
import { dense } from "../../src/graph/operators/dense.ts";
import { depthwiseConv2d } from "../../src/graph/operators/depthwise-conv2d.ts";
import { globalAveragePool, globalMaxPool } from "../../src/graph/operators/global-pool.ts";
import { layerNorm } from "../../src/graph/operators/layer-norm.ts";
import { matmul } from "../../src/graph/operators/matmul.ts";
import { maxPool1d } from "../../src/graph/operators/max-pool-1d.ts";
import { maxPool2d } from "../../src/graph/operators/max-pool-2d.ts";
import { softmax } from "../../src/graph/operators/softmax.ts";
import type { Case, CasePlace } from "./place.ts";

export type Window = { readonly size: number; readonly stride: number; readonly dilation: number };

/** A window of any size, stride and dilation, also of a stride beyond the window. */
const window = ({ rng }: CasePlace): Window => ({
  size: 1 + rng.int(4),
  stride: 1 + rng.int(4),
  dilation: 1 + rng.int(2),
});

/** "valid" where every window fits its length, in half of the cases, else another padding. */
export function padding(
  { rng }: CasePlace,
  windows: readonly (readonly [length: number, Window])[],
  others: readonly string[] = ["same"],
): string {
  const fit = windows.every(([length, w]) => (w.size - 1) * w.dilation + 1 <= length);
  return fit && rng.int(2) === 0 ? "valid" : others[rng.int(others.length)]!;
}

const pool1d = (operator: Operator): Case => ({
  name: operator.name,
  build: (place) => {
    const [length, w] = [place.size(), { ...window(place), dilation: 1 }];
    const x = place.input([place.size(), length, place.channels()]);
    const attributes = { size: w.size, stride: w.stride, padding: padding(place, [[length, w]]) };
    return place.one(operator, [x], attributes);
  },
});

export type Windows2d = {
  readonly height: number;
  readonly width: number;
  readonly down: Window;
  readonly across: Window;
  /** `stride` and `padding`. */
  readonly attributes: Attributes;
  readonly dilation: readonly number[];
};

/** Two windows over an image, and the attributes that say so. */
export function windows2d(place: CasePlace, dilated = true): Windows2d {
  const [height, width] = [place.size(), place.size()];
  const [down, across] = [window(place), window(place)].map((w) => ({
    ...w,
    dilation: dilated ? w.dilation : 1,
  })) as [Window, Window];
  const attributes: Attributes = {
    stride: [down.stride, across.stride],
    padding: padding(place, [
      [height, down],
      [width, across],
    ]),
  };
  const dilation = [down.dilation, across.dilation];
  return { height, width, down, across, attributes, dilation };
}

const pool2d = (operator: Operator): Case => ({
  name: operator.name,
  build: (place) => {
    const { height, width, down, across, attributes } = windows2d(place, false);
    const x = place.input([place.size(), height, width, place.channels()]);
    return place.one(operator, [x], { ...attributes, size: [down.size, across.size] });
  },
});

const global = (operator: Operator): Case => ({
  name: operator.name,
  build: (place) =>
    place.one(operator, [
      place.input([place.size(), place.size(), place.size(), place.channels()]),
    ]),
});

const EPSILON = { epsilon: 0.01 };

export const LAYER_CASES: readonly Case[] = [
  {
    name: "dense",
    build: (place) => {
      const [inputs, units] = [place.channels(), place.channels()];
      const x = place.input([place.size(), inputs]);
      return place.one(dense, [x, place.input([inputs, units]), place.input([units])]);
    },
  },
  ...[false, true].map(
    (transposeA): Case => ({
      name: `matmul, ${transposeA ? "transposed" : "plain"}`,
      build: (place) => {
        const [rows, inner] = [place.channels(), place.size()];
        const a = place.input(transposeA ? [inner, rows] : [rows, inner]);
        return place.one(matmul, [a, place.input([inner, place.channels()])], { transposeA });
      },
    }),
  ),
  ...[false, true].map(
    (transposeA): Case => ({
      name: `batchMatmul, ${transposeA ? "transposed" : "plain"}`,
      build: (place) => {
        const [batch, rows, inner] = [place.size(), place.size(), place.size()];
        const a = place.input([batch, ...(transposeA ? [inner, rows] : [rows, inner])]);
        const b = place.input([batch, inner, place.channels()]);
        return place.one(batchMatmul, [a, b], { transposeA });
      },
    }),
  ),
  {
    name: "conv1d",
    build: (place) => {
      const [length, w] = [place.size(), window(place)];
      const groups = 1 + place.rng.int(2);
      const [inputs, outputs] = [place.size(), place.channels()];
      const x = place.input([place.size(), length, inputs * groups]);
      const weights = place.input([w.size, inputs, outputs * groups]);
      return place.one(conv1d, [x, weights, place.input([outputs * groups])], {
        stride: w.stride,
        dilation: w.dilation,
        padding: padding(place, [[length, w]], ["same", "causal"]),
        groups,
      });
    },
  },
  {
    name: "conv2d",
    build: (place) => {
      const { height, width, down, across, attributes, dilation } = windows2d(place);
      const groups = 1 + place.rng.int(2);
      const [inputs, outputs] = [place.size(), place.channels()];
      const x = place.input([1 + place.rng.int(2), height, width, inputs * groups]);
      const weights = place.input([down.size, across.size, inputs, outputs * groups]);
      const bias = place.input([outputs * groups]);
      return place.one(conv2d, [x, weights, bias], { ...attributes, dilation, groups });
    },
  },
  {
    name: "depthwiseConv2d",
    build: (place) => {
      const { height, width, down, across, attributes, dilation } = windows2d(place);
      const [channels, multiplier] = [place.channels(), 1 + place.rng.int(2)];
      const x = place.input([1 + place.rng.int(2), height, width, channels]);
      const weights = place.input([down.size, across.size, channels, multiplier]);
      const bias = place.input([channels * multiplier]);
      return place.one(depthwiseConv2d, [x, weights, bias], { ...attributes, dilation });
    },
  },
  {
    name: "convTranspose2d",
    build: (place) => {
      const [down, across] = [window(place), window(place)];
      const channels = place.size();
      const x = place.input([1 + place.rng.int(2), place.size(), place.size(), channels]);
      const weights = place.input([down.size, across.size, place.channels(), channels]);
      return place.one(convTranspose2d, [x, weights], {
        stride: [down.stride, across.stride],
        padding: place.rng.int(2) === 0 ? "valid" : "same",
      });
    },
  },
  pool1d(maxPool1d),
  pool1d(averagePool1d),
  pool2d(maxPool2d),
  pool2d(averagePool2d),
  global(globalAveragePool),
  global(globalMaxPool),
  {
    name: "softmax",
    build: (place) => place.one(softmax, [place.input([place.size(), place.channels()])]),
  },
  {
    name: "layerNorm",
    build: (place) => {
      const channels = 1 + place.channels();
      const x = place.input([place.size(), place.size(), channels]);
      return place.one(layerNorm, [x, place.input([channels]), place.input([channels])], EPSILON);
    },
  },
  {
    name: "batchNormTraining",
    build: (place) => {
      const channels = place.channels();
      const x = place.input([1 + place.size(), place.size(), channels]);
      const inputs = [x, place.input([channels]), place.input([channels])] as const;
      const [y, ...statistics] = addBatchNormTraining(place.builder, inputs, EPSILON);
      const running = [0, 1].map(() => place.state([channels], { range: [0.5, 2] }));
      place.builder.apply(updateStatistics, [...running, ...statistics], { momentum: 0.9 });
      return y;
    },
  },
  {
    name: "batchNorm",
    build: (place) => {
      const channels = place.channels();
      const x = place.input([place.size(), place.size(), channels]);
      const [gamma, beta, mean] = [0, 1, 2].map((n) => place.input([channels], { fixed: n === 2 }));
      const variance = place.input([channels], { range: [0.1, 2], fixed: true });
      return place.one(batchNorm, [x, gamma!, beta!, mean!, variance], EPSILON);
    },
  },
];
