/**
 * `biquadFilter(x [rows, axes]) {coefficients}`: every axis through the same cascade of biquads,
 * from a state of zero; y has the shape of x. Each value is read where it is then written, so the
 * filter can run in place. `coefficients` are b0, b1, b2, a1, a2 of each section in turn.
 */
import type { Attributes, Operator } from "../../graph/graph.ts";
import { has, rule, takes } from "../../graph/operators/rules.ts";
import { add, buildKernel, mul } from "../../ir/build.ts";
import { addBiquads, type Biquad } from "../../ir/routines/biquad.ts";
import { sizeOf } from "../../tensor/tensor.ts";

/** The attribute that stands for a cascade. */
export const coefficientsOf = (sections: readonly Biquad[]): readonly number[] =>
  sections.flatMap(({ b0, b1, b2, a1, a2 }) => [b0, b1, b2, a1, a2]);

function sectionsOf({ coefficients }: Attributes): readonly Biquad[] {
  const values = Array.isArray(coefficients) ? (coefficients as readonly number[]) : [];
  rule(
    "biquadFilter",
    values.length > 0 && values.length % 5 === 0 && values.every(Number.isFinite),
    "coefficients must be five finite numbers for each section",
    coefficients,
  );
  return Array.from({ length: values.length / 5 }, (_, i) => {
    const [b0, b1, b2, a1, a2] = values.slice(5 * i) as [number, number, number, number, number];
    return { b0, b1, b2, a1, a2 };
  });
}

export const biquadFilter: Operator = {
  name: "biquadFilter",
  infer: (inputs, attributes) => {
    takes("biquadFilter", inputs, 1);
    const [x] = inputs;
    has("biquadFilter", x!, "float32", 2);
    sectionsOf(attributes);
    return [{ dtype: "float32", shape: x!.shape }];
  },
  lower: ({ attributes, inputs }) =>
    buildKernel("biquad_filter", (k) => {
      const [rows, axes] = inputs[0]!.shape as [number, number];
      const x = k.input("float32", rows * axes);
      const y = k.output("float32", rows * axes);
      k.parallel(axes, (axis) => {
        const filter = addBiquads(k, sectionsOf(attributes));
        k.loop(rows, (row) => {
          const place = add(mul(row, axes), axis);
          y.store(place, filter(x.load(place)));
        });
      });
    }),
  macs: ({ attributes, inputs }) => sizeOf(inputs[0]!.shape) * 5 * sectionsOf(attributes).length,
};
