/**
 * How near does a matrix product come to what the vector unit can do? C[M,N] = A[M,K] B[K,N] in
 * float32, one thread, on each back end; GFLOP/s, median of 7 blocks of CPU time. The peak is that
 * of a loop of the same back end, in the same process, that multiplies and adds in registers only.
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

async function gflops(
  kernel: Kernel,
  schedule: Schedule,
  flop: number,
  engine: (program: Program) => Instance,
): Promise<number> {
  const { run, view, program } = engine(kernelProgram(kernel, schedule));
  for (const tensor of program.entries[0]!.inputs) {
    const content = view(tensor);
    for (let i = 0; i < content.length; i++) content[i] = 1 - ((i * 7) % 13) / 64;
  }
  const repeat = (total: number): void => {
    for (let done = 0; done < total; done += flop) run("main");
  };
  repeat(WARM_FLOP);
  await new Promise((resolve) => setTimeout(resolve, 30)); // lets the engine's compiler finish
  const rates = Array.from({ length: BLOCKS }, () => {
    const start = cpuSeconds();
    repeat(BLOCK_FLOP);
    return (Math.ceil(BLOCK_FLOP / flop) * flop) / (cpuSeconds() - start) / 1e9;
  });
  return median(rates);
}

/** The best that is seen, over forms and over how many registers are kept busy. */
async function peakOf(engine: (program: Program) => Instance): Promise<number> {
  const flop = 2 * PEAK.rows * PEAK.columns * PEAK.times;
  let best = 0;
  for (const [form, rows] of [
    ["fused", 4],
    ["fused", 5],
    ["fused", 6],
    ["apart", 2],
    ["apart", 3],
  ] as const)
    best = Math.max(best, await gflops(peakKernel(form), tile(rows, 8), flop, engine));
  return best;
}

type Row = {
  readonly shape: string;
  readonly backend: Backend;
  readonly gflops: number;
  readonly peak: number;
  readonly share: number;
};

async function measure(backend: Backend): Promise<Row[]> {
  const engine = BACKENDS[backend];
  const rates: { shape: string; rate: number }[] = [];
  let peak = await peakOf(engine);
  for (const [m, k, n] of SHAPES) {
    const kernel = product(m, k, n);
    const rate = await gflops(kernel, scheduleKernel(kernel), 2 * m * k * n, engine);
    rates.push({ shape: `${m}x${k}x${n}`, rate });
  }
  // The machine's clock may have changed since; the higher peak is the stricter measure.
  peak = Math.max(peak, await peakOf(engine));
  return rates.map(({ shape, rate }) => ({
    shape,
    backend,
    gflops: Number(rate.toFixed(1)),
    peak: Number(peak.toFixed(1)),
    share: Number((rate / peak).toFixed(3)),
  }));
}

async function compareTiles(backend: Backend): Promise<void> {
  const line = (first: string, cells: readonly string[]): void =>
    console.log([first.padEnd(14), ...cells.map((cell) => cell.padStart(7))].join(" "));
  line("MxKxN", Object.keys(TILES));
  for (const [m, k, n] of SHAPES) {
    const kernel = product(m, k, n);
    const cells: string[] = [];
    for (const schedule of Object.values(TILES)) {
      const rate = await gflops(kernel, schedule(kernel), 2 * m * k * n, BACKENDS[backend]);
      cells.push(rate.toFixed(1));
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
    for (const { shape, backend, gflops: rate, peak, share } of rows)
      console.log(
        `${shape.padEnd(12)} ${backend.padEnd(12)} ${rate.toFixed(1).padStart(6)} GFLOP/s, ` +
          `${(100 * share).toFixed(0)} % of ${peak.toFixed(1)}`,
      );
}
