/** Losses, optimizers and random changes of examples: what only training graphs have. */
import { addGradients } from "../../src/graph/autodiff.ts";
import type { Operator } from "../../src/graph/graph.ts";
import { dense } from "../../src/graph/operators/dense.ts";
import { addWeightDecay } from "../../src/train/add-weight-decay.ts";
import { augmentImage, imageAttributes } from "../../src/train/augment-image.ts";
import { augmentationAttributes, augmentSpectrogram } from "../../src/train/augment-spectrogram.ts";
import { clipByGlobalNorm } from "../../src/train/clip-by-global-norm.ts";
import { LOSSES, type LossDefinition } from "../../src/train/losses.ts";
import { meanSquaredError } from "../../src/train/mean-squared-error.ts";
import {
  gradientPoints,
  OPTIMIZERS,
  resolveOptimizer,
  scheduleOf,
} from "../../src/train/optimizers.ts";
import { settingsOf } from "../../src/train/settings.ts";
import { warpTime } from "../../src/train/warp-time.ts";
import type { Case, CasePlace } from "./place.ts";

function lossCase([name, definition]: readonly [string, LossDefinition]): Case {
  return {
    name,
    build: (place) => {
      const [rows, width] = [place.size(), 1 + place.channels()];
      const range = definition.ofProbabilities ? ([0.05, 0.95] as const) : ([-4, 4] as const);
      const outputs = place.input([rows, width], { range });
      const labels = definition.targets === "labels";
      const targets = labels
        ? place.input([rows], { dtype: "int32", range: [0, width - 1] })
        : place.input([rows, width], {
            range: definition.targets === "shares" ? [0, 1] : [-4, 4],
            fixed: true,
          });
      const weights = place.input([rows], { range: [0, 1], fixed: true });
      const given = name === "softmaxCrossEntropy" ? { labelSmoothing: 0.1 } : {};
      const settings = settingsOf(name, given, definition.settings);
      const inputs = [outputs, targets, weights];
      return place.builder.apply(definition.operator, inputs, settings);
    },
  };
}

/** One step of an optimizer on a linear regression, with clipping and weight decay. */
const optimizerCase = (name: string): Case => ({
  name: `optimizer ${name}`,
  gradient: false,
  build: (place) => {
    const { builder } = place;
    const [rows, inputs, units] = [place.size(), place.size(), place.channels()];
    const x = place.input([rows, inputs]);
    const y = place.input([rows, units]);
    const weights = place.input([rows], { range: [0.1, 1] });
    const parameters = [place.state([inputs, units]), place.state([units])];
    const points = gradientPoints(builder, parameters, { name });
    const loss = builder.one(meanSquaredError, [builder.one(dense, [x, ...points]), y, weights]);
    const byPoint = addGradients(builder, loss, points);
    const raw = points.map((point) => byPoint.get(point)!);
    const clipped = builder.apply(clipByGlobalNorm, raw, { maxNorm: 0.5 });
    const gradients = clipped.map((g, n) =>
      builder.one(addWeightDecay, [g, points[n]!], { weightDecay: 0.1 }),
    );
    const { definition, settings } = resolveOptimizer({ name });
    const schedule = place.given(Float32Array.from(scheduleOf({ name }, 0.01)()));
    definition.update(builder, { parameters, gradients, schedule }, settings);
    return loss;
  },
});

const seeded = (
  operator: Operator,
  make: (place: CasePlace) => readonly [shape: readonly number[], attributes: object],
): Case => ({
  name: operator.name,
  gradient: false,
  build: (place) => {
    const [shape, attributes] = make(place);
    const seed = place.input([1], { dtype: "int32", range: [-1000, 1000] });
    return place.one(operator, [place.input(shape), seed], { ...attributes });
  },
});

export const TRAINING_CASES: readonly Case[] = [
  ...[...LOSSES].map(lossCase),
  ...[...OPTIMIZERS.keys()].map(optimizerCase),
  seeded(augmentSpectrogram, (place) => {
    const [frames, columns] = [1 + place.size(), place.channels()];
    const masks = (extent: number) => ({ count: place.rng.int(3), width: place.rng.int(extent) });
    const attributes = augmentationAttributes({
      ...{ frames, columns, noise: 0.2, timeShift: place.rng.int(frames) },
      ...{ timeMasks: masks(frames), frequencyMasks: masks(columns) },
    });
    return [[place.size(), frames * columns], attributes];
  }),
  seeded(warpTime, (place) => {
    const [warp, columns] = [place.rng.int(3), place.channels()];
    const frames = 3 + 2 * warp + place.rng.int(4);
    return [[place.size(), frames, columns], { frames, columns, warp }];
  }),
  seeded(augmentImage, (place) => {
    const [height, width, channels] = [place.size(), place.size(), 1 + place.rng.int(4)];
    const parts = { flip: place.rng.int(2) === 0, zoom: 1 + place.rng.float(), brightness: 0.3 };
    const attributes = imageAttributes({ kind: "image", height, width, channels, ...parts });
    return [[place.size(), height, width, channels], attributes];
  }),
];
