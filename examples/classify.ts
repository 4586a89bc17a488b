/**
 * Classify motions: make a network of layers, train it, score it, save it and ask it again.
 *
 *   node examples/classify.ts                                  with the package installed
 *   node --conditions=tinsmith-source examples/classify.ts     in a checkout
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  evaluate,
  loadNetwork,
  makeNetwork,
  makeRng,
  predict,
  saveNetwork,
  trainNetwork,
} from "tinsmith";

// Windows of 32 times and 3 axes: a circle, a line or a rest, with noise. Yours come from a sensor.
const LABELS = ["circle", "line", "rest"];
function windows(count: number, seed: number) {
  const rng = makeRng(seed);
  const x = new Float32Array(count * 32 * 3);
  const y: string[] = [];
  for (let w = 0; w < count; w++) {
    const kind = w % 3;
    const phase = rng.uniform(0, 6.28);
    for (let t = 0; t < 32; t++) {
      const angle = phase + t * 0.6;
      const wave = [Math.sin(angle), kind === 0 ? Math.cos(angle) : 0.8 * Math.sin(angle), 0.1];
      for (let axis = 0; axis < 3; axis++)
        x[(w * 32 + t) * 3 + axis] = (kind === 2 ? 0 : wave[axis]!) + 0.3 * rng.normal();
    }
    y.push(LABELS[kind]!);
  }
  return { x, y };
}

const network = makeNetwork({
  inputShape: [32, 3],
  outputs: LABELS,
  layers: [
    { type: "conv1d", filters: 8, kernelSize: 5, activation: "relu" },
    { type: "maxPool1d" },
    { type: "dropout", rate: 0.2 },
    { type: "conv1d", filters: 16, kernelSize: 3, activation: "relu" },
    { type: "globalAveragePool" },
  ],
});

const { network: trained, result } = await trainNetwork(
  network,
  windows(300, 1),
  { epochs: 30, learningRate: 0.005, patience: 8, validation: windows(90, 2) },
  {
    onEpoch: ({ epoch, loss, validationAccuracy }) =>
      console.log(`epoch ${epoch}: loss ${loss.toFixed(3)}, validation ${validationAccuracy}`),
  },
);
console.log(`kept epoch ${result.best.epoch}`);

const score = evaluate(trained, windows(90, 3));
if (score.task === "classification") console.log(`test accuracy ${score.accuracy}`);

// A network is JSON and weights.
const folder = mkdtempSync(join(tmpdir(), "network-"));
const { json, weights } = saveNetwork(trained);
writeFileSync(join(folder, "network.json"), json);
writeFileSync(join(folder, "network.bin"), weights);
const again = loadNetwork({
  json: readFileSync(join(folder, "network.json"), "utf8"),
  weights: readFileSync(join(folder, "network.bin")),
});
rmSync(folder, { recursive: true });

const { x, y } = windows(1, 4);
const probabilities = predict(again, x);
console.log(`a ${y[0]} is a ${LABELS[probabilities.indexOf(Math.max(...probabilities))]}`);
