/**
 * How many training steps a second, and how many times those of the best peer? Float32, Adam,
 * cross-entropy, data resident, one batch. Steps per CPU second, the median of blocks; with more
 * than one thread steps per second on the wall. WASM rows stand against the best JavaScript peer;
 * native rows against the best mode of Keras and PyTorch if a Python that has them is named, else
 * against the best JavaScript peer too.
 *
 *   npm run bench -- training [A B C D E] [--backend NAME] [--python PATH] [--threads 1]
 *                    [--all-peers] [--no-peer] [--json] [--seconds 2]
 *
 * `--seconds` is what each contender gets for each workload, after its warm-up. Another back end
 * (native, wasm-relaxed) runs beside the default. With `--threads 2` ours and Python run on two, and
 * ours on one beside; native code and JavaScript peers have one. The JavaScript peers are installed
 * on first use into bench/peers, from its own lockfile.
 */
import { spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { alternate, type Contender, type Rate } from "./alternate.ts";
import {
  FOR_INFORMATION,
  inNode,
  inPython,
  inTinsmith,
  JS_PEERS,
  oursOn,
  type PythonMode,
  pythonModes,
  takesPart,
} from "./contenders.ts";
import { BACKENDS, type Backend } from "./ours.ts";
import { WORKLOADS } from "./workloads.ts";

type Row = {
  readonly workload: string;
  readonly backend: Backend;
  readonly threads: number;
  readonly stepsPerSecond: number;
  /** Null when it was not asked for, or none ran. */
  readonly peer: string | null;
  readonly peerStepsPerSecond: number | null;
  readonly ratio: number | null;
};

/** Whoever ran, us included, as `--all-peers` lists them. */
type Listed = {
  readonly workload: string;
  readonly name: string;
  readonly version: string;
  readonly stepsPerSecond: number;
};

const PEERS = fileURLToPath(new URL("./peers/", import.meta.url));

function installPeers(): void {
  // npm writes the second when it is done; older than the lockfile, it lacks some.
  const installed = `${PEERS}node_modules/.package-lock.json`;
  const lockfile = `${PEERS}package-lock.json`;
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lockfile).mtimeMs) return;
  console.error("bench: installing the peers into bench/peers …");
  const { status } = spawnSync("npm", ["ci"], { cwd: PEERS, stdio: ["ignore", 2, 2] });
  if (status !== 0) throw new Error("bench: npm ci in bench/peers failed");
}

const bestOf = (rates: ReadonlyMap<string, Rate>, names: readonly string[]): string | null =>
  names
    .filter((name) => rates.has(name))
    .sort((a, b) => rates.get(b)!.stepsPerSecond - rates.get(a)!.stepsPerSecond)[0] ?? null;

const rounded = (value: number): number => Number(value.toPrecision(4));

function rowOf(
  workload: string,
  backend: Backend,
  threads: number,
  rates: ReadonlyMap<string, Rate>,
  pythonNames: readonly string[],
): Row {
  const { stepsPerSecond } = rates.get(oursOn(backend, threads))!;
  const python = backend === "native" ? bestOf(rates, pythonNames) : null;
  const peer = python ?? bestOf(rates, JS_PEERS);
  const peerRate = peer === null ? null : rates.get(peer)!.stepsPerSecond;
  return {
    workload,
    backend,
    threads,
    stepsPerSecond: rounded(stepsPerSecond),
    peer,
    peerStepsPerSecond: peerRate && rounded(peerRate),
    ratio: peerRate && rounded(stepsPerSecond / peerRate),
  };
}

const { values, positionals } = parseArgs({
  options: {
    backend: { type: "string", default: "wasm" },
    python: { type: "string" },
    threads: { type: "string", default: "1" },
    "all-peers": { type: "boolean" },
    "no-peer": { type: "boolean" },
    json: { type: "boolean" },
    seconds: { type: "string", default: "2" },
  },
  allowPositionals: true,
});

function refuse(message: string): never {
  console.error(`bench: ${message}`);
  process.exit(1);
}

function modesOf(python: string): readonly PythonMode[] {
  try {
    return pythonModes(python);
  } catch (error) {
    refuse((error as Error).message);
  }
}

const chosen = positionals.length > 0 ? positionals : Object.keys(WORKLOADS);
for (const name of chosen)
  if (!Object.hasOwn(WORKLOADS, name))
    refuse(`workloads are ${Object.keys(WORKLOADS).join(", ")}, got ${name}`);
if (!Object.hasOwn(BACKENDS, values.backend))
  refuse(`backends are ${Object.keys(BACKENDS).join(", ")}, got ${values.backend}`);
const [threads, seconds] = [Number(values.threads), Number(values.seconds)];
if (!Number.isInteger(threads) || threads < 1)
  refuse(`threads must be a whole number of at least 1, got ${values.threads}`);
if (!(seconds > 0)) refuse(`seconds must be more than 0, got ${values.seconds}`);

const backends: readonly Backend[] =
  values.backend === "wasm" ? ["wasm"] : ["wasm", values.backend as Backend];
const withPeers = !values["no-peer"];
const everybody = values["all-peers"];
if (withPeers) installPeers();
let pythonNames: readonly string[] = [];
if (values.python !== undefined && withPeers) {
  const modes = modesOf(values.python);
  pythonNames = modes.map(({ name }) => name);
  const versions = new Set(modes.map(({ version }) => version));
  console.error(`bench: found ${[...versions].join(", ")}: ${pythonNames.join(", ")}`);
}

const rows: Row[] = [];
const peers: Listed[] = [];
for (const workload of chosen) {
  const { title } = WORKLOADS[workload]!;
  const jsPeers = everybody ? [...JS_PEERS, FOR_INFORMATION] : JS_PEERS;
  const ours = backends.flatMap((backend) =>
    [...new Set([1, backend === "native" ? 1 : threads])].map((count) => ({ backend, count })),
  );
  const contenders: Contender[] = ours.map(({ backend, count }) =>
    inTinsmith(backend, count, workload),
  );
  if (withPeers) {
    const asked = jsPeers.filter((name) => takesPart(name, workload));
    contenders.push(...asked.map((name) => inNode(name, workload)));
    const modes = pythonNames.filter((name) => takesPart(name, workload));
    contenders.push(...modes.map((name) => inPython(values.python!, name, workload, threads)));
  }
  const clock = threads === 1 ? "cpuSeconds" : "wallSeconds";
  const rates = await alternate(contenders, seconds, clock);
  const listed = [...rates].map(([name, { version, stepsPerSecond }]) => ({
    workload,
    name,
    version,
    stepsPerSecond: rounded(stepsPerSecond),
  }));
  peers.push(...listed.sort((a, b) => b.stepsPerSecond - a.stepsPerSecond));
  const measured = ours.filter(({ backend, count }) => rates.has(oursOn(backend, count)));
  if (measured.length < ours.length) process.exitCode = 1;
  const added = measured.map(({ backend, count }) =>
    rowOf(workload, backend, count, rates, count === threads ? pythonNames : []),
  );
  rows.push(...added);
  if (values.json) continue;
  for (const { backend, threads: count, stepsPerSecond, peer, peerStepsPerSecond, ratio } of added)
    console.log(
      `${workload}  ${title.padEnd(30)} ${backend.padEnd(12)} x${count} ${stepsPerSecond}/s` +
        (peer ? `, ${peer} ${peerStepsPerSecond}/s, ratio ${ratio}` : ", no peer"),
    );
  if (everybody)
    for (const { name, version, stepsPerSecond } of listed)
      console.log(`     ${name.padEnd(22)} ${String(stepsPerSecond).padStart(8)}/s  ${version}`);
}
if (values.json) console.log(JSON.stringify(everybody ? { rows, peers } : { rows }));
