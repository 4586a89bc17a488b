/**
 * tfjs on its WASM backend as somebody determined would use it: convolutions as slices, gathered
 * side by side, times the weights, since the backend has the gradients of those. Nothing is kept of
 * batch normalization for inference, which spares the peer that work.
 */
import type { Layer } from "../../src/models/layers.ts";
import type { Workload } from "../workloads.ts";
import { loadTfjs, minimizing, tensorsOf } from "./tfjs.ts";
import type { Peer, Training } from "./training.ts";

const EPSILON = 1e-3;

/** Makes the variables in a first pass and finds them in the same order afterwards. */
type Place = {
  readonly tf: Peer;
  readonly variable: (shape: readonly number[], fill?: number) => Peer;
};

export async function byHand(workload: Workload): Promise<Training> {
  const tf = await loadTfjs();
  const { x, y } = tensorsOf(tf, workload);
  const variables: Peer[] = [];
  let next = 0;
  const variable: Place["variable"] = (shape, fill) => {
    variables[next] ??= tf.variable(
      fill === undefined ? tf.randomNormal(shape, 0, 0.1) : tf.fill(shape, fill),
    );
    return variables[next++];
  };
  const layers: readonly Layer[] = [...workload.layers, { type: "dense", units: workload.outputs }];
  const forward = (): Peer => {
    next = 0;
    return layers.reduce((value, layer) => add({ tf, variable }, layer, value), x);
  };
  tf.tidy(() => void forward());
  return minimizing(tf, () => tf.losses.softmaxCrossEntropy(y, forward()));
}

function add(place: Place, layer: Layer, x: Peer): Peer {
  const { tf, variable } = place;
  switch (layer.type) {
    case "dense": {
      const y = x.matMul(variable([x.shape[1], layer.units])).add(variable([layer.units], 0));
      return layer.activation === "relu" ? y.relu() : y;
    }
    case "conv1d": {
      const [B, time, channels] = x.shape;
      const { filters, kernelSize } = layer;
      const y = convolve(place, x.reshape([B, time, 1, channels]), [kernelSize, 1], filters, 1);
      return (layer.activation === "relu" ? y.relu() : y).reshape([B, time, filters]);
    }
    case "conv2d": {
      const { filters, kernelSize, stride = 1 } = layer;
      const size = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
      return convolve(place, x, size as [number, number], filters, stride as number);
    }
    case "depthwiseConv2d": {
      const size = layer.kernelSize as number;
      const channels = x.shape[3];
      const weights = variable([size * size, channels]);
      return shifted(x, size, size, 1)
        .map((tap, i) => tap.mul(weights.slice([i, 0], [1, channels])))
        .reduce((sum, product) => sum.add(product))
        .add(variable([channels], 0));
    }
    case "maxPool1d": {
      const [B, time, channels] = x.shape;
      const pooled = tf.maxPool(x.reshape([B, time, 1, channels]), [2, 1], [2, 1], "same");
      return pooled.reshape([B, pooled.shape[1], channels]);
    }
    case "batchNormalization": {
      const channels = x.shape.at(-1);
      const { mean, variance } = tf.moments(x, [0, 1, 2]);
      const scale = variance
        .add(EPSILON)
        .rsqrt()
        .mul(variable([channels], 1));
      return x
        .sub(mean)
        .mul(scale)
        .add(variable([channels], 0));
    }
    case "activation":
      return x.relu();
    case "dropout":
      return tf.dropout(x, layer.rate);
    case "flatten":
      return x.reshape([x.shape[0], x.size / x.shape[0]]);
    case "globalAveragePool":
      return x.mean([1, 2]);
    case "residual": {
      const [inside, around] = [layer.layers, layer.shortcut ?? []].map((list) =>
        list.reduce((y, inner) => add(place, inner, y), x),
      );
      return inside.add(around).relu();
    }
    default:
      throw new Error(`no layer ${layer.type} in the peer's network`);
  }
}

function convolve(
  { tf, variable }: Place,
  x: Peer,
  [down, across]: readonly [number, number],
  filters: number,
  stride: number,
): Peer {
  const taps = down * across === 1 && stride === 1 ? [x] : shifted(x, down, across, stride);
  const columns = taps.length === 1 ? taps[0] : tf.concat(taps, 3);
  const [B, height, width, depth] = columns.shape;
  return columns
    .reshape([B * height * width, depth])
    .matMul(variable([depth, filters]))
    .add(variable([filters], 0))
    .reshape([B, height, width, filters]);
}

/** What each tap of a window with "same" padding sees: tensors [B, rows, columns, C]. */
function shifted(x: Peer, down: number, across: number, stride: number): Peer[] {
  const [B, height, width, channels] = x.shape;
  const [rows, columns] = [Math.ceil(height / stride), Math.ceil(width / stride)];
  const missing = (size: number, outputs: number, taps: number): readonly [number, number] => {
    const total = Math.max(0, (outputs - 1) * stride + taps - size);
    const before = Math.floor(total / 2);
    return [before, total - before + stride - 1];
  };
  const padded = x.pad([
    [0, 0],
    missing(height, rows, down),
    missing(width, columns, across),
    [0, 0],
  ]);
  const taps: Peer[] = [];
  for (let i = 0; i < down; i++)
    for (let j = 0; j < across; j++) {
      const tap = padded.slice([0, i, j, 0], [B, rows * stride, columns * stride, channels]);
      // A strided slice has no gradient there; whole strides and the first of each have.
      taps.push(
        stride === 1
          ? tap
          : tap
              .reshape([B, rows, stride, columns, stride * channels])
              .slice([0, 0, 0, 0, 0], [B, rows, 1, columns, channels])
              .reshape([B, rows, columns, channels]),
      );
    }
  return taps;
}
