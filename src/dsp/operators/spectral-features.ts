/**
 * `spectralFeatures(x [rows, axes]) {fftLength, hop, log, firstBin, lastBin}`: for each axis in
 * turn RMS, skewness and kurtosis of the values around their mean; skewness and kurtosis of the
 * max-hold power spectrum, direct current included; then the powers of bins firstBin to lastBin.
 *
 * The spectrum is the largest power of each bin over all frames of fftLength values that start at
 * a multiple of hop; frames that reach beyond the window are filled with zeros. One axis is
 * computed at a time and the mean is subtracted where a value is read, so the kernel needs memory
 * for one frame and one spectrum, and the window stays as it is.
 */
import type { Attributes, Operator } from "../../graph/graph.ts";
import { has, integer, rule, takes } from "../../graph/operators/rules.ts";
import {
  add,
  addF,
  type BufferHandle,
  buildKernel,
  call,
  eqF,
  type KernelBuilder,
  lt,
  maxF,
  min,
  mul,
  mulF,
  selectF,
  subF,
} from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import { log10 } from "../../ir/routines/log10.ts";
import {
  addRealFft,
  binsOf,
  fftMultiplications,
  isFftLength,
  spectrumLength,
} from "../../ir/routines/rfft.ts";
import { addMean, addMoments, MOMENT_MULTIPLICATIONS } from "./moments.ts";

/** Features of an axis before its bins. */
export const STATISTICS_PER_AXIS = 5;

/** What log10 is taken of where the power is exactly zero. */
const LEAST_POWER = 1e-10;

type Options = {
  readonly fftLength: number;
  readonly hop: number;
  readonly log: boolean;
  readonly firstBin: number;
  readonly lastBin: number;
};

function optionsOf(attributes: Attributes): Options {
  const of = (name: string, minimum?: number): number =>
    integer("spectralFeatures", attributes, name, minimum);
  const check = (condition: boolean, text: string, got: unknown): void =>
    rule("spectralFeatures", condition, text, got);
  const [fftLength, hop] = [of("fftLength"), of("hop")];
  const [firstBin, lastBin] = [of("firstBin", 0), of("lastBin", 0)];
  const { log } = attributes;
  check(isFftLength(fftLength), "fftLength must be a power of two of at least 4", fftLength);
  check(typeof log === "boolean", "log must be true or false", log);
  check(
    firstBin <= lastBin && lastBin < binsOf(fftLength),
    `bins must be some of 0 to ${fftLength / 2}`,
    `${firstBin} to ${lastBin}`,
  );
  return { fftLength, hop, log: log as boolean, firstBin, lastBin };
}

/** Features of one axis. */
const widthOf = ({ firstBin, lastBin }: Options): number =>
  STATISTICS_PER_AXIS + lastBin - firstBin + 1;

/** Frames with at least one value in them. */
const framesOf = (rows: number, hop: number): number => Math.ceil(rows / hop);

/** Fills `power` with the largest |X[b]|^2 / fftLength over the frames of `rows` values. */
function addMaxHold(
  k: KernelBuilder,
  { fftLength, hop }: Options,
  rows: number,
  centered: (row: Expr) => Expr,
  spectrum: BufferHandle,
  power: BufferHandle,
): void {
  k.loop(power.length, (bin) => power.store(bin, 0));
  k.loop(framesOf(rows, hop), (frame) => {
    addRealFft(k, spectrum, (i) => {
      const row = k.value(add(mul(frame, hop), i), "row");
      return selectF(lt(row, rows), centered(min(row, rows - 1)), 0);
    });
    k.loop(power.length, (bin) => {
      const re = k.value(spectrum.load(mul(bin, 2)), "re");
      const im = k.value(spectrum.load(add(mul(bin, 2), 1)), "im");
      const squared = addF(mulF(re, re), mulF(im, im));
      power.store(bin, maxF(mulF(squared, 1 / fftLength), power.load(bin)));
    });
  });
}

export const spectralFeatures: Operator = {
  name: "spectralFeatures",
  infer: (inputs, attributes) => {
    takes("spectralFeatures", inputs, 1);
    const [x] = inputs;
    has("spectralFeatures", x!, "float32", 2);
    return [{ dtype: "float32", shape: [x!.shape[1]! * widthOf(optionsOf(attributes))] }];
  },
  lower: ({ attributes, inputs, outputs }) =>
    buildKernel("spectral_features", (k) => {
      const [rows, axes] = inputs[0]!.shape as [number, number];
      const options = optionsOf(attributes);
      const { fftLength, log, firstBin, lastBin } = options;
      const x = k.input("float32", rows * axes);
      const y = k.output("float32", outputs[0]!.shape[0]!);
      const spectrum = k.scratch("float32", spectrumLength(fftLength), "spectrum");
      const power = k.scratch("float32", binsOf(fftLength), "power");
      k.loop(axes, (axis) => {
        const at = (row: Expr | number): Expr => x.load(add(mul(row, axes), axis));
        const place = (feature: Expr | number): Expr => add(mul(axis, widthOf(options)), feature);
        const mean = addMean(k, rows, at);
        const signal = addMoments(k, rows, at, mean);
        y.store(place(0), signal.deviation);
        y.store(place(1), signal.skewness);
        y.store(place(2), signal.kurtosis);
        addMaxHold(k, options, rows, (row) => subF(at(row), mean), spectrum, power);
        const meanPower = addMean(k, power.length, power.load);
        const spectral = addMoments(k, power.length, power.load, meanPower);
        y.store(place(3), spectral.skewness);
        y.store(place(4), spectral.kurtosis);
        k.loop(lastBin - firstBin + 1, (i) => {
          const p = k.value(power.load(add(i, firstBin)), "p");
          const value = log ? call(log10, selectF(eqF(p, 0), LEAST_POWER, p)) : p;
          y.store(place(add(i, STATISTICS_PER_AXIS)), value);
        });
      });
    }),
  macs: ({ attributes, inputs }) => {
    const [rows, axes] = inputs[0]!.shape as [number, number];
    const { fftLength, hop } = optionsOf(attributes);
    const bins = binsOf(fftLength);
    const frames = framesOf(rows, hop) * (fftMultiplications(fftLength) + 3 * bins);
    return axes * (frames + MOMENT_MULTIPLICATIONS * (rows + bins));
  },
};
