// The diagnosis of learning curves: drawn ones, and real small fits of three sizes of network.
import assert from "node:assert/strict";
import { test } from "node:test";
import { makeRng } from "../base/rng.ts";
import { diagnose } from "./diagnose.ts";
import type { DiagnosisInput } from "./diagnosis-facts.ts";
import type { Verdict } from "./diagnosis-rules.ts";
import { type EpochReport, fit, type TrainingData } from "./fit.ts";
import { curveShape } from "./learning-curve.ts";
import { scoreRows } from "./score-rows.ts";
import { denseOf, network, rectify } from "./test-networks.ts";

/** A history of `epochs` from the losses of each epoch, 1, 2, …. */
function curve(
  epochs: number,
  loss: (epoch: number) => number,
  validationLoss: (epoch: number) => number | null,
  validationAccuracy: number | null = 0.9,
): EpochReport[] {
  return Array.from({ length: epochs }, (_, i) => ({
    epoch: i + 1,
    loss: loss(i + 1),
    validationLoss: validationLoss(i + 1),
    validationAccuracy,
  }));
}

const INPUT: DiagnosisInput = {
  classes: [300, 300],
  validationRows: 200,
  training: { loss: 0.2, accuracy: 0.92 },
};
const settling = (epoch: number): number => 0.2 + 0.5 / (epoch * epoch);
const SETTLED = curve(50, settling, settling);

test("a curve that settles is good, one that still falls needs more epochs", () => {
  const good = diagnose(SETTLED, INPUT);
  assert.equal(good.verdict, "good");
  assert.deepEqual(good.remedies, []);
  assert.match(good.sentences[0]!, /92\.0 % and validation accuracy 90\.0 %/);
  const falling = (epoch: number): number => 1 - epoch / 100;
  const early = diagnose(curve(50, falling, falling), INPUT);
  assert.equal(early.verdict, "not-converged");
  assert.equal(early.evidence.bestEpoch, 50);
  // Over the last ten epochs 0.01 each, of 0.6 where they begin; smoothing lags behind a little.
  assert.ok(Math.abs(early.evidence.endSlope! + 0.01 / 0.6) < 1e-3, `${early.evidence.endSlope}`);
});

test("where nothing is classified wrong any more, a falling loss asks for nothing", () => {
  const falling = (epoch: number): number => 1 - epoch / 100;
  const perfect = { ...INPUT, training: { loss: 0.5, accuracy: 1 } };
  assert.equal(diagnose(curve(50, falling, falling, 1), perfect).verdict, "good");
  // One window that is classified wrong, and more epochs may mend it.
  assert.equal(diagnose(curve(50, falling, falling, 0.995), perfect).verdict, "not-converged");
});

test("a validation loss that turns up while the training loss falls is overfitting", () => {
  const rising = (epoch: number): number => 0.4 + Math.abs(epoch - 15) / 50;
  const found = diagnose(
    curve(50, (epoch) => 1 / epoch, rising),
    INPUT,
  );
  assert.equal(found.verdict, "overfit");
  assert.ok(Math.abs(found.evidence.bestEpoch! - 15) <= 1, `${found.evidence.bestEpoch}`);
  assert.match(found.sentences[0]!, /rose from 0\.4\d+ at epoch 1[456] to 1\.\d+ at the end/);
  // A training loss that rises as well is not overfitting.
  const both = diagnose(curve(50, rising, rising), INPUT);
  assert.notEqual(both.verdict, "overfit");
});

test("each rule holds on its own side of its bound", () => {
  const at = (input: Partial<DiagnosisInput>, history = SETTLED): Verdict =>
    diagnose(history, { ...INPUT, ...input }).verdict;
  const trained = (accuracy: number, loss = 0.2) => ({ training: { loss, accuracy } });
  // The gap: 0.9 of 200 rows has a standard error of 2.1 points, three of them are 6.4.
  assert.equal(at(trained(0.963)), "good");
  assert.equal(at(trained(0.965)), "overfit");
  // The target: as good as validation, and leveled off.
  assert.equal(at({ ...trained(0.92), targetAccuracy: 0.93 }), "underfit");
  assert.equal(at({ ...trained(0.92), targetAccuracy: 0.91 }), "good");
  // Still falling by 0.28 % an epoch, which is neither leveled off nor steep.
  const slow = (epoch: number): number => 1 - 0.0025 * epoch;
  assert.equal(at({ ...trained(0.92), targetAccuracy: 0.93 }, curve(50, slow, slow)), "good");
  assert.equal(at({ ...trained(0.83), targetAccuracy: 0.8 }), "suspect-split");
  // No better than the shares of the classes: a loss of 0.693, an accuracy of 0.5 ± 0.04.
  assert.equal(at(trained(0.54, 0.68)), "not-learning");
  assert.notEqual(at(trained(0.54, 0.67)), "not-learning");
  assert.notEqual(at(trained(0.56, 0.68)), "not-learning");
  const tested = (float32: number, int8: number, confusion = [[1]]) => ({
    test: { labels: ["a", "b", "c"], float32, int8, confusion },
  });
  assert.equal(at(tested(0.9, 0.87)), "quantization-loss");
  assert.equal(at(tested(0.9, 0.89)), "good");
  const weak = (hits: number) => [
    [30, 0, 0],
    [0, 30, 0],
    [1, 29 - hits, hits],
  ];
  assert.equal(at(tested(0.9, 0.9, weak(13))), "good");
  assert.equal(at(tested(0.9, 0.9, weak(11))), "class-weakness");
  const { sentences, evidence } = diagnose(SETTLED, { ...INPUT, ...tested(0.9, 0.9, weak(6)) });
  assert.deepEqual([evidence.weakestRecall, evidence.meanRecall], [0.2, 2.2 / 3]);
  assert.match(sentences[0]!, /^"c" is recognized in 20\.0 % .* taken for "b"/);
});

test("a loss that jumps, grows or is no number is told apart", () => {
  const rng = makeRng(5);
  const noisy = curve(60, settling, () => 0.5 + rng.uniform(-0.3, 0.3));
  const unstable = diagnose(noisy, INPUT);
  assert.equal(unstable.verdict, "unstable");
  assert.ok(unstable.evidence.noise! > 0.075, `${unstable.evidence.noise}`);
  const diverging = (epoch: number): number => 0.7 * epoch;
  assert.equal(diagnose(curve(5, diverging, diverging), INPUT).verdict, "diverged");
  assert.equal(diagnose(curve(3, diverging, diverging), INPUT).verdict, "good");
  const broken = diagnose(
    curve(5, (e) => (e > 3 ? Number.NaN : 1), settling),
    INPUT,
  );
  assert.equal(broken.verdict, "diverged");
  assert.deepEqual(JSON.parse(JSON.stringify(broken)), broken, "the diagnosis is not plain JSON");
});

test("few validation rows give no verdict, only a hint and how sure it is", () => {
  const found = diagnose(SETTLED, { ...INPUT, validationRows: 36 });
  assert.equal(found.verdict, "uncertain");
  // 1.96 sqrt(0.9 * 0.1 / 36) = 0.098
  assert.match(found.sentences[0]!, /36 of at least 50 rows.*90\.0 % is known to ± 9\.8 points/);
  assert.match(found.sentences[1]!, /^It hints at "good"\./);
  assert.equal(diagnose(SETTLED, { ...INPUT, validationRows: 50 }).verdict, "good");
  const blind = curve(9, settling, () => null, null);
  assert.equal(diagnose(blind, { ...INPUT, validationRows: 0 }).verdict, "uncertain");
  const random = { loss: 0.7, accuracy: 0.5 };
  const failed = diagnose(blind, { ...INPUT, validationRows: 0, training: random });
  assert.equal(failed.verdict, "not-learning");
});

test("a regression is judged by its losses alone", () => {
  const history = curve(50, settling, settling, null);
  assert.equal(diagnose(history, { classes: [], validationRows: 90 }).verdict, "good");
});

test("one spike leaves the smoothed curve alone, and its noise is that of the rest", () => {
  const values = Array.from({ length: 30 }, (_, i) => (i === 12 ? 9 : 1));
  const { smoothed, noise, lowest, turns } = curveShape(values);
  assert.deepEqual(smoothed, new Array(30).fill(1));
  assert.deepEqual([noise, lowest], [0, 0]);
  assert.equal(turns, 1 / 30);
});

/**
 * Two classes by whether a point in the plane lies within a circle; each label is wrong with the
 * given probability, which a network can only learn by heart.
 */
function circle(train: number, validation: number, wrong: number): TrainingData {
  const rng = makeRng(11);
  const samples = train + validation;
  const x = Float32Array.from({ length: samples * 2 }, () => rng.uniform(-1, 1));
  const y = Int32Array.from({ length: samples }, (_, i) => {
    const [a, b] = [x[2 * i]!, x[2 * i + 1]!];
    const inside = a * a + b * b < 0.6 ? 1 : 0;
    return rng.float() < wrong ? 1 - inside : inside;
  });
  const rows = Array.from({ length: samples }, (_, i) => i);
  return { x, y, outputs: 2, train: rows.slice(0, train), validation: rows.slice(train) };
}

test("networks too small, right and too large for the data are told apart", async () => {
  const verdictOf = async (units: number, data: TrainingData) => {
    const model = network([2], [denseOf(2, units), rectify, denseOf(units, 2)]);
    const fitted = await fit(model, data, { epochs: 60, learningRate: 0.02, batchSize: 16 });
    const kept = { ...model, parameters: fitted.parameters };
    const classes = [0, 0];
    for (let i = 0; i < data.train.length; i++) classes[data.y[data.train[i]!]!]!++;
    return diagnose(fitted.history, {
      classes,
      validationRows: data.validation.length,
      keptEpoch: fitted.best.epoch,
      training: await scoreRows(kept, data, data.train),
    });
  };
  const clean = circle(300, 200, 0);
  const small = await verdictOf(1, clean);
  assert.equal(small.verdict, "underfit", small.sentences[0]);
  const right = await verdictOf(12, clean);
  assert.equal(right.verdict, "good", right.sentences[0]);
  const large = await verdictOf(128, circle(60, 200, 0.2));
  assert.equal(large.verdict, "overfit", large.sentences[0]);
});

test("the score of rows equals the validation of a fit", async () => {
  const data = circle(45, 37, 0.1);
  const model = network([2], [denseOf(2, 5), rectify, denseOf(5, 2)]);
  const { best, parameters } = await fit(model, data, { epochs: 3, learningRate: 0.05 });
  let pauses = 0;
  const score = await scoreRows({ ...model, parameters }, data, data.validation, {
    pause: () => void pauses++,
  });
  assert.deepEqual(score, { loss: best.validationLoss, accuracy: best.validationAccuracy });
  assert.equal(pauses, 2);
});
