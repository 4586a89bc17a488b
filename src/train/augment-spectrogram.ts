/**
 * `augmentSpectrogram(x [B, ...], seed int32 [1]) {frames, columns, noise, timeMasks, timeMaskWidth,
 * frequencyMasks, frequencyMaskWidth, timeShift}`: for training only; changes each example, a
 * standardized spectrogram of frames x columns, at random (Park et al. 2019, "SpecAugment"). In
 * order: all frames move by up to timeShift frames, and those that come in are 0; each value gets
 * noise of that deviation; in each mask up to so many neighbouring frames, or columns, become 0.
 *
 * Widths, places and shifts are drawn for each row of the batch from a hash of seed, row and use,
 * noise from one of the element. The noise is the sum of the four bytes of the hash: close to
 * normal, within 3.45 deviations. Rows of columns run in lanes.
 */
import type { Attributes, Operator } from "../graph/graph.ts";
import { addBelow, addHash, addKey } from "../graph/operators/hash.ts";
import { has, integer, real, rule, shaped, takes } from "../graph/operators/rules.ts";
import {
  add,
  addF,
  and,
  andB,
  buildKernel,
  clamp,
  eq,
  ge,
  type Index,
  type KernelBuilder,
  lt,
  mul,
  mulF,
  notB,
  selectF,
  shru,
  sub,
  toFloat,
} from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { sizeOf } from "../tensor/tensor.ts";

/** Masks of one direction: how many, and how wide each of them is at most. */
export type Masks = { readonly count: number; readonly width: number };

/** How examples are changed while training; every part is off by default. */
export type SpectrogramAugmentation = {
  /** The features of an example: rows of time, and values in each of them. */
  readonly frames: number;
  readonly columns: number;
  /** Deviation of the noise, in deviations of a standardized feature. */
  readonly noise?: number;
  /** Each blanks 0 to `width` frames. */
  readonly timeMasks?: Masks;
  /** Each blanks 0 to `width` columns. */
  readonly frequencyMasks?: Masks;
  /** The most frames by which an example is moved, either way. */
  readonly timeShift?: number;
  /** The most frames by which a random frame is moved, the others with it; see `warpTime`. */
  readonly timeWarp?: number;
};

/**
 * What keyword models learn well from (few recordings, standardized cepstral coefficients): noise
 * of 0.3, a mask of up to a tenth of the frames, one of up to 15 % of the columns, and shifts by up
 * to a fifth of the frames.
 */
export function usualAugmentation(frames: number, columns: number): SpectrogramAugmentation {
  return {
    frames,
    columns,
    noise: 0.3,
    timeMasks: { count: 1, width: Math.round(0.1 * frames) },
    frequencyMasks: { count: 1, width: Math.round(0.15 * columns) },
    timeShift: Math.round(0.2 * frames),
  };
}

const NONE: Masks = { count: 0, width: 0 };

/** Attributes of the operator for an augmentation. */
export function augmentationAttributes(augmentation: SpectrogramAugmentation): Attributes {
  const { frames, columns, noise = 0, timeShift = 0 } = augmentation;
  const { timeMasks = NONE, frequencyMasks = NONE } = augmentation;
  return {
    frames,
    columns,
    noise,
    timeMasks: timeMasks.count,
    timeMaskWidth: timeMasks.width,
    frequencyMasks: frequencyMasks.count,
    frequencyMaskWidth: frequencyMasks.width,
    timeShift,
  };
}

/** Streams of random numbers; those of dropout layers count up from 0. */
const STREAMS = { shift: 0x10000, noise: 0x10001, time: 0x10002, frequency: 0x10003 };

/** The sum of four bytes that are each as likely has this mean and this deviation. */
const BYTES_MEAN = 510;
const BYTES_DEVIATION = Math.sqrt((4 * (65536 - 1)) / 12);

/** A range of frames or columns. */
type Span = { readonly start: Expr; readonly end: Expr };

/** Adds the masks of one row of the batch: anywhere that they fit. */
function addMasks(
  k: KernelBuilder,
  key: Expr,
  row: Expr,
  count: number,
  width: number,
  extent: number,
): readonly Span[] {
  return Array.from({ length: count }, (_, n) => {
    const counter = mul(add(mul(row, count), n), 2);
    const own = addBelow(k, add(key, counter), width + 1);
    const start = addBelow(k, add(key, add(counter, 1)), sub(extent + 1, own));
    return { start, end: k.value(add(start, own), "end") };
  });
}

/** Whether a place is in none of the spans; undefined where there are none. */
function outside(spans: readonly Span[], place: Expr): Expr | undefined {
  return spans
    .map(({ start, end }) => notB(andB(ge(place, start), lt(place, end))))
    .reduce<Expr | undefined>((all, one) => (all ? andB(all, one) : one), undefined);
}

const bothOf = (a: Expr | undefined, b: Expr | undefined): Expr | undefined =>
  a && b ? andB(a, b) : (a ?? b);

/** Close to normal, of deviation 1 / BYTES_DEVIATION; see above. */
function addNoise(k: KernelBuilder, key: Expr, element: Index): Expr {
  const word = addHash(k, add(key, element));
  const bytes = [0, 8, 16, 24].map((bits) => and(shru(word, bits), 255));
  return toFloat(
    sub(
      bytes.reduce((sum, byte) => add(sum, byte)),
      BYTES_MEAN,
    ),
  );
}

export const augmentSpectrogram: Operator = {
  name: "augmentSpectrogram",
  infer: (inputs, attributes) => {
    const of = (name: string, least = 0): number =>
      integer("augmentSpectrogram", attributes, name, least);
    const check = (condition: boolean, text: string, got: unknown): void =>
      rule("augmentSpectrogram", condition, text, got);
    takes("augmentSpectrogram", inputs, 2);
    const [x, seed] = inputs;
    has("augmentSpectrogram", x!, "float32");
    has("augmentSpectrogram", seed!, "int32");
    shaped("augmentSpectrogram", seed!, [1]);
    const [frames, columns] = [of("frames", 1), of("columns", 1)];
    check(
      sizeOf(x!.shape.slice(1)) === frames * columns,
      `x must be rows of ${frames} x ${columns}`,
      `[${x!.shape}]`,
    );
    const noise = real("augmentSpectrogram", attributes, "noise");
    check(noise >= 0, "noise must be at least 0", noise);
    for (const [masks, width, extent] of [
      ["timeMasks", "timeMaskWidth", frames],
      ["frequencyMasks", "frequencyMaskWidth", columns],
    ] as const) {
      check(of(masks) <= 16, `${masks} must be at most 16`, of(masks));
      check(of(width) <= extent, `${width} must be at most ${extent}`, of(width));
    }
    check(of("timeShift") < frames, `timeShift must be below ${frames}`, of("timeShift"));
    return [{ dtype: "float32", shape: x!.shape }];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("augment_spectrogram", (k) => {
      const of = (name: string): number => attributes[name] as number;
      const [frames, columns] = [of("frames"), of("columns")];
      const [batch, size] = [spec!.shape[0]!, sizeOf(spec!.shape)];
      const [noise, timeShift] = [of("noise"), of("timeShift")];
      const x = k.input("float32", size);
      const seed = k.input("int32", 1, "seed");
      const y = k.output("float32", size);
      const keyOf = (stream: keyof typeof STREAMS): Expr =>
        addKey(k, seed.load(0), STREAMS[stream]);
      const keys = {
        shift: keyOf("shift"),
        noise: keyOf("noise"),
        time: keyOf("time"),
        frequency: keyOf("frequency"),
      };
      k.parallel(batch, (row) => {
        const shift = addBelow(k, add(keys.shift, row), 2 * timeShift + 1);
        const across = (key: Expr, masks: string, extent: number): readonly Span[] =>
          addMasks(k, key, row, of(masks), of(masks.replace("Masks", "MaskWidth")), extent);
        const timeMasks = across(keys.time, "timeMasks", frames);
        const frequencyMasks = across(keys.frequency, "frequencyMasks", columns);
        k.parallel(frames, (frame) => {
          const from = k.value(add(sub(frame, shift), timeShift), "from");
          const inside = k.value(clamp(from, 0, frames - 1), "inside");
          const start = k.value(mul(add(mul(row, frames), inside), columns), "start");
          const isThere = timeShift > 0 ? k.value(eq(from, inside), "is_there") : undefined;
          const open = outside(timeMasks, frame);
          const isOpen = open && k.value(open, "is_open");
          k.parallel(columns, (column) => {
            const at = add(mul(add(mul(row, frames), frame), columns), column);
            const given = x.load(add(start, column));
            const moved = isThere ? selectF(isThere, given, 0) : given;
            const factor = noise / BYTES_DEVIATION;
            const noisy =
              noise > 0 ? addF(moved, mulF(addNoise(k, keys.noise, at), factor)) : moved;
            const kept = bothOf(isOpen, outside(frequencyMasks, column));
            y.store(at, kept ? selectF(kept, noisy, 0) : noisy);
          });
        });
      });
    }),
};
