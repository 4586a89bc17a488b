/**
 * Predict numbers: two values at once, with a robust loss and a falling learning rate.
 *
 *   node --conditions=tinsmith-source examples/regression.ts     in a checkout
 */
import { evaluate, makeNetwork, makeRng, predict, trainNetwork } from "tinsmith";

/** Temperature and humidity as three sloppy sensors show them, some of whose readings are wild. */
function readings(count: number, seed: number) {
  const rng = makeRng(seed);
  const x = new Float32Array(count * 3);
  const y = new Float32Array(count * 2);
  for (let i = 0; i < count; i++) {
    const [warm, wet] = [rng.uniform(-1, 1), rng.uniform(-1, 1)];
    const wild = rng.float() < 0.02 ? 3 : 0;
    x.set([warm + 0.1 * wet, wet * wet, wet - 0.2 * warm], i * 3);
    y.set([20 + 10 * warm + wild, 50 + 25 * wet], i * 2);
  }
  return { x, y };
}

const network = makeNetwork({
  task: "regression",
  inputShape: [3],
  outputs: ["temperature", "humidity"],
  layers: [{ type: "dense", units: 16, activation: "swish" }],
});
const { network: trained } = await trainNetwork(network, readings(400, 1), {
  epochs: 200,
  learningRate: 0.03,
  learningRateSchedule: "cosine",
  optimizer: { name: "adamW", weightDecay: 1e-4 },
  loss: { name: "huber", delta: 2 },
  keep: "last",
});

const score = evaluate(trained, readings(200, 2));
if (score.task === "regression")
  score.perOutput.forEach(({ mae, r2 }, i) => {
    console.log(
      `${trained.outputs[i]}: mean absolute error ${mae.toFixed(2)}, R2 ${r2.toFixed(3)}`,
    );
  });
const [temperature, humidity] = predict(trained, readings(1, 3).x);
console.log(`now ${temperature!.toFixed(1)} degrees, ${humidity!.toFixed(0)} %`);
