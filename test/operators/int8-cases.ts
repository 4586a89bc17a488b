/** The operators of quantised networks. */
import type { Attributes, Operator } from "../../src/graph/graph.ts";
import { NEURAL_OPERATORS } from "../../src/graph/operators/table.ts";
import type { Quantization } from "../../src/tensor/tensor.ts";
import { padding, windows2d } from "./layer-cases.ts";
import type { Case, CasePlace } from "./place.ts";

const one = ({ rng }: CasePlace, scale = 0.05): Quantization => ({
  scale: [scale * rng.uniform(0.5, 2)],
  zeroPoint: rng.int(40) - 20,
});

const inputOf = (place: CasePlace, shape: readonly number[], scale?: number): string =>
  place.input(shape, { dtype: "int8", quantization: one(place, scale) });

/** Weights with a scale for each output, which come first. */
function weighted(
  place: CasePlace,
  operator: Operator,
  x: string,
  shape: readonly number[],
  attributes: Attributes,
): string {
  const outputs = shape[0]!;
  const scale = Array.from({ length: outputs }, () => place.rng.uniform(0.001, 0.02));
  const w = place.input(shape, {
    dtype: "int8",
    range: [-127, 127],
    quantization: { scale, zeroPoint: 0, axis: 0 },
  });
  const b = place.input([outputs], { dtype: "int32", range: [-3000, 3000] });
  return place.builder.one(operator, [x, w, b], attributes, { quantization: one(place, 0.2) });
}

/** @param build adds the operator of the name, which it is given */
const int8 = (
  name: string,
  build: (place: CasePlace, operator: Operator) => string,
): readonly Case[] => {
  const operator = NEURAL_OPERATORS.get(name);
  return operator ? [{ name, gradient: false, build: (place) => build(place, operator) }] : [];
};

const activation = ({ rng }: CasePlace): Attributes => ({
  activation: ["none", "relu", "relu6"][rng.int(3)]!,
});

/** A pool over images. */
const pool2d = (name: string): readonly Case[] =>
  int8(name, (place, operator) => {
    const { height, width, down, across, attributes } = windows2d(place, false);
    const x = inputOf(place, [1 + place.rng.int(2), height, width, place.channels()]);
    const size = [down.size, across.size];
    return place.one(operator, [x], { ...attributes, size, ...activation(place) });
  });

/** A pool over times. */
const pool1d = (name: string): readonly Case[] =>
  int8(name, (place, operator) => {
    const x = inputOf(place, [1 + place.rng.int(2), place.size(), place.channels()]);
    const attributes = { size: 1 + place.rng.int(4), stride: 1 + place.rng.int(4) };
    return place.one(operator, [x], { ...attributes, padding: "same", ...activation(place) });
  });

/** An operator of one tensor and no attributes. */
const plain = (name: string, scale?: number, quantized = true): readonly Case[] =>
  int8(name, (place, operator) => {
    const shape = [place.size(), place.size(), place.channels()];
    const options = quantized ? {} : { quantization: one(place) };
    const x = quantized ? inputOf(place, shape, scale) : place.input(shape, { range: [-9, 9] });
    return place.builder.one(operator, [x], {}, options);
  });

export const INT8_CASES: readonly Case[] = [
  ...int8("denseInt8", (place, operator) => {
    const inputs = place.channels();
    const x = inputOf(place, [place.size(), inputs]);
    return weighted(place, operator, x, [place.channels(), inputs], activation(place));
  }),
  ...int8("conv1dInt8", (place, operator) => {
    const [length, channels, size] = [place.size(), place.channels(), 1 + place.rng.int(4)];
    const stride = 1 + place.rng.int(4);
    const x = inputOf(place, [1 + place.rng.int(2), length, channels]);
    return weighted(place, operator, x, [place.channels(), size, channels], {
      ...{ stride, padding: padding(place, [[length, { size, stride, dilation: 1 }]]) },
      ...activation(place),
    });
  }),
  ...int8("conv2dInt8", (place, operator) => {
    const { height, width, down, across, attributes, dilation } = windows2d(place);
    const groups = 1 + place.rng.int(2);
    const [inputs, outputs] = [place.size(), place.channels()];
    const x = inputOf(place, [1, height, width, inputs * groups]);
    const kernel = [outputs * groups, down.size, across.size, inputs];
    const all = { ...attributes, dilation, groups, ...activation(place) };
    return weighted(place, operator, x, kernel, all);
  }),
  ...int8("depthwiseConv2dInt8", (place, operator) => {
    const { height, width, down, across, attributes, dilation } = windows2d(place);
    const [channels, multiplier] = [place.channels(), 1 + place.rng.int(2)];
    const x = inputOf(place, [1, height, width, channels]);
    const kernel = [channels * multiplier, down.size, across.size];
    return weighted(place, operator, x, kernel, { ...attributes, dilation, ...activation(place) });
  }),
  ...int8("addInt8", (place, operator) => {
    const shape = [place.size(), place.channels()];
    const inputs = [inputOf(place, shape), inputOf(place, shape)];
    const options = { quantization: one(place, 0.1) };
    return place.builder.one(operator, inputs, activation(place), options);
  }),
  ...pool1d("maxPool1dInt8"),
  ...pool1d("averagePool1dInt8"),
  ...pool2d("maxPool2dInt8"),
  ...pool2d("averagePool2dInt8"),
  ...plain("globalAveragePoolInt8"),
  ...plain("globalMaxPoolInt8"),
  ...plain("reluInt8"),
  ...plain("relu6Int8"),
  ...plain("softmaxInt8", 0.1),
  ...plain("dequantize"),
  ...plain("quantize", undefined, false),
];
