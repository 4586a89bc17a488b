/**
 * Recursive filters of second order in cascade, direct form II transposed: the form whose two
 * memories hold small sums, which keeps float32 rounding low (Oppenheim and Schafer,
 * "Discrete-Time Signal Processing", sections 6.3 and 6.10). The sections are unrolled, with their
 * memories in registers.
 */
import { addF, mulF, type StatementBuilder, subF } from "../build.ts";
import type { Expr } from "../kernel.ts";

/** H(z) = (b0 + b1 z^-1 + b2 z^-2) / (1 + a1 z^-1 + a2 z^-2), computed with float32 coefficients. */
export type Biquad = {
  readonly b0: number;
  readonly b1: number;
  readonly b2: number;
  readonly a1: number;
  readonly a2: number;
};

/**
 * Declares the memories of a cascade, zero, in the current block.
 * @returns filters the next value: adds the statements of one step and gives the output
 */
export function addBiquads(s: StatementBuilder, sections: readonly Biquad[]): (x: Expr) => Expr {
  const memories = sections.map(() => [s.register(0, "near"), s.register(0, "far")] as const);
  return (x) =>
    sections.reduce(
      (input, section, i) => {
        const [near, far] = memories[i]!;
        const output = s.value(addF(mulF(section.b0, input), near.get), "filtered");
        const fresh = addF(mulF(section.b1, input), far.get);
        near.set(subF(fresh, mulF(section.a1, output)));
        far.set(subF(mulF(section.b2, input), mulF(section.a2, output)));
        return output;
      },
      s.value(x, "sample"),
    );
}

/**
 * The largest modulus of the poles of the float32 section; the filter is stable below 1. Complex
 * poles have modulus sqrt(a2), real ones are the roots of z^2 + a1 z + a2.
 */
export function largestPole(section: Biquad): number {
  const a1 = Math.fround(section.a1);
  const a2 = Math.fround(section.a2);
  const discriminant = a1 * a1 - 4 * a2;
  return discriminant < 0 ? Math.sqrt(a2) : (Math.abs(a1) + Math.sqrt(discriminant)) / 2;
}
