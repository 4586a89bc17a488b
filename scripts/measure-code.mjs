/**
 * Measures the machine code of generated functions for Cortex-M4F and writes the table from which
 * device figures are computed: src/deploy/code-table.generated.ts. Run it when an operator, the C
 * emitter or the pinned compiler changes; a test says when the table has fallen behind.
 *
 * node scripts/measure-code.mjs           measures and writes; needs arm-none-eabi-gcc 12.2
 * node scripts/measure-code.mjs --check   measures nothing: compares the figures of fresh pipelines
 *                                         with a build and prints the differences
 */
import { writeFileSync } from "node:fs";
import { ARM_GCC, buildForArm } from "../src/deploy/arm-gcc.ts";
import { packC99 } from "../src/deploy/c99.ts";
import { callCountsOf, figuresOf, linkedFigures, minimalMain } from "../src/deploy/figures.ts";
import { countsOf, fingerprint, routinesOf } from "../src/deploy/fingerprint.ts";
import { describeLibrary } from "../src/deploy/library.ts";
import { versionOf } from "../src/deploy/tool-host.ts";
import { nodeHost } from "../src/host/node-host.ts";
import { referenceLibrary } from "../test/device/reference-library.ts";

const host = nodeHost();
const VERSION = /\b12\.2\./;
const TABLE = new URL("../src/deploy/code-table.generated.ts", import.meta.url);

const dense = (units) => ({ type: "dense", units, activation: "relu" });
const conv = (filters, kernelSize, rest = {}) => ({
  type: "conv1d",
  filters,
  kernelSize,
  activation: "relu",
  ...rest,
});
const names = (count) => Array.from({ length: count }, (_, i) => `axis${i}`);
const labels = (count) => Array.from({ length: count }, (_, i) => `label${i}`);

/** Variations of the pipeline: every block, layer and form that a run can choose, in some size. */
function* variations() {
  const spectral = (params) => ({ block: "spectral", params });
  for (const filter of ["none", "low", "high"])
    for (const order of filter === "none" ? [6] : [2, 4, 6, 8])
      for (const fft of [16, 32, 128])
        for (const axes of order === 6 && fft === 32 ? [1, 2, 3, 6] : [3]) {
          const filtered = { "filter-type": filter, "filter-cutoff": 4, "filter-order": order };
          yield { ...spectral({ "fft-length": fft, ...filtered }), axes: names(axes), rows: 125 };
        }
  for (const more of [{ "do-log": false }, { "do-fft-overlap": false }, { "scale-axes": 2 }])
    yield { ...spectral({ "fft-length": 16, ...more }), rows: 125 };
  for (const block of ["raw", "flatten"])
    for (const axes of [1, 3, 6])
      for (const params of [{}, { "scale-axes": 2 }])
        yield { block, params, axes: names(axes), rows: 50, layers: [dense(20)] };
  for (const perChannel of [true, false])
    for (const count of [2, 3, 4, 5, 7])
      for (const layers of [[dense(20), dense(10)], [dense(4), dense(3)], [dense(6)], []])
        yield { layers, perChannel, labels: labels(count), clusters: count === 5 ? 0 : 32 };
  for (const block of ["spectral", "raw", "flatten"])
    for (const anomalyBlock of ["spectral", "raw", "flatten"])
      for (const standardized of [true, false])
        yield { block, params: {}, anomalyBlock, standardized, layers: [dense(10)], rows: 50 };
  const frames = { mfe: [50, 32], mfcc: [50, 13] };
  for (const block of ["mfe", "mfcc"])
    for (const count of [2, 8, 12]) {
      const params = block === "mfe" ? { "frame-stride": 0.02, "num-filters": 32 } : {};
      const stage = (filters) => [
        conv(filters, 3, { padding: "same" }),
        { type: "maxPool1d", size: 2 },
      ];
      const layers = [
        { type: "reshape", shape: frames[block] },
        ...[16, 32, 32].flatMap(stage),
        { type: "flatten" },
      ];
      const sound = { axes: names(1), rows: 16000, sampleRateHz: 16000, clusters: 0 };
      yield { block, params, layers, labels: labels(count), ...sound };
    }
  for (const perChannel of [true, false])
    for (const padding of ["same", "valid"])
      for (const stride of [1, 2]) {
        const rows = 60;
        const layers = [
          { type: "reshape", shape: [rows, 3] },
          conv(8, 3, { padding, stride }),
          { type: "maxPool1d", padding },
          conv(12, 5, { padding, activation: "linear" }),
          { type: "maxPool1d", size: 3, stride: 2, padding },
          { type: "flatten" },
          dense(16),
        ];
        yield { block: "raw", params: {}, rows, layers, perChannel };
      }
}

/** Least squares of the relative error with coefficients of at least 0, by coordinate descent. */
function fit(rows, values) {
  const scaled = rows.map((row, r) => row.map((count) => count / values[r]));
  const coefficients = rows[0].map(() => 0);
  const residuals = rows.map(() => 1);
  for (let sweep = 0; sweep < 5000; sweep++)
    for (let j = 0; j < coefficients.length; j++) {
      let along = 0;
      let square = 1e-9;
      for (let r = 0; r < rows.length; r++) {
        along += scaled[r][j] * residuals[r];
        square += scaled[r][j] * scaled[r][j];
      }
      const step = Math.max(along / square, -coefficients[j]);
      coefficients[j] += step;
      for (let r = 0; r < rows.length; r++) residuals[r] -= step * scaled[r][j];
    }
  const worst = Math.max(...residuals.map(Math.abs));
  console.error(`measure-code: the model is off by at most ${(100 * worst).toFixed(0)} %`);
  return coefficients.map((c) => Math.round(c * 100) / 100);
}

const mean = (values) => values.reduce((a, b) => a + b, 0) / values.length;

async function measure() {
  const version = await versionOf(host, ARM_GCC);
  if (!VERSION.test(version ?? ""))
    throw new Error(`measure-code: the compiler must be ${ARM_GCC} 12.2, got ${version ?? "none"}`);
  const found = new Map(); // fingerprint: {counts, bytes: [...], frame}
  const calls = []; // [counts, bytes, stack]
  for (const options of variations()) {
    const { program, info } = referenceLibrary({ ...options, golden: 1 });
    const library = describeLibrary(program, info);
    const { prefix, macro, source } = library;
    const build = await buildForArm(host, packC99(program, info), minimalMain(prefix, macro));
    const sizes = new Map(
      build.sections.map(({ name, bytes }) => [name.replace(".text.", ""), bytes]),
    );
    const add = (unit, name) => {
      const key = fingerprint(unit);
      const entry = found.get(key) ?? { counts: countsOf(unit), bytes: [], frame: 0 };
      if (!sizes.has(name)) throw new Error(`measure-code: no function ${name}`);
      entry.bytes.push(sizes.get(name));
      entry.frame = Math.max(entry.frame, build.frames.get(name) ?? 0);
      found.set(key, entry);
    };
    for (const [i, kernel] of program.kernels.entries()) add(kernel, source.kernelNames[i]);
    for (const routine of routinesOf(program.kernels)) add(routine, `ts_${routine.name}`);
    const own = ["input", "run", "classify"].map((name) => `${prefix}_${name}`);
    calls.push([
      callCountsOf(library),
      own.reduce((sum, name) => sum + (sizes.get(name) ?? 0), 0),
      own.reduce((sum, name) => sum + (build.frames.get(name) ?? 0), 0),
    ]);
    process.stderr.write(".");
  }
  process.stderr.write("\n");
  const entries = [...found].sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [key, { bytes }] of entries)
    if (Math.max(...bytes) - Math.min(...bytes) > 16)
      console.error(`${key}: ${Math.min(...bytes)} to ${Math.max(...bytes)} bytes`);
  const functions = entries.map(([key, e]) => [key, [Math.round(mean(e.bytes)), e.frame]]);
  const table = {
    functions,
    perCount: fit(
      entries.map(([, e]) => e.counts),
      entries.map(([, e]) => mean(e.bytes)),
    ),
    perCall: fit(
      calls.map(([counts]) => counts),
      calls.map(([, bytes]) => bytes),
    ),
    runStack: Math.max(...calls.map(([, , stack]) => stack)),
  };
  const rows = functions.map((row) => `    ${JSON.stringify(row)},\n`).join("");
  const rest = ["perCount", "perCall", "runStack"].map(
    (name) => `  ${name}: ${JSON.stringify(table[name])},\n`,
  );
  writeFileSync(
    TABLE,
    `/** Machine code of generated functions in bytes, and their frames; by scripts/measure-code.mjs. */
export const CODE_TABLE: {
  /** Fingerprint, then bytes of code and of stack. */
  readonly functions: readonly (readonly [string, readonly [number, number]])[];
  /** Bytes for each count of \`countsOf\`, for functions that are not in the table. */
  readonly perCount: readonly number[];
  /** Bytes of the interface for each count of \`callCountsOf\`. */
  readonly perCall: readonly number[];
  readonly runStack: number;
} = {
  functions: [
${rows}  ],
${rest.join("")}};
`,
  );
  console.log(`measure-code: ${functions.length} functions, ${version}`);
}

async function check() {
  const spectral = { block: "spectral", params: { "fft-length": 64, "filter-type": "low" } };
  const fresh = [
    { ...spectral, axes: names(3), rows: 100, layers: [dense(24), dense(12)], labels: labels(6) },
    { ...spectral, axes: names(4), rows: 80, layers: [dense(9)], labels: labels(3), clusters: 20 },
    { block: "flatten", params: {}, axes: names(2), rows: 40, layers: [dense(10), dense(10)] },
    { block: "raw", params: {}, axes: names(3), rows: 33, layers: [dense(30), dense(5)] },
  ];
  for (const options of fresh) {
    const { program, info } = referenceLibrary({ ...options, golden: 1 });
    const computed = figuresOf(describeLibrary(program, info));
    const linked = await linkedFigures(host, info, packC99(program, info));
    console.log(options.block, JSON.stringify({ computed, linked }));
  }
}

await (process.argv.includes("--check") ? check() : measure());
