/**
 * `mfeFeatures(x [rows, 1]) {…MelFrames, noiseFloorDb}`: the energies of the mel filters of each
 * frame in decibels, from 0 at the noise floor to 1 at 12 dB, in 256 steps; [frames * filters],
 * frame after frame. Samples have the range of 16-bit integers, full scale is 0 dB (signal-
 * processing blocks, section 7, version 4). A saturated cell is 255/256.
 *
 * The decibels are a nest of their own over all cells, so that the logarithms run in lanes.
 */
import type { Operator } from "../../graph/graph.ts";
import { has, real, rule, takes } from "../../graph/operators/rules.ts";
import {
  add,
  addF,
  buildKernel,
  call,
  divF,
  maxF,
  min,
  minF,
  mul,
  mulF,
  subF,
  toFloat,
  truncate,
} from "../../ir/build.ts";
import { log10 } from "../../ir/routines/log10.ts";
import { spectrumLength } from "../../ir/routines/rfft.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import { addFramePower, addMelEnergies, frameMultiplications, melFramesOf } from "./mel-frames.ts";

/** Decibels above full scale at which a cell saturates. */
export const HEADROOM_DB = 12;
/** One over the square of the largest sample. */
const FULL_SCALE = 1 / (32768 * 32768);

export const mfeFeatures: Operator = {
  name: "mfeFeatures",
  infer: (inputs, attributes) => {
    takes("mfeFeatures", inputs, 1);
    const [x] = inputs;
    has("mfeFeatures", x!, "float32", 2);
    rule("mfeFeatures", x!.shape[1] === 1, "a window must have one axis", x!.shape[1]);
    const { frames, filters } = melFramesOf("mfeFeatures", attributes, x!.shape[0]!);
    const floorDb = real("mfeFeatures", attributes, "noiseFloorDb");
    rule(
      "mfeFeatures",
      floorDb < HEADROOM_DB,
      `noiseFloorDb must be below ${HEADROOM_DB}`,
      floorDb,
    );
    return [{ dtype: "float32", shape: [frames * filters.length] }];
  },
  lower: ({ attributes, inputs, outputs }) =>
    buildKernel("mfe_features", (k) => {
      const rows = inputs[0]!.shape[0]!;
      const options = melFramesOf("mfeFeatures", attributes, rows);
      const floorDb = real("mfeFeatures", attributes, "noiseFloorDb");
      const { frames, fftLength, filters } = options;
      const x = k.input("float32", rows);
      const y = k.output("float32", sizeOf(outputs[0]!.shape));
      const spectrum = k.scratch("float32", spectrumLength(fftLength), "spectrum");
      k.loop(frames, (frame) => {
        addFramePower(k, options, x, frame, spectrum, FULL_SCALE / fftLength);
        addMelEnergies(k, options, spectrum, (filter, energy) =>
          y.store(add(mul(frame, filters.length), filter), energy),
        );
      });
      k.parallel(y.length, (cell) => {
        const decibels = mulF(10, call(log10, maxF(y.load(cell), 1e-30)));
        const level = divF(subF(decibels, floorDb), HEADROOM_DB - floorDb);
        const step = truncate(addF(mulF(256, minF(maxF(level, 0), 1)), 0.5));
        y.store(cell, mulF(toFloat(min(step, 255)), 1 / 256));
      });
    }),
  macs: ({ attributes, inputs }) => {
    const options = melFramesOf("mfeFeatures", attributes, inputs[0]!.shape[0]!);
    return options.frames * (frameMultiplications(options) + 4 * options.filters.length);
  },
};
