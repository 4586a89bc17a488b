// LSTM and GRU against plain loops in float64, and their gradients through all steps.
import assert from "node:assert/strict";
import { test } from "node:test";
import { exp } from "../base/math.ts";
import { makeRng } from "../base/rng.ts";
import { interpretInstance } from "../engine/instance.ts";
import { buildGraph } from "../graph/build.ts";
import { gradientError } from "../graph/gradient-error.ts";
import { interpretGraph } from "../graph/interpret-graph.ts";
import { type Shape, sizeOf } from "../tensor/tensor.ts";
import { fit, type TrainingData } from "../train/fit.ts";
import { makeModel } from "./layers.ts";
import { addGru, addLstm } from "./recurrent.ts";

const [B, T, C, H] = [2, 4, 3, 5];
const sigmoid = (x: number): number => 1 / (1 + exp(-x));
const tanh = (x: number): number => 2 * sigmoid(2 * x) - 1;

const shapesOf = (gates: number, c: number, h: number): readonly Shape[] => [
  [c, gates * h],
  [h, gates * h],
  ...new Array(gates === 3 ? 2 : 1).fill([gates * h]),
];

/** x . w [C,G*H] in column `column`. */
const product = (x: readonly number[], w: Float32Array, column: number): number =>
  x.reduce((sum, v, i) => sum + v * w[(i * w.length) / x.length + column]!, 0);

type Step = (
  x: readonly number[],
  state: { h: readonly number[]; c: readonly number[] },
  p: readonly Float32Array[],
) => { h: readonly number[]; c: readonly number[] };

const units = Array.from({ length: H }, (_, u) => u);

const lstmStep: Step = (x, { h, c }, [w, u, b]) => {
  const gate = (n: number, k: number): number =>
    product(x, w!, n * H + k) + product(h, u!, n * H + k) + b![n * H + k]!;
  const cell = units.map(
    (k) => sigmoid(gate(1, k)) * c[k]! + sigmoid(gate(0, k)) * tanh(gate(2, k)),
  );
  return { h: units.map((k) => sigmoid(gate(3, k)) * tanh(cell[k]!)), c: cell };
};

const gruStep: Step = (x, { h, c }, [w, u, b, s]) => {
  const fresh = (n: number, k: number): number => product(x, w!, n * H + k) + b![n * H + k]!;
  const held = (n: number, k: number): number => product(h, u!, n * H + k) + s![n * H + k]!;
  const next = units.map((k) => {
    const z = sigmoid(fresh(0, k) + held(0, k));
    const r = sigmoid(fresh(1, k) + held(1, k));
    return z * h[k]! + (1 - z) * tanh(fresh(2, k) + r * held(2, k));
  });
  return { h: next, c };
};

for (const [name, addLayer, gates, step] of [
  ["lstm", addLstm, 4, lstmStep],
  ["gru", addGru, 3, gruStep],
] as const)
  test(`${name} equals its recurrence; its gradient`, () => {
    const rng = makeRng(31);
    const builder = buildGraph();
    const data = [[B, T, C], ...shapesOf(gates, C, H)].map((shape) =>
      Float32Array.from({ length: sizeOf(shape) }, () => rng.uniform(-1, 1)),
    );
    const names = [[B, T, C], ...shapesOf(gates, C, H)].map((shape, n) =>
      builder.constant(`p${n}`, "float32", shape, data[n]!),
    );
    const [x, ...parameters] = names as [string, ...string[]];
    const last = addLayer(builder, x, parameters);
    const all = addLayer(builder, x, parameters, { returnSequences: true });
    assert.deepEqual(builder.spec(all).shape, [B, T, H]);
    const results = interpretGraph(builder.finish([last, all]), new Map());
    for (let row = 0; row < B; row++) {
      let state = { h: units.map(() => 0), c: units.map(() => 0) } as ReturnType<Step>;
      for (let t = 0; t < T; t++) {
        const start = (row * T + t) * C;
        state = step([...data[0]!.slice(start, start + C)], state, data.slice(1));
        state.h.forEach((expected, k) => {
          const got = results.get(all)![(row * T + t) * H + k]!;
          assert.ok(Math.abs(got - expected) < 1e-6, `[${row},${t},${k}]: ${got}, ${expected}`);
        });
      }
      assert.deepEqual(
        [...results.get(last)!.slice(row * H, row * H + H)],
        [...results.get(all)!.slice((row * T + T - 1) * H, (row * T + T) * H)],
      );
    }

    const { worst, where } = gradientError([[2, 3, 2], ...shapesOf(gates, 2, 2)], (b, inputs) =>
      addLayer(b, inputs[0]!, inputs.slice(1), { returnSequences: true }),
    );
    assert.ok(worst < 1e-6, `${where} is off by ${worst} of the largest`);
  });

/** Whether the first of four values is above 0; the others, which come later, are noise. */
function firstSigns(samples: number): TrainingData {
  const rng = makeRng(12);
  const x = Float32Array.from({ length: samples * 4 }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: samples }, (_, i) => (x[i * 4]! > 0 ? 1 : 0));
  const rows = Array.from({ length: samples }, (_, i) => i);
  const cut = Math.floor(samples * 0.75);
  return { x, y, outputs: 2, train: rows.slice(0, cut), validation: rows.slice(cut) };
}

for (const type of ["lstm", "gru"] as const)
  test(`${type} layers learn to remember; WebAssembly equals the interpreter`, async () => {
    const model = makeModel(
      [
        { type, units: 4, returnSequences: true },
        { type, units: 3 },
      ],
      [4, 1],
      2,
      1,
    );
    const options = { epochs: 25, learningRate: 0.02, batchSize: 16 };
    const { best } = await fit(model, firstSigns(160), options);
    assert.ok(best.validationAccuracy! > 0.9, `accuracy ${best.validationAccuracy}`);
    const short = { ...options, epochs: 1, batchSize: 3 };
    const compiled = await fit(model, firstSigns(6), short);
    const reference = await fit(model, firstSigns(6), { ...short, engine: interpretInstance });
    assert.deepEqual(compiled.history, reference.history);
    assert.deepEqual(compiled.parameters, reference.parameters);
  });

test("a recurrent layer wants times and channels", () => {
  assert.throws(
    () => makeModel([{ type: "lstm", units: 2 }], [6], 2, 1),
    /network: layer 1 \(lstm1\) must fit its input \[6\], got recurrent: x must be \[B,T,C\]/,
  );
});
