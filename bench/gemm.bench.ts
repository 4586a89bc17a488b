/**
 * How near does a matrix product come to what the vector unit can do? C[M,N] = A[M,K] B[K,N] in
 * float32, one thread, on each back end. The peak is that of a loop of the same back end, in the
 * same process, that multiplies and adds in registers only.
 *
 * A processor lowers its clock within milliseconds with the power that it draws, and a product,
 * which loads too, draws more than the loop. So both take turns in blocks of a quarter of a
 * millisecond, which see the same clock: the share is the median over pairs of neighboring blocks,
 * beside the median rates in GFLOP per second of CPU time. `alone` is the rate of the loop when
 * nothing runs between, at the clock of then.
 *
 *   npm run bench -- gemm [--backend wasm,wasm-relaxed,native] [--json]
 *   npm run bench -- gemm --tiles     which tile of the WASM emitter suits which shape
 */
import { parseArgs } from "node:util";
import type { Program } from "../src/compiler/program.ts";
import { type Schedule, scheduleKernel } from "../src/compiler/schedule.ts";
import type { Instance } from "../src/engine/instance.ts";
import { kernelProgram } from "../src/engine/kernel-program.ts";
import { add, addF, buildKernel, mul, mulF } from "../src/ir/build.ts";
import type { Kernel } from "../src/ir/kernel.ts";
import { BACKENDS, type Backend } from "./ours.ts";

const BLOCKS = 7;
const BLOCK_FLOP = 1e8;
const WARM_FLOP = 1.5e8;
const PAIRS = 400;
const PAIR_SECONDS = 0.25e-3;

const SHAPES = [
  [32, 33, 20],
  [32, 20, 10],
  [33, 32, 20],
  [32, 64, 64],
  [128, 784, 300],
  [256, 256, 256],
  [4000, 64, 64],
] as const;

const tile = (rows: number, columns: number): Schedule => ({
  i: { kind: "tile", by: rows },
  i_1: { kind: "vector", by: columns },
});

const TILES: { readonly [name: string]: (kernel: Kernel) => Schedule } = {
  chosen: scheduleKernel,
  "4x4": () => tile(4, 4),
  "8x4": () => tile(8, 4),
  "4x8": () => tile(4, 8),
  "5x8": () => tile(5, 8),
  "6x8": () => tile(6, 8),
  "3x12": () => tile(3, 12),
  "2x16": () => tile(2, 16),
};

const product = (rows: number, inner: number, columns: number): Kernel =>
  buildKernel("product", (k) => {
    const a = k.input("float32", rows * inner, "a");
    const b = k.input("float32", inner * columns, "b");
    const c = k.output("float32", rows * columns, "c");
    k.parallel(rows, (m) =>
      k.parallel(columns, (n) => {
        const sum = k.register(0, "sum");
        k.loop(inner, (q) => {
          const left = a.load(add(mul(m, inner), q));
          sum.set(addF(sum.get, mulF(left, b.load(add(mul(q, columns), n)))));
        });
        c.store(add(mul(m, columns), n), sum.get);
      }),
    );
  });

const PEAK = { rows: 60, columns: 64, times: 500 };

/**
 * Each element is multiplied and added to many times; loads and stores are nothing beside that.
 * `fused` is a chain of products with sums, for machines that do both in one instruction; `apart`
 * is a chain of products beside one of sums, which wait for nothing else.
 */
const peakKernel = (form: "fused" | "apart"): Kernel =>
  buildKernel(`peak_${form}`, (k) => {
    const { rows, columns, times } = PEAK;
    const x = k.input("float32", rows * columns, "x");
    const factors = k.input("float32", 2, "factors");
    const y = k.output("float32", rows * columns, "y");
    const [scale, shift] = [k.value(factors.load(0)), k.value(factors.load(1))];
    k.parallel(rows, (m) =>
      k.parallel(columns, (n) => {
        const at = add(mul(m, columns), n);
        const product = k.register(x.load(at), "product");
        const sum = k.register(x.load(at), "sum");
        k.loop(times, () => {
          if (form === "fused") sum.set(addF(mulF(sum.get, scale), shift));
          else {
            product.set(mulF(product.get, scale));
            sum.set(addF(sum.get, shift));
          }
        });
        y.store(at, form === "fused" ? sum.get : addF(product.get, sum.get));
      }),
    );
  });

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;

/** A kernel that is ready to run, and what one run of it computes. */
type Work = { readonly run: () => void; readonly flop: number };

async function prepare(
  kernel: Kernel,
  schedule: Schedule,
  flop: number,
  engine: (program: Program) => Instance,
): Promise<Work> {
  const { run, view, program } = engine(kernelProgram(kernel, schedule));
  for (const tensor of program.entries[0]!.inputs) {
    const content = view(tensor);
    for (let i = 0; i < content.length; i++) content[i] = 1 - ((i * 7) % 13) / 64;
  }
  const work = { run: () => run("main"), flop };
  rateOf(work, Math.ceil(WARM_FLOP / flop));
  await new Promise((resolve) => setTimeout(resolve, 30)); // lets the engine's compiler finish
  return work;
}

/** GFLOP/s of CPU time over so many runs. */
function rateOf({ run, flop }: Work, times: number): number {
  const start = cpuSeconds();
  for (let i = 0; i < times; i++) run();
  return (times * flop) / (cpuSeconds() - start) / 1e9;
}

/** GFLOP/s, the median of longer blocks. */
function steadyRate(work: Work): number {
  const times = Math.ceil(BLOCK_FLOP / work.flop);
  return median(Array.from({ length: BLOCKS }, () => rateOf(work, times)));
}

/** The fastest loop, over forms and over how many registers are kept busy, and its rate. */
async function findPeak(
  engine: (program: Program) => Instance,
): Promise<{ readonly work: Work; readonly rate: number }> {
  const flop = 2 * PEAK.rows * PEAK.columns * PEAK.times;
  let best: { readonly work: Work; readonly rate: number } | undefined;
  for (const [form, rows] of [
    ["fused", 4],
    ["fused", 5],
    ["fused", 6],
    ["apart", 2],
    ["apart", 3],
  ] as const) {
    const work = await prepare(peakKernel(form), tile(rows, 8), flop, engine);
    const rate = steadyRate(work);
    if (!best || rate > best.rate) best = { work, rate };
  }
  return best!;
}

type Row = {
  readonly shape: string;
  readonly backend: Backend;
  readonly gflops: number;
  readonly peak: number;
  readonly share: number;
  readonly alone: number;
};

/** The rates of two works that take turns, and the medians over the turns. */
function takeTurns(work: Work, peak: Work): { gflops: number; peak: number; share: number } {
  const timesOf = (w: Work): number =>
    Math.max(1, Math.round((PAIR_SECONDS * steadyRate(w) * 1e9) / w.flop));
  const [times, peakTimes] = [timesOf(work), timesOf(peak)];
  const pairs = Array.from({ length: PAIRS }, () => {
    const beside = rateOf(peak, peakTimes);
    return { gflops: rateOf(work, times), peak: beside };
  });
  return {
    gflops: median(pairs.map((pair) => pair.gflops)),
    peak: median(pairs.map((pair) => pair.peak)),
    share: median(pairs.map((pair) => pair.gflops / pair.peak)),
  };
}

async function measure(backend: Backend): Promise<Row[]> {
  const engine = BACKENDS[backend];
  const { work: peak, rate: alone } = await findPeak(engine);
  const rows: Row[] = [];
  for (const [m, k, n] of SHAPES) {
    const kernel = product(m, k, n);
    const work = await prepare(kernel, scheduleKernel(kernel), 2 * m * k * n, engine);
    const turns = takeTurns(work, peak);
    rows.push({
      shape: `${m}x${k}x${n}`,
      backend,
      gflops: Number(turns.gflops.toFixed(1)),
      peak: Number(turns.peak.toFixed(1)),
      share: Number(turns.share.toFixed(3)),
      alone: Number(alone.toFixed(1)),
    });
  }
  return rows;
}

async function compareTiles(backend: Backend): Promise<void> {
  const line = (first: string, cells: readonly string[]): void =>
    console.log([first.padEnd(14), ...cells.map((cell) => cell.padStart(7))].join(" "));
  line("MxKxN", Object.keys(TILES));
  for (const [m, k, n] of SHAPES) {
    const kernel = product(m, k, n);
    const cells: string[] = [];
    for (const schedule of Object.values(TILES)) {
      const flop = 2 * m * k * n;
      const work = await prepare(kernel, schedule(kernel), flop, BACKENDS[backend]);
      cells.push(steadyRate(work).toFixed(1));
    }
    line(`${m}x${k}x${n}`, cells);
  }
}

const { values } = parseArgs({
  options: {
    backend: { type: "string", default: "wasm,wasm-relaxed,native" },
    tiles: { type: "boolean" },
    json: { type: "boolean" },
  },
});
const backends = values.backend.split(",") as Backend[];
const unknown = backends.find((name) => !Object.hasOwn(BACKENDS, name));
if (unknown !== undefined) {
  console.error(`bench: backends are ${Object.keys(BACKENDS).join(", ")}, got ${unknown}`);
  process.exit(1);
}
if (values.tiles) await compareTiles(backends[0]!);
else {
  const rows: Row[] = [];
  for (const backend of backends) rows.push(...(await measure(backend)));
  if (values.json) console.log(JSON.stringify({ node: process.version, rows }));
  else
    for (const { shape, backend, gflops, peak, share, alone } of rows)
      console.log(
        `${shape.padEnd(12)} ${backend.padEnd(12)} ${gflops.toFixed(1).padStart(6)} GFLOP/s, ` +
          `${(100 * share).toFixed(0)} % of ${peak.toFixed(1)} (alone ${alone.toFixed(1)})`,
      );
}
