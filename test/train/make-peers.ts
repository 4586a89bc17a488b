/**
 * Makes test/golden/training: ten training steps of networks A to E in Keras and in PyTorch, from
 * the start and the batches of `peers-case.ts`.
 *
 *   node test/train/make-peers.ts --python PATH [A B C D E]
 *
 * PATH is a Python with NumPy, keras, tensorflow and torch (scripts/golden/requirements.txt).
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { WORKLOADS } from "../../bench/workloads.ts";
import {
  ADAM,
  type Case,
  caseOf,
  type Digest,
  digest,
  GOLDEN_FOLDER,
  normOf,
  SEED,
  STEPS,
} from "./peers-case.ts";

const SCRIPT = fileURLToPath(new URL("../../bench/python/ten_steps.py", import.meta.url));
const PEERS = ["keras", "torch"] as const;

function writeStart(folder: string, { workload, model, learningRate, x, y }: Case): void {
  const { layers, inputShape, outputs, batch } = workload;
  const labels = Array.from({ length: STEPS }, (_, step) => [
    ...y.subarray(step * batch, (step + 1) * batch),
  ]);
  const parameters = model.parameters.map(({ name, shape }) => ({ name, shape }));
  const start = {
    layers,
    inputShape,
    outputs,
    batch,
    labels,
    parameters,
    adam: { ...ADAM, learningRate },
  };
  writeFileSync(join(folder, "start.json"), JSON.stringify(start));
  const arrays = [...model.parameters.map(({ data }) => data), x];
  writeFileSync(join(folder, "start.bin"), Buffer.concat(arrays.map(bytesOf)));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array): Buffer =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

type Run = {
  readonly origin: string;
  readonly losses: readonly number[];
  readonly parameters: readonly Float32Array[];
};

function run(python: string, peer: string, folder: string, { model }: Case): Run {
  const { status } = spawnSync(python, [SCRIPT, peer, folder], {
    stdio: ["ignore", 2, 2],
    env: { ...process.env, CUDA_VISIBLE_DEVICES: "", TF_CPP_MIN_LOG_LEVEL: "3" },
  });
  if (status !== 0) throw new Error(`make-peers: ${peer} failed`);
  const { origin, losses } = JSON.parse(readFileSync(join(folder, `${peer}.json`), "utf8"));
  const all = new Float32Array(Uint8Array.from(readFileSync(join(folder, `${peer}.bin`))).buffer);
  let position = 0;
  const parameters = model.parameters.map(({ data }) => {
    position += data.length;
    return all.slice(position - data.length, position);
  });
  return { origin, losses, parameters };
}

/** How far the peers are from each other says what the tolerances are worth. */
function apart(model: Case["model"], [keras, torch]: readonly Run[]): object {
  const relative = (a: number, b: number): number => Math.abs(a - b) / Math.abs(b);
  const tensors = model.parameters.map((_, n) => {
    const [ours, theirs] = [keras!.parameters[n]!, torch!.parameters[n]!];
    return normOf(ours.map((v, i) => v - theirs[i]!)) / normOf(theirs);
  });
  return {
    losses: Math.max(...keras!.losses.map((loss, step) => relative(loss, torch!.losses[step]!))),
    parameters: Math.max(...tensors),
  };
}

function make(python: string, letter: string): void {
  const folder = mkdtempSync(join(tmpdir(), "training-"));
  try {
    const made = caseOf(letter);
    writeStart(folder, made);
    const runs = PEERS.map((peer) => run(python, peer, folder, made));
    const each = <T>(value: (run: Run) => T): { [peer: string]: T } =>
      Object.fromEntries(PEERS.map((peer, i) => [peer, value(runs[i]!)]));
    const parameters: { [name: string]: { [peer: string]: Digest } } = {};
    made.model.parameters.forEach(({ name }, n) => {
      parameters[name] = each(({ parameters }) => digest(letter, name, parameters[n]!));
    });
    const document = {
      origin: each(({ origin }) => origin),
      seed: SEED,
      network: `${letter}, ${made.workload.title}, without dropout`,
      optimizer: { name: "adam", learningRate: made.learningRate, ...ADAM },
      steps: STEPS,
      layout: "base64, little-endian float32, row-major; see Digest in test/train/peers-case.ts",
      apart: {
        meaning: "largest relative difference between the two peers",
        ...apart(made.model, runs),
      },
      losses: each(({ losses }) => losses),
      parameters,
    };
    mkdirSync(GOLDEN_FOLDER, { recursive: true });
    writeFileSync(
      new URL(`${letter}.json`, GOLDEN_FOLDER),
      `${JSON.stringify(document, null, 1)}\n`,
    );
    console.log(letter, document.apart);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const { values, positionals } = parseArgs({
  options: { python: { type: "string", default: "python3" } },
  allowPositionals: true,
});
for (const letter of positionals.length > 0 ? positionals : Object.keys(WORKLOADS))
  make(values.python, letter);
