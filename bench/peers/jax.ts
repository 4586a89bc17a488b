/**
 * jax-js on WebAssembly: the whole step, with Adam written out, in one `jit`, and flushed after each
 * step, since its list of pending kernels grows and slows it down otherwise. Channels first, as
 * its convolutions want it. Its arrays count their references: each use takes one, `.ref` adds one.
 * With "matmul", convolutions of one tap are written as matrix products, which is faster there.
 */
import type { Layer } from "../../src/models/layers.ts";
import { batchOf, type Workload } from "../workloads.ts";
import { LEARNING_RATE, type Peer, requirePeer, type Training } from "./training.ts";

const EPSILON = 1e-3;

/** One pass through the network; `parameter` makes or finds them in order. */
type Place = {
  readonly peer: Peer;
  readonly pointwise: "convolution" | "matmul";
  readonly parameter: (shape: readonly number[], fill?: number) => Peer;
  /** A random key for the dropout layer of that number. */
  readonly key: () => Peer;
};

export async function jax(workload: Workload, pointwise: Place["pointwise"]): Promise<Training> {
  const peer: Peer = await import(requirePeer.resolve("@jax-js/jax").replace(/cjs$/, "js"));
  const { numpy: np, nn, random, tree, jit, valueAndGrad, blockUntilReady } = peer;
  const { batch, outputs, inputShape } = workload;
  const { x: values, y: labels } = batchOf(workload);
  const channelsFirst = [0, inputShape.length, ...inputShape.slice(1).map((_, i) => i + 1)];
  const x = np.transpose(np.array(values).reshape([batch, ...inputShape]), channelsFirst);
  const y = nn.oneHot(np.array(labels, { dtype: np.int32 }), outputs);

  const layers: readonly Layer[] = [...workload.layers, { type: "dense", units: outputs }];
  const dropouts = layers.filter(({ type }) => type === "dropout").length;
  const forward = (parameter: Place["parameter"], input: Peer, seed?: Peer): Peer => {
    let drawn = 0;
    const keys = dropouts === 0 ? undefined : random.split(seed, dropouts);
    const key = (): Peer => {
      const last = ++drawn === dropouts;
      return (last ? keys : keys.ref).slice(drawn - 1);
    };
    const place = { peer, pointwise, parameter, key };
    return layers.reduce((value, layer) => add(place, layer, value), input);
  };
  const seedOf = (step: number): Peer[] => (dropouts === 0 ? [] : [random.key(step)]);

  // Parameters in a record by their number, made in a first pass.
  let parameters: { [name: string]: Peer } = {};
  forward(
    (shape, fill) => {
      const size = shape.reduce((product, n) => product * n, 1);
      const made =
        fill === undefined
          ? random.uniform(random.key(size), shape, { minval: -0.1, maxval: 0.1 })
          : np.full(shape, fill);
      parameters[`p${Object.keys(parameters).length}`] = made;
      return made.ref;
    },
    x.ref,
    ...seedOf(0),
  ).dispose();

  const lossOf = (p: typeof parameters, input: Peer, targets: Peer, seed?: Peer): Peer => {
    let next = 0;
    const logits = forward(() => p[`p${next++}`], input, seed);
    return nn
      .logSoftmax(logits)
      .mul(targets)
      .sum()
      .mul(-1 / batch);
  };
  const gradientOf = valueAndGrad(lossOf);
  type Record = typeof parameters;
  const step = jit(
    (p: Record, m: Record, v: Record, rate: Peer, input: Peer, targets: Peer, ...seed: Peer[]) => {
      const [loss, g] = gradientOf(tree.ref(p), input, targets, ...seed);
      const [p2, m2, v2]: [Record, Record, Record] = [{}, {}, {}];
      for (const name of Object.keys(p)) {
        const mean = m[name].mul(0.9).add(g[name].ref.mul(0.1));
        const square = v[name].mul(0.999).add(g[name].ref.mul(g[name]).mul(0.001));
        const change = mean.ref.mul(rate.ref).div(np.sqrt(square.ref).add(1e-7));
        p2[name] = p[name].sub(change);
        m2[name] = mean;
        v2[name] = square;
      }
      rate.dispose();
      return [loss, p2, m2, v2];
    },
  );

  const zeros = (): Record =>
    tree.map((array: Peer) => np.zeros(array.shape), tree.ref(parameters));
  let [mean, square] = [zeros(), zeros()];
  let [power1, power2, count] = [1, 1, 0];
  let loss: Peer;
  return {
    version: `jax-js ${requirePeer("./node_modules/@jax-js/jax/package.json").version}`,
    step: async () => {
      loss?.dispose();
      power1 *= 0.9;
      power2 *= 0.999;
      const rate = np.array((LEARNING_RATE * Math.sqrt(1 - power2)) / (1 - power1));
      const last = [parameters, mean, square, rate, x.ref, y.ref, ...seedOf(++count)];
      [loss, parameters, mean, square] = step(...last);
      await blockUntilReady([loss, parameters, mean, square]);
    },
    sync: () => loss.ref.js(),
  };
}

/** Adds a layer; `x` is [B, C, ...] or flat [B, C]. */
function add(place: Place, layer: Layer, x: Peer): Peer {
  const { peer, pointwise, parameter, key } = place;
  const { numpy: np, lax, nn, random } = peer;
  switch (layer.type) {
    case "dense": {
      const weights = parameter([x.shape[1], layer.units]);
      const y = np.dot(x, weights).add(parameter([layer.units], 0));
      return layer.activation === "relu" ? nn.relu(y) : y;
    }
    case "conv1d": {
      const weights = parameter([layer.filters, x.shape[1], layer.kernelSize]);
      const y = lax.convGeneralDilated(x, weights, [1], "SAME");
      return nn.relu(y.add(parameter([layer.filters, 1], 0)));
    }
    case "conv2d": {
      const { filters, kernelSize, stride = 1 } = layer;
      const [down, across] = typeof kernelSize === "number" ? [kernelSize, kernelSize] : kernelSize;
      const [B, channels, height, width] = x.shape;
      const bias = (y: Peer): Peer => y.add(parameter([filters, 1, 1], 0));
      if (pointwise === "matmul" && down * across * (stride as number) === 1) {
        const pixels = x.reshape([B, channels, height * width]);
        const products = np.matmul(parameter([filters, channels]), pixels);
        return bias(products.reshape([B, filters, height, width]));
      }
      const weights = parameter([filters, channels, down!, across!]);
      return bias(lax.convGeneralDilated(x, weights, [stride, stride], "SAME"));
    }
    case "depthwiseConv2d": {
      const channels = x.shape[1];
      const size = layer.kernelSize as number;
      const groups = { featureGroupCount: channels };
      const weights = parameter([channels, 1, size, size]);
      const y = lax.convGeneralDilated(x, weights, [1, 1], "SAME", groups);
      return y.add(parameter([channels, 1, 1], 0));
    }
    case "maxPool1d": {
      // After a ReLU a zero at the end is what "same" padding is.
      const even =
        x.shape[2] % 2
          ? np.pad(x, [
              [0, 0],
              [0, 0],
              [0, 1],
            ])
          : x;
      const [B, channels, time] = even.shape;
      return np.max(even.reshape([B, channels, time / 2, 2]), 3);
    }
    case "batchNormalization": {
      const perChannel = [x.shape[1], 1, 1];
      const centered = x.ref.sub(np.mean(x, [0, 2, 3], { keepdims: true }));
      const squares = centered.ref.mul(centered.ref);
      const variance = np.mean(squares, [0, 2, 3], { keepdims: true });
      const inverse = np.reciprocal(np.sqrt(variance.add(EPSILON)));
      return centered.mul(inverse.mul(parameter(perChannel, 1))).add(parameter(perChannel, 0));
    }
    case "activation":
      return nn.relu(x);
    case "dropout": {
      const kept = random.bernoulli(key(), 1 - layer.rate, x.shape);
      return x.mul(kept.astype(np.float32)).mul(1 / (1 - layer.rate));
    }
    case "flatten":
      return x.reshape([x.shape[0], -1]);
    case "globalAveragePool":
      return np.mean(x, [2, 3]);
    case "residual": {
      const inside = layer.layers.reduce((y, inner) => add(place, inner, y), x.ref);
      const around = (layer.shortcut ?? []).reduce((y, inner) => add(place, inner, y), x);
      return nn.relu(inside.add(around));
    }
    default:
      throw new Error(`no layer ${layer.type} in the peer's network`);
  }
}
