/**
 * `mfccFeatures(x [rows, 1]) {…MelFrames, coefficients}`: of each frame the logarithm of its energy
 * and coefficients 1, 2, … of the orthonormal cosine transform (DCT-II) of the logarithms of its
 * mel energies; [frames * coefficients], frame after frame (signal-processing blocks, section 8,
 * version 4, before normalization). Samples are taken as they are.
 */
import { cos, PI } from "../../base/math.ts";
import type { Operator } from "../../graph/graph.ts";
import { has, integer, rule, takes } from "../../graph/operators/rules.ts";
import { add, addF, buildKernel, call, mul, mulF } from "../../ir/build.ts";
import { log } from "../../ir/routines/log.ts";
import { spectrumLength } from "../../ir/routines/rfft.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import {
  addFrameEnergy,
  addFramePower,
  addMelEnergies,
  frameMultiplications,
  melFramesOf,
} from "./mel-frames.ts";

/** Row n has the factors of log energy n in coefficients 1 to `coefficients` - 1. */
function cosines(filters: number, coefficients: number): Float32Array {
  const width = coefficients - 1;
  return Float32Array.from({ length: filters * width }, (_, i) => {
    const angle = (1 + (i % width)) * (2 * Math.floor(i / width) + 1);
    // Whole turns are taken off exactly.
    return Math.sqrt(2 / filters) * cos((PI * (angle % (4 * filters))) / (2 * filters));
  });
}

export const mfccFeatures: Operator = {
  name: "mfccFeatures",
  infer: (inputs, attributes) => {
    takes("mfccFeatures", inputs, 1);
    const [x] = inputs;
    has("mfccFeatures", x!, "float32", 2);
    rule("mfccFeatures", x!.shape[1] === 1, "a window must have one axis", x!.shape[1]);
    const { frames, filters } = melFramesOf("mfccFeatures", attributes, x!.shape[0]!);
    const coefficients = integer("mfccFeatures", attributes, "coefficients", 2);
    rule(
      "mfccFeatures",
      coefficients <= filters.length,
      `coefficients must be at most the ${filters.length} filters`,
      coefficients,
    );
    return [{ dtype: "float32", shape: [frames * coefficients] }];
  },
  lower: ({ attributes, inputs, outputs }) =>
    buildKernel("mfcc_features", (k) => {
      const rows = inputs[0]!.shape[0]!;
      const options = melFramesOf("mfccFeatures", attributes, rows);
      const coefficients = integer("mfccFeatures", attributes, "coefficients", 2);
      const { frames, fftLength, filters } = options;
      const width = coefficients - 1;
      const x = k.input("float32", rows);
      const y = k.output("float32", sizeOf(outputs[0]!.shape));
      const table = k.constant(cosines(filters.length, coefficients), "float32", "dct");
      const spectrum = k.scratch("float32", spectrumLength(fftLength), "spectrum");
      const logs = k.scratch("float32", filters.length, "logs");
      k.loop(frames, (frame) => {
        addFramePower(k, options, x, frame, spectrum, 1 / fftLength);
        addMelEnergies(k, options, spectrum, (filter, energy) => logs.store(filter, energy));
        k.parallel(filters.length, (filter) => logs.store(filter, call(log, logs.load(filter))));
        const start = mul(frame, coefficients);
        y.store(start, call(log, addFrameEnergy(k, options, spectrum)));
        k.parallel(width, (i) => {
          const sum = k.register(0, "sum");
          k.loop(filters.length, (filter) =>
            sum.set(addF(sum.get, mulF(logs.load(filter), table.load(add(mul(filter, width), i))))),
          );
          y.store(add(start, add(i, 1)), sum.get);
        });
      });
    }),
  macs: ({ attributes, inputs }) => {
    const options = melFramesOf("mfccFeatures", attributes, inputs[0]!.shape[0]!);
    const coefficients = integer("mfccFeatures", attributes, "coefficients", 2);
    const { frames, filters } = options;
    return frames * (frameMultiplications(options) + filters.length * (coefficients - 1));
  },
};
