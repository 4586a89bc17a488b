/**
 * Does training reach the accuracies that it should on real data? Networks as their literature has
 * them, trained on the training part of a set and scored on its test part, for a few seeds.
 *
 *   npm run bench -- accuracy [mnist hapt speech] [--seeds 1,2,3] [--backend native] [--json]
 *
 * The sets lie in `../shared/data`, which is no part of the product; without them nothing is run.
 */
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BACKENDS } from "../src/host/backends.ts";
import type { EpochReport } from "../src/train/fit.ts";
import { hapt } from "./accuracy/hapt.ts";
import { mnist } from "./accuracy/mnist.ts";
import { speech } from "./accuracy/speech.ts";

const TASKS = [mnist, hapt, speech];
const { values, positionals } = parseArgs({
  options: {
    backend: { type: "string", default: "wasm" },
    json: { type: "boolean" },
    seeds: { type: "string", default: "1" },
  },
  allowPositionals: true,
});
const shared = fileURLToPath(new URL("../../shared", import.meta.url));
if (!existsSync(`${shared}/data`)) {
  console.error("bench: accuracy needs ../shared/data, which is not here");
  process.exit(1);
}
const unknown = positionals.find((name) => TASKS.every((task) => task.name !== name));
if (unknown !== undefined) {
  console.error(`bench: tasks are ${TASKS.map((t) => t.name).join(", ")}, got ${unknown}`);
  process.exit(1);
}
const backend = BACKENDS.find(({ name }) => name === values.backend);
if (!backend) {
  console.error(
    `bench: back ends are ${BACKENDS.map((b) => b.name).join(", ")}, got ${values.backend}`,
  );
  process.exit(1);
}
const engine = backend.open();
const rows = [];
for (const { name, title, must, run } of TASKS) {
  if (positionals.length > 0 && !positionals.includes(name)) continue;
  for (const seed of values.seeds.split(",").map(Number)) {
    const began = performance.now();
    const onEpoch = ({ epoch, loss }: EpochReport): void => {
      process.stderr.write(`\r${name} seed ${seed}: epoch ${epoch}, loss ${loss.toFixed(4)}  `);
    };
    const accuracy = await run(shared, { seed, engine, onEpoch });
    process.stderr.write("\n");
    const seconds = Math.round((performance.now() - began) / 100) / 10;
    rows.push({
      name,
      seed,
      backend: backend.name,
      accuracy,
      must,
      reached: accuracy >= must,
      seconds,
    });
    if (!values.json)
      console.log(`${title}, seed ${seed}: ${accuracy.toFixed(4)}, must ${must}, ${seconds} s`);
  }
}
if (values.json) console.log(JSON.stringify({ rows }));
// Threads of a back end would keep the process.
process.exit();
