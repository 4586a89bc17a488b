/** Operators that work element by element, or only move elements. */
import type { Attributes, Operator } from "../../src/graph/graph.ts";
import { add } from "../../src/graph/operators/add.ts";
import { addBias } from "../../src/graph/operators/add-bias.ts";
import { concat } from "../../src/graph/operators/concat.ts";
import { div } from "../../src/graph/operators/div.ts";
import { dropout } from "../../src/graph/operators/dropout.ts";
import { elu } from "../../src/graph/operators/elu.ts";
import { gaussianNoise } from "../../src/graph/operators/gaussian-noise.ts";
import { gelu } from "../../src/graph/operators/gelu.ts";
import { hardSigmoid } from "../../src/graph/operators/hard-sigmoid.ts";
import { hardSwish } from "../../src/graph/operators/hard-swish.ts";
import { leakyRelu } from "../../src/graph/operators/leaky-relu.ts";
import { mul } from "../../src/graph/operators/mul.ts";
import { permute } from "../../src/graph/operators/permute.ts";
import { relu } from "../../src/graph/operators/relu.ts";
import { relu6 } from "../../src/graph/operators/relu6.ts";
import { asRow, flatten, reshape } from "../../src/graph/operators/reshape.ts";
import { scale } from "../../src/graph/operators/scale.ts";
import { sigmoid } from "../../src/graph/operators/sigmoid.ts";
import { pad, slice } from "../../src/graph/operators/slice.ts";
import { softplus } from "../../src/graph/operators/softplus.ts";
import { spatialDropout1d } from "../../src/graph/operators/spatial-dropout-1d.ts";
import { standardize } from "../../src/graph/operators/standardize.ts";
import { sub } from "../../src/graph/operators/sub.ts";
import { swish } from "../../src/graph/operators/swish.ts";
import { tanh } from "../../src/graph/operators/tanh.ts";
import { transpose2d } from "../../src/graph/operators/transpose2d.ts";
import { upsample2d } from "../../src/graph/operators/upsample-2d.ts";
import { gather } from "../../src/train/gather.ts";
import type { Case, CasePlace } from "./place.ts";

const shapeOf = ({ size, channels }: CasePlace): readonly number[] => [size(), size(), channels()];

/** @param range of all inputs, wide enough to see every branch */
const elements = (
  operator: Operator,
  arity: number,
  attributes: Attributes = {},
  range: readonly [number, number] = [-8, 8],
): Case => ({
  name: operator.name,
  build: (place) => {
    const shape = shapeOf(place);
    const inputs = Array.from({ length: arity }, () => place.input(shape, { range }));
    return place.one(operator, inputs, attributes);
  },
});

const seeded = (operator: Operator, attributes: Attributes): Case => ({
  name: operator.name,
  build: (place) => {
    const x = place.input(shapeOf(place));
    const seed = place.input([1], { dtype: "int32", range: [-1000, 1000] });
    return place.one(operator, [x, seed], { ...attributes, stream: place.rng.int(9) });
  },
});

export const ELEMENTWISE_CASES: readonly Case[] = [
  elements(add, 2),
  elements(sub, 2),
  elements(mul, 2),
  elements(div, 2, {}, [0.5, 3]),
  elements(scale, 1, { factor: -1.75 }),
  elements(relu, 1),
  elements(relu6, 1),
  elements(leakyRelu, 1, { alpha: 0.3 }),
  elements(elu, 1, { alpha: 1.25 }),
  elements(sigmoid, 1),
  elements(hardSigmoid, 1),
  elements(tanh, 1, {}, [-4, 4]),
  elements(swish, 1),
  elements(hardSwish, 1),
  elements(gelu, 1, {}, [-4, 4]),
  elements(softplus, 1),
  seeded(dropout, { rate: 0.3 }),
  seeded(spatialDropout1d, { rate: 0.3 }),
  {
    name: "spatialDropout1d of images",
    build: (place) => {
      const x = place.input([place.size(), ...shapeOf(place)]);
      const seed = place.input([1], { dtype: "int32", range: [-1000, 1000] });
      return place.one(spatialDropout1d, [x, seed], { rate: 0.4, stream: 2 });
    },
  },
  seeded(gaussianNoise, { standardDeviation: 0.5 }),
  {
    name: "addBias",
    build: (place) => {
      const shape = shapeOf(place);
      return place.one(addBias, [place.input(shape), place.input(shape.slice(-1))]);
    },
  },
  {
    name: "standardize",
    gradient: false,
    build: (place) => {
      const [rows, columns] = [place.size(), place.channels()];
      const inputs = [place.input([rows, columns]), place.input([columns]), place.input([columns])];
      return place.one(standardize, inputs);
    },
  },
  {
    name: "concat",
    build: (place) => {
      const [shape, axis] = [shapeOf(place), place.rng.int(3)];
      const inputs = Array.from({ length: 1 + place.rng.int(3) }, () =>
        place.input(shape.with(axis, place.size())),
      );
      return place.one(concat, inputs, { axis });
    },
  },
  {
    name: "slice",
    build: (place) => {
      const shape = shapeOf(place);
      const starts = shape.map((extent) => place.rng.int(extent));
      const sizes = shape.map((extent, axis) => 1 + place.rng.int(extent - starts[axis]!));
      return place.one(slice, [place.input(shape)], { starts, sizes });
    },
  },
  {
    name: "pad",
    build: (place) => {
      const shape = shapeOf(place);
      const some = () => shape.map(() => place.rng.int(3));
      return place.one(pad, [place.input(shape)], { before: some(), after: some() });
    },
  },
  {
    name: "permute",
    build: (place) => {
      const axes = place.rng.shuffle([0, 1, 2]);
      return place.one(permute, [place.input(shapeOf(place))], { axes });
    },
  },
  {
    name: "transpose2d",
    gradient: false,
    build: (place) => place.one(transpose2d, [place.input([place.channels(), place.channels()])]),
  },
  {
    name: "reshape",
    build: (place) => {
      const [a, b, c] = shapeOf(place) as [number, number, number];
      return place.one(reshape, [place.input([a, b, c])], { shape: [c, b] });
    },
  },
  {
    name: "flatten",
    build: (place) => place.one(flatten, [place.input(shapeOf(place))]),
  },
  {
    name: "asRow",
    gradient: false,
    build: (place) => place.one(asRow, [place.input(shapeOf(place))]),
  },
  {
    name: "upsample2d",
    build: (place) => {
      const factor = [1 + place.rng.int(3), 1 + place.rng.int(3)];
      const x = place.input([place.size(), place.size(), place.size(), place.channels()]);
      return place.one(upsample2d, [x], { factor });
    },
  },
  {
    name: "gather",
    gradient: false,
    build: (place) => {
      const rows = place.size();
      const data = place.input([rows, ...shapeOf(place)]);
      const indices = place.input([place.size()], { dtype: "int32", range: [-1, rows] });
      return place.one(gather, [data, indices]);
    },
  },
];
