/**
 * @tensorflow/tfjs with its WASM backend, written as its documentation shows: layers, trained by
 * `trainOnBatch` or by `optimizer.minimize`. The backend lacks the gradients of convolutions, so
 * networks with convolutions fail here; `tfjs-by-hand.ts` writes them in other operations.
 */
import type { Layer } from "../../src/models/layers.ts";
import { batchOf, type Workload } from "../workloads.ts";
import { LEARNING_RATE, type Peer, requirePeer, type Training } from "./training.ts";

export async function loadTfjs(): Promise<Peer> {
  const { warn } = console;
  console.warn = () => {}; // the advice to install another package
  const tf = requirePeer("@tensorflow/tfjs");
  requirePeer("@tensorflow/tfjs-backend-wasm");
  await tf.setBackend("wasm");
  await tf.ready();
  console.warn = warn;
  return tf;
}

/** The batch as the peer's tensors: values, and targets as one-hot rows. */
export function tensorsOf(tf: Peer, workload: Workload): { readonly x: Peer; readonly y: Peer } {
  const { x, y } = batchOf(workload);
  return {
    x: tf.tensor(x, [workload.batch, ...workload.inputShape]),
    y: tf.oneHot(tf.tensor1d(y, "int32"), workload.outputs).toFloat(),
  };
}

export async function trainOnBatch(workload: Workload): Promise<Training> {
  const tf = await loadTfjs();
  const { x, y } = tensorsOf(tf, workload);
  const network = networkOf(tf, workload, "softmax");
  const optimizer = tf.train.adam(LEARNING_RATE);
  network.compile({ optimizer, loss: "categoricalCrossentropy" });
  const step = () => network.trainOnBatch(x, y);
  return { version: `tfjs ${tf.version.tfjs}`, step, sync: () => {} };
}

export async function minimize(workload: Workload): Promise<Training> {
  const tf = await loadTfjs();
  const { x, y } = tensorsOf(tf, workload);
  const network = networkOf(tf, workload);
  return minimizing(tf, () =>
    tf.losses.softmaxCrossEntropy(y, network.apply(x, { training: true })),
  );
}

/** Steps of Adam on what `loss` computes. */
export function minimizing(tf: Peer, loss: () => Peer): Training {
  const optimizer = tf.train.adam(LEARNING_RATE);
  let last: Peer;
  return {
    version: `tfjs ${tf.version.tfjs}`,
    step: () => {
      last?.dispose();
      last = optimizer.minimize(loss, true);
    },
    sync: () => last?.dataSync(),
  };
}

function networkOf(tf: Peer, workload: Workload, activation?: "softmax"): Peer {
  const { layers, inputShape, outputs } = workload;
  const inputs = tf.input({ shape: inputShape });
  const features = layers.reduce((x, layer) => add(tf, layer, x), inputs);
  const outputLayer = tf.layers.dense({ units: outputs, activation });
  return tf.model({ inputs, outputs: outputLayer.apply(features) });
}

function add(tf: Peer, layer: Layer, x: Peer): Peer {
  const L = tf.layers;
  switch (layer.type) {
    case "dense":
      return L.dense({ units: layer.units, activation: layer.activation }).apply(x);
    case "conv1d":
    case "conv2d": {
      const { filters, kernelSize, stride = 1, activation } = layer;
      const settings = { filters, kernelSize, strides: stride, activation, padding: "same" };
      return L[layer.type](settings).apply(x);
    }
    case "depthwiseConv2d":
      return L.depthwiseConv2d({ kernelSize: layer.kernelSize, padding: "same" }).apply(x);
    case "maxPool1d":
      return L.maxPooling1d({ poolSize: 2, strides: 2, padding: "same" }).apply(x);
    case "batchNormalization":
      return L.batchNormalization().apply(x);
    case "activation":
      return L.activation({ activation: layer.activation }).apply(x);
    case "dropout":
      return L.dropout({ rate: layer.rate }).apply(x);
    case "flatten":
      return L.flatten().apply(x);
    case "globalAveragePool":
      return L.globalAveragePooling2d({}).apply(x);
    case "residual": {
      const [inside, around] = [layer.layers, layer.shortcut ?? []].map((list) =>
        list.reduce((y, inner) => add(tf, inner, y), x),
      );
      const sum = L.add().apply([inside, around]);
      return layer.activation ? L.activation({ activation: layer.activation }).apply(sum) : sum;
    }
    default:
      throw new Error(`no layer ${layer.type} in the peer's network`);
  }
}
