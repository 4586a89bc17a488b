/**
 * Which kernels of a training step cost what? Steps of a workload run as they do in training, but
 * kernel by kernel, so that each finds the caches as it would. For every kernel: the shortest of its
 * wall times, as other work on the machine only ever adds to them, its share of their sum, and its
 * rate, counting float32 operations in its loops.
 *
 *   npm run bench -- kernels [A B C D E] [--steps 40] [--top 25] [--json]
 */
import { performance } from "node:perf_hooks";
import { parseArgs } from "node:util";
import { compile } from "../src/compiler/compile.ts";
import type { Program } from "../src/compiler/program.ts";
import { wasmInstance } from "../src/engine/instance.ts";
import type { Kernel, Stmt } from "../src/ir/kernel.ts";
import { everyPart, exprsOf } from "../src/ir/walk.ts";
import { makeModel } from "../src/models/layers.ts";
import { adamSchedule } from "../src/train/adam.ts";
import { trainingGraphs } from "../src/train/step.ts";
import { batchOf, WORKLOADS, type Workload } from "./workloads.ts";

type Row = {
  readonly workload: string;
  readonly node: string;
  readonly kernel: string;
  readonly microseconds: number;
  readonly share: number;
  readonly gflops: number;
};

/** float32 operations of one run; both sides of an `if` count, and a loop runs to its end. */
function flopOf(body: readonly Stmt[]): number {
  let flop = 0;
  for (const stmt of body) {
    if (stmt.kind === "loop") flop += stmt.extent * flopOf(stmt.body);
    if (stmt.kind === "if") flop += flopOf(stmt.body) + flopOf(stmt.otherwise);
    for (const expr of exprsOf(stmt))
      everyPart(expr, (part) => {
        if (part.kind === "op" && part.op.endsWith("F") && part.op !== "selectF") flop++;
        if (part.kind === "call") flop += flopOf(part.routine.body);
      });
  }
  return flop;
}

/** The program with an entry for each call, whose names are their places in the order. */
function callByCall(program: Program): Program {
  const entries = program.entries[0]!.calls.map((call, i) => {
    return { name: String(i), calls: [call], inputs: [], outputs: [] };
  });
  return { ...program, entries: [...program.entries, ...entries] };
}

/** The engine compiles functions again, better, when they have run for a while. */
const WARM_SECONDS = 1.5;

async function profile(name: string, workload: Workload, steps: number): Promise<Row[]> {
  const { layers, inputShape, outputs, batch } = workload;
  const model = makeModel(layers, inputShape, outputs, 1);
  const { step } = trainingGraphs(model, batchOf(workload), batch, { name: "adam" });
  const { run, view, program } = wasmInstance(callByCall(compile({ step })));
  const [entry, ...single] = program.entries;
  const input = (wanted: string) => view(entry!.inputs.find((tensor) => tensor.name === wanted)!);
  const next = adamSchedule(1e-3);
  const times = single.map((): number[] => []);
  const runStep = (count: number): void => {
    input("indices").set(Int32Array.from({ length: batch }, (_, i) => i));
    input("weights").set(new Float32Array(batch).fill(1 / batch));
    input("seed")[0] = count;
    input("schedule").set(next());
    for (let i = 0; i < single.length; i++) {
      const start = performance.now();
      run(String(i));
      times[i]!.push((performance.now() - start) * 1e3);
    }
  };
  const end = performance.now() + WARM_SECONDS * 1e3;
  for (let count = 0; count < 2 * steps || performance.now() < end; count++) {
    runStep(count);
    // Lets the engine's compiler hand over what it has optimized.
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  const shortest = times.map((list) => Math.min(...list));
  const total = shortest.reduce((sum, time) => sum + time, 0);
  return entry!.calls.map((call, i) => {
    const kernel: Kernel = program.kernels[call.kernel]!;
    const microseconds = shortest[i]!;
    return {
      workload: name,
      node: call.node,
      kernel: kernel.name,
      microseconds,
      share: microseconds / total,
      gflops: flopOf(kernel.body) / microseconds / 1e3,
    };
  });
}

function print(rows: readonly Row[], top: number): void {
  const total = rows.reduce((sum, row) => sum + row.microseconds, 0);
  console.log(`${rows[0]!.workload}: ${rows.length} calls, ${total.toFixed(0)} µs a step`);
  const sorted = [...rows].sort((a, b) => b.microseconds - a.microseconds);
  for (const row of sorted.slice(0, top))
    console.log(
      [
        row.microseconds.toFixed(1).padStart(9),
        `${(row.share * 100).toFixed(1)} %`.padStart(7),
        row.gflops.toFixed(1).padStart(6),
        ` ${row.kernel} (${row.node})`.slice(0, 90),
      ].join(" "),
    );
}

const { values, positionals } = parseArgs({
  options: {
    json: { type: "boolean" },
    steps: { type: "string", default: "40" },
    top: { type: "string", default: "25" },
  },
  allowPositionals: true,
});
const chosen = positionals.length > 0 ? positionals : ["C"];
const all: Row[] = [];
for (const name of chosen) {
  const workload = WORKLOADS[name];
  if (!workload) {
    console.error(`bench: workloads are ${Object.keys(WORKLOADS).join(", ")}, got ${name}`);
    process.exit(1);
  }
  const rows = await profile(name, workload, Number(values.steps));
  all.push(...rows);
  if (!values.json) print(rows, Number(values.top));
}
if (values.json) console.log(JSON.stringify({ node: process.version, rows: all }));
