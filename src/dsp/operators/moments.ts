/**
 * Mean, standard deviation, skewness and kurtosis of n values, as statements that several
 * lowerings add to their kernels. Sums are taken of differences (from the first value, then from
 * the mean), so that an offset costs no accuracy and a constant signal has a deviation of exactly
 * zero (Chan, Golub and LeVeque 1983, "Algorithms for computing the sample variance"). The higher
 * moments are those of standardized values, which neither overflow nor vanish.
 */
import {
  addF,
  divF,
  gtF,
  mulF,
  type StatementBuilder,
  selectF,
  sqrtF,
  subF,
} from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";

/** Gives the i-th value, for i in 0 to n - 1. */
export type ValueAt = (index: Expr) => Expr;

export type Moments = {
  /** Population standard deviation. */
  readonly deviation: Expr;
  /** Biased; 0 when the deviation is 0. */
  readonly skewness: Expr;
  /** Biased, in excess of the normal distribution; -3 when the deviation is 0. */
  readonly kurtosis: Expr;
};

/** Multiplications of `addMoments` for each value. */
export const MOMENT_MULTIPLICATIONS = 5;

/** a / n, by multiplication where that is the same. */
function divideBy(a: Expr, n: number): Expr {
  return (n & (n - 1)) === 0 ? mulF(a, 1 / n) : divF(a, n);
}

/** Adds the mean of n values. */
export function addMean(s: StatementBuilder, n: number, at: (index: Expr | number) => Expr): Expr {
  const first = s.value(at(0), "first");
  const sum = s.register(0, "sum");
  s.loop(n, (i) => sum.set(addF(sum.get, subF(at(i), first))));
  return s.value(addF(first, divideBy(sum.get, n)), "mean");
}

/** Adds the moments of n values around their mean. */
export function addMoments(s: StatementBuilder, n: number, at: ValueAt, mean: Expr): Moments {
  const squares = s.register(0, "squares");
  s.loop(n, (i) => {
    const d = s.value(subF(at(i), mean), "d");
    squares.set(addF(squares.get, mulF(d, d)));
  });
  const deviation = s.value(sqrtF(divideBy(squares.get, n)), "deviation");
  const inverse = s.value(selectF(gtF(deviation, 0), divF(1, deviation), 0), "inverse");
  const third = s.register(0, "third");
  const fourth = s.register(0, "fourth");
  s.loop(n, (i) => {
    const z = s.value(mulF(subF(at(i), mean), inverse), "z");
    const square = s.value(mulF(z, z), "square");
    third.set(addF(third.get, mulF(square, z)));
    fourth.set(addF(fourth.get, mulF(square, square)));
  });
  return {
    deviation,
    skewness: s.value(divideBy(third.get, n), "skewness"),
    kurtosis: s.value(subF(divideBy(fourth.get, n), 3), "kurtosis"),
  };
}
