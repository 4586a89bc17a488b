/**
 * One contender of the training benchmark in a process of its own: `node serve.ts NAME WORKLOAD
 * [THREADS]` with the protocol of `alternate.ts`. What a peer prints goes to standard error.
 */
import { createInterface } from "node:readline";
import type { Training } from "./peers/training.ts";
import { WORKLOADS } from "./workloads.ts";

const CONTENDERS: { readonly [name: string]: () => Promise<Training> } = {
  "tinsmith wasm": async () => (await import("./ours.ts")).ours(workload, "wasm", threads),
  "tinsmith wasm-relaxed": async () =>
    (await import("./ours.ts")).ours(workload, "wasm-relaxed", threads),
  "tinsmith native": async () => (await import("./ours.ts")).ours(workload, "native", threads),
  "tfjs minimize": async () => (await import("./peers/tfjs.ts")).minimize(workload),
  "tfjs trainOnBatch": async () => (await import("./peers/tfjs.ts")).trainOnBatch(workload),
  "tfjs by hand": async () => (await import("./peers/tfjs-by-hand.ts")).byHand(workload),
  "jax-js": async () => (await import("./peers/jax.ts")).jax(workload, "convolution"),
  "jax-js by hand": async () => (await import("./peers/jax.ts")).jax(workload, "matmul"),
  "brain.js": async () => (await import("./peers/brain.ts")).brain(workload),
};

console.log = console.error;
console.info = console.error;

const say = (answer: object): void => {
  process.stdout.write(`${JSON.stringify(answer)}\n`);
};
const sayFailure = (error: unknown): void => {
  console.error(error);
  const message = error instanceof Error ? error.message : String(error);
  say({ failure: message.split("\n")[0]!.slice(0, 200) });
};

const cpuSeconds = (): number => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

async function block({ step, sync }: Training, steps: number): Promise<object> {
  const cpuBefore = cpuSeconds();
  const wallBefore = performance.now();
  for (let i = 0; i < steps; i++) {
    const pending = step();
    if (pending instanceof Promise) await pending;
  }
  await sync();
  return {
    cpuSeconds: cpuSeconds() - cpuBefore,
    wallSeconds: (performance.now() - wallBefore) / 1000,
  };
}

const [name, letter, count = "1"] = process.argv.slice(2);
const workload = WORKLOADS[letter!]!;
const threads = Number(count);
try {
  const training = await CONTENDERS[name!]!();
  say({ ready: training.version });
  for await (const line of createInterface({ input: process.stdin }))
    say(await block(training, Number(line)));
} catch (error) {
  sayFailure(error);
}
process.exit();
