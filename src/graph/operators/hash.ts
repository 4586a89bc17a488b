/**
 * Random numbers in training graphs: a hash of a seed, of a stream (one number for each use) and
 * of a counter. A number depends on nothing else, so neither order nor threads matter, and it runs
 * in lanes when the counter does.
 */
import { type Index, i32, mul, type StatementBuilder, shru, xor } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";

/** A bijection of 32-bit words whose every output bit depends on every input bit (Wellons 2018). */
export function addHash(s: StatementBuilder, word: Expr): Expr {
  const a = s.value(word, "word");
  const b = s.value(mul(xor(a, shru(a, 16)), 0x7feb352d), "word");
  const c = s.value(mul(xor(b, shru(b, 15)), i32(0x846ca68b)), "word");
  return s.value(xor(c, shru(c, 16)), "word");
}

/** What the counter is added to, `addHash(s, add(key, counter))`, for one seed and stream. */
export function addKey(s: StatementBuilder, seed: Expr, stream: number): Expr {
  return addHash(s, xor(seed, Math.imul(stream + 1, 0x9e3779b9)));
}

/**
 * A whole number from 0 to bound - 1, each as likely to within 2^-16.
 * @param bound at least 1, at most 32768
 */
export function addBelow(s: StatementBuilder, word: Expr, bound: Index): Expr {
  return s.value(shru(mul(shru(addHash(s, word), 16), bound), 16), "below");
}
