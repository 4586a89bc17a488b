import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { sizeOf } from "../tensor/tensor.ts";
import { type Block, type BlockContext, blockGraph, blockWidth } from "./block.ts";
import { MOTION_AXES, MOTION_RATE_HZ, motion, runGraph } from "./fixtures.ts";
import { flatten } from "./flatten.ts";
import { raw } from "./raw.ts";
import { BLOCKS, blockOf } from "./registry.ts";
import { spectral } from "./spectral.ts";

const contextOf = (block: Block, params: unknown = {}, rows = 125): BlockContext => ({
  params: block.parse(params),
  axes: MOTION_AXES,
  sampleRateHz: MOTION_RATE_HZ,
  rows,
});

/** The call fails with exactly this message, and with a hint where one is given. */
function fails(call: () => unknown, message: string, hint?: RegExp): void {
  assert.throws(call, (error) => {
    assert.ok(error instanceof UserError, `${error}`);
    assert.equal(error.message, message);
    if (hint) assert.match(error.hint ?? "", hint);
    return true;
  });
}

/** The others take one axis of sound; `audio.test.ts` has their tests. */
const MOTION_BLOCKS = BLOCKS.filter((block) => block.frames === undefined);

for (const block of MOTION_BLOCKS) {
  test(`${block.type}: every feature has a name of its own`, () => {
    const context = contextOf(block);
    const graph = blockGraph(block, context);
    assert.deepEqual([graph.inputs, graph.outputs], [["window"], ["features"]]);
    const width = sizeOf(graph.tensors.get("features")!.shape);
    assert.equal(blockWidth(block, context), width);
    assert.equal(new Set(block.labels(context)).size, width);
  });

  test(`${block.type}: scaling the axes is scaling the window`, () => {
    const scaled = blockGraph(block, contextOf(block, { "scale-axes": -0.5 }));
    const plain = blockGraph(block, contextOf(block));
    const x = Float32Array.from(motion());
    const halved = x.map((value) => -0.5 * value);
    assert.deepEqual(runGraph(scaled, x, "float32"), runGraph(plain, halved, "float32"));
  });
}

for (const block of BLOCKS) {
  test(`${block.type}: parameters are described and their defaults pass`, () => {
    assert.equal(blockOf(block.type), block);
    const values = block.parse(undefined);
    for (const { name, help, default: initial } of block.parameters) {
      assert.equal(values[name], initial);
      assert.match(help, /\.$/);
    }
    assert.deepEqual(block.parse(values), values);
  });
}

test("features are named axis by axis", () => {
  assert.deepEqual(raw.labels(contextOf(raw, {}, 2)), ["X 0", "Y 0", "Z 0", "X 1", "Y 1", "Z 1"]);
  assert.deepEqual(
    flatten.labels(contextOf(flatten, { minimum: false, maximum: false })).slice(0, 6),
    ["X Average", "X RMS", "X Standard deviation", "X Skewness", "X Kurtosis", "Y Average"],
  );
  const labels = spectral.labels(contextOf(spectral));
  assert.equal(labels.length, 39);
  assert.deepEqual(labels.slice(0, 7), [
    "X RMS",
    "X Skewness",
    "X Kurtosis",
    "X Spectral Skewness",
    "X Spectral Kurtosis",
    "X Spectral Power 1.95 - 5.86 Hz",
    "X Spectral Power 5.86 - 9.77 Hz",
  ]);
});

test("the cutoff drops bins, also where nothing is filtered", () => {
  const bins = (params: { [name: string]: unknown }): readonly string[] => {
    const context = { ...contextOf(spectral, params), axes: ["x"] };
    return spectral.labels(context).slice(5);
  };
  const low = { "filter-type": "low", "filter-cutoff": 8, "fft-length": 32 };
  assert.equal(bins(low).length, 4);
  assert.deepEqual(bins({ ...low, "filter-order": 0 }), bins(low));
  assert.equal(bins({ ...low, "filter-type": "high" }).length, 13);
  assert.equal(bins({ ...low, "filter-order": 0, "filter-cutoff": 1000 }).length, 16);
});

test("parameters that are unknown or of the wrong type are refused", () => {
  fails(
    () => spectral.parse({ "fft-size": 16 }),
    'spectral: parameters must be known, got "fft-size"',
    /You can set scale-axes, .*fft-length/,
  );
  fails(() => raw.parse([1]), "raw: parameters must be an object, got [1]");
  fails(() => raw.parse(null), "raw: parameters must be an object, got null");
  fails(
    () => raw.parse({ "scale-axes": Number.NaN }),
    'raw: "scale-axes" must be a finite number, got null',
  );
  fails(
    () => raw.parse({ "scale-axes": 1e39 }),
    'raw: "scale-axes" must be a finite number, got 1e+39',
  );
  fails(
    () => flatten.parse({ rms: 1 }),
    'flatten: "rms" must be true or false, got 1',
    /root of the mean square/,
  );
  fails(
    () => raw.parse(JSON.parse('{"__proto__": {"scale-axes": 2}}')),
    'raw: parameters must be known, got "__proto__"',
  );
  const off = { average: false, minimum: false, maximum: false, rms: false, stdev: false };
  fails(
    () => flatten.parse({ ...off, skewness: false, kurtosis: false }),
    'flatten: at least one statistic must be on, got "none"',
  );
  fails(
    () => blockOf("image"),
    `block: the type must be one of ${BLOCKS.map((block) => block.type).join(", ")}, got "image"`,
  );
});

test("what the spectral block cannot do is refused in one sentence", () => {
  const refused = (params: unknown, message: string, hint?: RegExp): void =>
    fails(() => blockGraph(spectral, contextOf(spectral, params)), `spectral: ${message}`, hint);
  for (const length of [0, 2, 12, 100, 131072, -16])
    refused(
      { "fft-length": length },
      `"fft-length" must be a power of two from 4 to 65536, got ${length}`,
    );
  for (const order of [1, 3, 10, -2])
    refused(
      { "filter-type": "low", "filter-order": order },
      `"filter-order" must be 0 or 2 or 4 or 6 or 8, got ${order}`,
    );
  refused({ "filter-type": "band" }, '"filter-type" must be "none" or "low" or "high", got "band"');
  refused(
    { "filter-type": "high", "filter-cutoff": 31.25 },
    '"filter-cutoff" must be below half of the sampling rate (31.25 Hz), got 31.25',
    /lower cutoff/,
  );
  refused(
    { "filter-type": "high", "filter-cutoff": 0 },
    '"filter-cutoff" must be above 0 Hz, got 0',
  );
  refused(
    { "filter-type": "high", "filter-cutoff": 1e-4 },
    '"filter-cutoff" must give a stable filter of order 6 in float32, got 0.0001',
    /away from 0/,
  );
  refused(
    { "filter-type": "low", "filter-cutoff": 1, "fft-length": 16 },
    '"filter-cutoff" must leave at least one FFT bin (they are 3.90625 Hz apart), got 1',
    /longer FFT/,
  );
  refused({ "input-decimation-ratio": "3" }, '"input-decimation-ratio" must be "1", got "3"');
  refused({ "analysis-type": "Wavelet" }, '"analysis-type" must be "FFT", got "Wavelet"');
  refused({ "wavelet-level": 2 }, '"wavelet-level" must be 1, got 2');
  refused({ "extra-low-freq": true }, '"extra-low-freq" must be false, got true', /not available/);
});

test("an empty window is refused", () => {
  fails(
    () => blockGraph(raw, { ...contextOf(raw), rows: 0 }),
    "raw: a window must have values at a known rate, got 0 rows of 3 axes at 62.5 Hz",
  );
});
