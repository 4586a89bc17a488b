/**
 * Convolution over images in int8, as TFLite Micro's reference kernels do it, for `conv2dInt8` and
 * `depthwiseConv2dInt8`: groups of channels, weights [outputs, down, across, channels of a group].
 * As in `denseInt8` the bias has the zero point of x folded in, so a tap outside the image counts
 * as that zero point.
 */
import { add, andB, buildKernel, clamp, div, ge, lt, mul } from "../../../ir/build.ts";
import type { Expr, Kernel } from "../../../ir/kernel.ts";
import { rescaler } from "../../../ir/routines/fixed-point.ts";
import { effectiveScales, quantizeMultiplier } from "../../../tensor/quantization.ts";
import type { Attributes, TensorSpec } from "../../graph.ts";
import type { Convolution } from "../convolution-shape.ts";
import type { Window1d } from "../window-1d.ts";
import { activationOf, clampInt8, zeroPointOf } from "./activation.ts";

/** Whether some window lies across a border. */
const isPadded = (w: Window1d): boolean =>
  w.before > 0 ||
  (w.outputLength - 1) * w.stride - w.before + (w.size - 1) * w.dilation >= w.inputLength;

export function lowerConvolutionInt8(
  name: string,
  c: Convolution,
  [x, w, y]: readonly [TensorSpec, TensorSpec, TensorSpec],
  attributes: Attributes,
): Kernel {
  const { batch, rows, columns, groups, inputs, outputs } = c;
  const [H, W, C, O] = [rows.inputLength, columns.inputLength, groups * inputs, groups * outputs];
  const taps = rows.size * columns.size * inputs;
  const activation = activationOf(name, attributes);
  return buildKernel(name, (k) => {
    const input = k.input("int8", batch * H * W * C);
    const weights = k.input("int8", O * taps, "w");
    const bias = k.input("int32", O, "b");
    const places = rows.outputLength * columns.outputLength;
    const output = k.output("int8", batch * places * O);
    const scales = effectiveScales(x.quantization, w.quantization, y.quantization, "float64");
    const rescale = rescaler(k, scales.map(quantizeMultiplier));
    const [inputZeroPoint, zeroPoint] = [zeroPointOf(x), zeroPointOf(y)];

    k.parallel(batch, (image) =>
      k.parallel(rows.outputLength, (row) =>
        k.parallel(columns.outputLength, (column) =>
          k.parallel(O, (o) => {
            const sum = k.register(bias.load(o), "sum");
            const channel = outputs === 1 && inputs === 1 ? o : mul(div(o, outputs), inputs);
            const top = add(mul(row, rows.stride), -rows.before);
            const left = add(mul(column, columns.stride), -columns.before);
            /** Adds one place of the window. */
            const addPlace = (h: Expr, v: Expr, weight: Expr): void => {
              const at = add(mul(add(mul(add(mul(image, H), h), W), v), C), channel);
              const from = k.value(at, "from");
              k.loop(inputs, (i) => {
                const product = mul(input.load(add(from, i)), weights.load(add(weight, i)));
                sum.set(add(sum.get, product));
              });
            };
            k.loop(rows.size, (down) =>
              k.loop(columns.size, (across) => {
                const h = k.value(add(top, mul(down, rows.dilation)), "h");
                const v = k.value(add(left, mul(across, columns.dilation)), "v");
                const place = add(mul(down, columns.size), across);
                const weight = k.value(add(mul(o, taps), mul(place, inputs)), "weight");
                const inside = [...within(h, rows), ...within(v, columns)];
                if (inside.length === 0) return addPlace(h, v, weight);
                k.when(
                  inside.reduce((a, b) => andB(a, b)),
                  () => addPlace(bounded(h, rows), bounded(v, columns), weight),
                  () =>
                    k.loop(inputs, (i) => {
                      const product = mul(weights.load(add(weight, i)), inputZeroPoint);
                      sum.set(add(sum.get, product));
                    }),
                );
              }),
            );
            const where = add(mul(row, columns.outputLength), column);
            const at = add(mul(add(mul(image, places), where), O), o);
            const q = add(rescale(sum.get, o), zeroPoint);
            output.store(at, clampInt8(q, y, activation));
          }),
        ),
      ),
    );
  });
}

/** The conditions under which a tap lies within the image, none where all do. */
const within = (at: Expr, w: Window1d): readonly Expr[] =>
  isPadded(w) ? [ge(at, 0), lt(at, w.inputLength)] : [];

/** Changes nothing within the image; it lets the verifier prove the index. */
const bounded = (at: Expr, w: Window1d): Expr =>
  isPadded(w) ? clamp(at, 0, w.inputLength - 1) : at;
