/**
 * `slidingNormalization(x [frames * columns]) {columns, window}`: each column less the mean of the
 * `window` frames around (centred, an odd number), then divided by the deviation of the differences
 * in the same window plus 1e-10. Beyond both ends the frames are mirrored, the edge repeated, as
 * often as it takes (cepstral mean and variance normalization; signal-processing blocks, section 6).
 *
 * Sums are taken of differences from the frame itself, so that a constant column gives exactly 0.
 */
import type { Operator } from "../../graph/graph.ts";
import { has, integer, rule, takes } from "../../graph/operators/rules.ts";
import {
  add,
  addF,
  buildKernel,
  divF,
  maxF,
  min,
  mul,
  mulF,
  negF,
  rem,
  sqrtF,
  sub,
  subF,
} from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";

export const slidingNormalization: Operator = {
  name: "slidingNormalization",
  infer: (inputs, attributes) => {
    const check = (condition: boolean, text: string, got: unknown): void =>
      rule("slidingNormalization", condition, text, got);
    takes("slidingNormalization", inputs, 1);
    const [x] = inputs;
    has("slidingNormalization", x!, "float32", 1);
    const columns = integer("slidingNormalization", attributes, "columns");
    const window = integer("slidingNormalization", attributes, "window");
    check(x!.shape[0]! % columns === 0, `x must be rows of ${columns}`, x!.shape[0]);
    check(window % 2 === 1, "window must be odd", window);
    return [{ dtype: "float32", shape: x!.shape }];
  },
  lower: ({ attributes, inputs }) =>
    buildKernel("sliding_normalization", (k) => {
      const size = inputs[0]!.shape[0]!;
      const columns = integer("slidingNormalization", attributes, "columns");
      const window = integer("slidingNormalization", attributes, "window");
      const frames = size / columns;
      const period = 2 * frames;
      const before = period - (((window - 1) / 2) % period);
      const x = k.input("float32", size);
      const y = k.output("float32", size);
      const centered = k.scratch("float32", size, "centered");
      /** Where the j-th frame of the window around a frame starts. */
      const startOf = (frame: Expr, j: Expr): Expr => {
        const place = k.value(rem(add(add(frame, j), before), period), "place");
        const mirrored = min(place, sub(period - 1, place));
        // The second limit changes no value: it shows that indices stay within bounds.
        return k.value(mul(min(mirrored, frames - 1), columns), "start");
      };
      k.parallel(frames, (frame) =>
        k.parallel(columns, (column) => {
          const at = add(mul(frame, columns), column);
          const own = k.value(x.load(at), "own");
          const sum = k.register(0, "sum");
          k.loop(window, (j) =>
            sum.set(addF(sum.get, subF(x.load(add(startOf(frame, j), column)), own))),
          );
          centered.store(at, negF(divF(sum.get, window)));
        }),
      );
      k.parallel(frames, (frame) =>
        k.parallel(columns, (column) => {
          const sum = k.register(0, "sum");
          const squares = k.register(0, "squares");
          k.loop(window, (j) => {
            const value = k.value(centered.load(add(startOf(frame, j), column)), "value");
            sum.set(addF(sum.get, value));
            squares.set(addF(squares.get, mulF(value, value)));
          });
          const mean = k.value(divF(sum.get, window), "mean");
          const variance = maxF(subF(divF(squares.get, window), mulF(mean, mean)), 0);
          const at = add(mul(frame, columns), column);
          y.store(at, divF(centered.load(at), addF(sqrtF(variance), 1e-10)));
        }),
      );
    }),
  macs: ({ attributes, inputs }) =>
    inputs[0]!.shape[0]! * integer("slidingNormalization", attributes, "window"),
};
