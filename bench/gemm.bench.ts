/**
 * How fast is a matrix product as the WASM emitter writes it, and which tile suits which shape?
 * C[M,N] = A[M,K] B[K,N] in float32, one thread; GFLOP/s, median of 7 blocks of CPU time.
 *
 * npm run bench -- gemm [--json]
 */
import { type Schedule, scheduleKernel } from "../src/compiler/schedule.ts";
import { wasmInstance } from "../src/engine/instance.ts";
import { kernelProgram } from "../src/engine/kernel-program.ts";
import { add, addF, buildKernel, mul, mulF } from "../src/ir/build.ts";
import type { Kernel } from "../src/ir/kernel.ts";

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

const SCHEDULES: { readonly [name: string]: (kernel: Kernel) => Schedule } = {
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

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1]!;

async function gflops(kernel: Kernel, schedule: Schedule, flop: number): Promise<number> {
  const { run, view, program } = wasmInstance(kernelProgram(kernel, schedule));
  for (const tensor of program.entries[0]!.inputs) {
    const content = view(tensor);
    for (let i = 0; i < content.length; i++) content[i] = ((i * 7) % 13) - 6;
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

const rows: { shape: string; gflops: { [schedule: string]: number } }[] = [];
for (const [m, k, n] of SHAPES) {
  const kernel = product(m, k, n);
  const found: { [schedule: string]: number } = {};
  for (const [name, schedule] of Object.entries(SCHEDULES))
    found[name] = Number((await gflops(kernel, schedule(kernel), 2 * m * k * n)).toFixed(1));
  rows.push({ shape: `${m}x${k}x${n}`, gflops: found });
}

if (process.argv.includes("--json")) console.log(JSON.stringify({ node: process.version, rows }));
else {
  const names = Object.keys(SCHEDULES);
  console.log(`GFLOP/s, Node ${process.version}`);
  console.log(["MxKxN".padEnd(14), ...names.map((name) => name.padStart(7))].join(" "));
  for (const row of rows)
    console.log(
      [row.shape.padEnd(14), ...names.map((name) => row.gflops[name]!.toFixed(1).padStart(7))].join(
        " ",
      ),
    );
}
