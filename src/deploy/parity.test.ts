/** The packaged library against WASM and the interpreter, under every compiler; and seen to fail. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { COMPILERS, HOST } from "../../test/device/c-compiler.ts";
import {
  expectedOutputs,
  randomWindows,
  referenceLibrary,
} from "../../test/device/reference-library.ts";
import { requirement } from "../../test/requirements.ts";
import { packC99 } from "./c99.ts";
import { compareOutputs, runParity } from "./parity.ts";

const reference = referenceLibrary();
const { program, info } = reference;
const files = packC99(program, info);
const windows = randomWindows(info.rows * info.axes.length, 60, 5);
windows[1]![0] = Number.NaN;
const expected = expectedOutputs(reference, windows);
const equal = { int8Mismatches: 0, float32MaxUlp: 0, featureMaxUlp: 0, anomalyMaxUlp: 0 };

for (const { name, command } of COMPILERS)
  test(`the library equals WASM to the bit: ${name}`, async () => {
    const figures = await runParity(HOST, info, files, windows, expected, command);
    assert.ok(figures);
    const { compiler, ...rest } = figures;
    assert.match(compiler, /gcc|clang/);
    assert.deepEqual(rest, { windows: windows.length, ...equal });
  });

test("WASM equals the interpreter to the bit", () => {
  const few = windows.slice(0, 4);
  assert.deepEqual(
    expectedOutputs(reference, few, "interpreter"),
    expectedOutputs(reference, few, "wasm"),
  );
});

test("a changed weight shows", requirement("cc"), async () => {
  const changed = files.map(({ path, text }) => ({
    path,
    text: path.endsWith("_data.c")
      ? text
          .replace(/(\.inverse_std = \{\s*)\S+f,/, "$1 2.0f,")
          .replace(/(_w = \{\s*)-?\d+,/, "$1 99,")
      : text,
  }));
  assert.notDeepEqual(changed, files);
  const figures = await runParity(HOST, info, changed, windows, expected);
  assert.ok(figures && figures.int8Mismatches > 0);
  assert.equal(figures.featureMaxUlp, 0);
});

test("differences are counted in units in the last place", () => {
  const output = {
    features: Float32Array.of(1, -0, Number.NaN),
    quantized: Int8Array.of(1, 2),
    probabilities: Float32Array.of(0.5, 0.5),
    anomaly: 1,
  };
  const bytes = new Uint8Array(new Float32Array(7).buffer.byteLength - 4 + 2);
  const view = new DataView(bytes.buffer);
  for (const [i, v] of [1.0000001, 0, Number.NaN].entries()) view.setFloat32(4 * i, v, true);
  for (const [i, v] of [1, 3].entries()) view.setInt8(12 + i, v);
  for (const [i, v] of [0.5, 0.5, -1].entries()) view.setFloat32(14 + 4 * i, v, true);
  const figures = compareOutputs(bytes, [output]);
  assert.deepEqual(figures, {
    windows: 1,
    int8Mismatches: 1,
    float32MaxUlp: 0,
    featureMaxUlp: 1,
    anomalyMaxUlp: 2 * 0x3f800000 + 1,
  });
  assert.throws(() => compareOutputs(bytes.subarray(1), [output]), /must write 26 bytes, got 25/);
});

test("no compiler gives no figures", async () => {
  const command = ["no-such-compiler"];
  assert.equal(await runParity(HOST, info, files, windows, expected, command), undefined);
});
