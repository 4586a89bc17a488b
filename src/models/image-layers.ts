/**
 * The layers of networks on images and spectrograms, [height, width, channels]: convolutions,
 * pools, upsampling. `layers.ts` adds them to a network.
 */
import { UserError } from "../base/errors.ts";
import type { Attributes, GraphBuilder, Operator } from "../graph/graph.ts";
import { addBias } from "../graph/operators/add-bias.ts";
import { averagePool1d, averagePool2d } from "../graph/operators/average-pool.ts";
import { convTranspose2d } from "../graph/operators/conv-transpose-2d.ts";
import { conv2d } from "../graph/operators/conv2d.ts";
import { depthwiseConv2d } from "../graph/operators/depthwise-conv2d.ts";
import { globalAveragePool, globalMaxPool } from "../graph/operators/global-pool.ts";
import { maxPool2d } from "../graph/operators/max-pool-2d.ts";
import { upsample2d } from "../graph/operators/upsample-2d.ts";
import type { Shape } from "../tensor/tensor.ts";
import { type Activation, addActivation } from "./activations.ts";
import { biasOf } from "./layer-bias.ts";

/** Down and across; one number stands for both. */
export type Size2d = number | readonly [down: number, across: number];

type Window2d = {
  /** @default 1 for convolutions, the size for pools */
  readonly stride?: Size2d;
  /** @default "same" */
  readonly padding?: "same" | "valid";
};

export type Biased = {
  /** False leaves the bias out, which saves a pass before a batch normalisation. @default true */
  readonly useBias?: boolean;
};

export type ImageLayer =
  | (Window2d &
      Biased & {
        readonly type: "conv2d";
        readonly filters: number;
        readonly kernelSize: Size2d;
        /** @default 1 */
        readonly dilation?: Size2d;
        /** Must divide the channels and the filters. @default 1 */
        readonly groups?: number;
        readonly activation?: Activation;
      })
  /** Enlarges by its stride, as Keras's `Conv2DTranspose` does. */
  | (Window2d &
      Biased & {
        readonly type: "conv2dTranspose";
        readonly filters: number;
        readonly kernelSize: Size2d;
        readonly activation?: Activation;
      })
  | (Window2d &
      Biased & {
        readonly type: "depthwiseConv2d";
        readonly kernelSize: Size2d;
        /** Output channels of each input channel. @default 1 */
        readonly multiplier?: number;
        /** @default 1 */
        readonly dilation?: Size2d;
        readonly activation?: Activation;
      })
  | (Window2d & {
      readonly type: "maxPool2d" | "averagePool2d";
      /** @default 2 */
      readonly size?: Size2d;
    })
  | {
      readonly type: "averagePool1d";
      /** @default 2 */
      readonly size?: number;
      /** @default size */
      readonly stride?: number;
      /** @default "same" */
      readonly padding?: "same" | "valid";
    }
  | { readonly type: "globalAveragePool" | "globalMaxPool" }
  | {
      readonly type: "upsample2d";
      /** @default 2 */
      readonly factor?: Size2d;
    };

/** Where such a layer goes. */
export type ImagePlace = {
  readonly builder: GraphBuilder;
  readonly name: string;
  /** Makes or finds a parameter: weights with their fans, or zeros. */
  readonly parameter: (
    name: string,
    shape: Shape,
    start?: { readonly fans: readonly [fanIn: number, fanOut: number] },
  ) => string;
};

/**
 * Adds a layer after `x` and returns its output.
 * @throws UserError `layers-invalid` for a count that is not whole, Error from a shape rule
 */
export function addImageLayer(place: ImagePlace, layer: ImageLayer, x: string): string {
  const { builder, name, parameter } = place;
  const channels = builder.spec(x).shape.at(-1)!;
  const one = (operator: Operator, inputs: readonly string[], attributes: Attributes): string =>
    builder.one(operator, inputs, attributes, { name });
  const size = (what: string, value: Size2d): readonly [number, number] => {
    const [down, across, ...more] = typeof value === "number" ? [value, value] : value;
    if (!isCount(down) || !isCount(across) || more.length > 0)
      throw new UserError(
        "layers-invalid",
        `network: ${what} of "${name}" must be a whole number of at least 1 or two, got ${value}`,
      );
    return [down, across];
  };
  const count = (what: string, value: number): number => {
    if (!isCount(value))
      throw new UserError(
        "layers-invalid",
        `network: ${what} of "${name}" must be a whole number of at least 1, got ${value}`,
      );
    return value;
  };
  const windows = ({ stride = 1, dilation = 1, padding = "same" }: Convolution): Attributes => ({
    stride: size("stride", stride),
    dilation: size("dilation", dilation),
    padding,
  });
  switch (layer.type) {
    case "conv2d": {
      const [kh, kw] = size("kernelSize", layer.kernelSize);
      const filters = count("filters", layer.filters);
      const groups = count("groups", layer.groups ?? 1);
      const taps = kh * kw;
      const shape = [kh, kw, Math.ceil(channels / groups), filters];
      const fans = [(taps * channels) / groups, (taps * filters) / groups] as const;
      const w = parameter(`${name}.weights`, shape, { fans });
      const b = biasOf(place, filters, layer.useBias);
      const y = one(conv2d, [x, w, b], { ...windows(layer), groups });
      return addActivation(builder, y, layer.activation ?? "linear", name);
    }
    case "conv2dTranspose": {
      const [kh, kw] = size("kernelSize", layer.kernelSize);
      const filters = count("filters", layer.filters);
      const shape = [kh, kw, filters, channels];
      const fans = [kh * kw * channels, kh * kw * filters] as const;
      const w = parameter(`${name}.weights`, shape, { fans });
      const { stride = 1, padding = "same", useBias = true } = layer;
      const plain = one(convTranspose2d, [x, w], { stride: size("stride", stride), padding });
      const y = useBias ? one(addBias, [plain, biasOf(place, filters)], {}) : plain;
      return addActivation(builder, y, layer.activation ?? "linear", name);
    }
    case "depthwiseConv2d": {
      const [kh, kw] = size("kernelSize", layer.kernelSize);
      const multiplier = count("multiplier", layer.multiplier ?? 1);
      const fans = [kh * kw, kh * kw * multiplier] as const;
      const w = parameter(`${name}.weights`, [kh, kw, channels, multiplier], { fans });
      const b = biasOf(place, channels * multiplier, layer.useBias);
      const y = one(depthwiseConv2d, [x, w, b], windows(layer));
      return addActivation(builder, y, layer.activation ?? "linear", name);
    }
    case "maxPool2d":
    case "averagePool2d": {
      const { size: pool = 2, padding = "same" } = layer;
      const attributes = {
        size: size("size", pool),
        stride: size("stride", layer.stride ?? pool),
        padding,
      };
      return one(layer.type === "maxPool2d" ? maxPool2d : averagePool2d, [x], attributes);
    }
    case "averagePool1d": {
      const { size: pool = 2, padding = "same" } = layer;
      return one(averagePool1d, [x], { size: pool, stride: layer.stride ?? pool, padding });
    }
    case "globalAveragePool":
      return one(globalAveragePool, [x], {});
    case "globalMaxPool":
      return one(globalMaxPool, [x], {});
    case "upsample2d":
      return one(upsample2d, [x], { factor: size("factor", layer.factor ?? 2) });
  }
}

type Convolution = Window2d & { readonly dilation?: Size2d };

const isCount = (value: unknown): boolean => Number.isInteger(value) && (value as number) >= 1;
