/**
 * The one source of randomness: xoshiro128** (Blackman and Vigna 2018, "Scrambled linear
 * pseudorandom number generators") seeded by splitmix32. 32-bit integer arithmetic only, so that
 * the same seed gives the same sequence on every engine.
 */
import { cos, log, TAU } from "./math.ts";

export type Rng = {
  /** Next 32 random bits as an unsigned integer. */
  readonly u32: () => number;
  /** Uniform in [0, 1), a multiple of 2^-32. */
  readonly float: () => number;
  /** Uniform in [low, high). */
  readonly uniform: (low: number, high: number) => number;
  /** Uniform integer in [0, n), without bias. */
  readonly int: (n: number) => number;
  /** Standard normal (Box-Muller). */
  readonly normal: () => number;
  /** Shuffles in place (Fisher-Yates) and returns the array. */
  readonly shuffle: <T extends { length: number; [index: number]: unknown }>(items: T) => T;
  /** An independent generator for a named purpose; the order of forks does not matter. */
  readonly fork: (purpose: string) => Rng;
  /** Where in its sequence the generator is. */
  readonly save: () => RngState;
  /** Goes on from a saved place of any generator; forks stay those of the own seed. */
  readonly restore: (state: RngState) => void;
};

/** Four words of 32 bits, unsigned, not all 0. */
export type RngState = readonly [number, number, number, number];

/** @param seed any integer; only its low 32 bits count */
export function makeRng(seed: number): Rng {
  let a: number, b: number, c: number, d: number;
  let s = seed >>> 0;
  const splitmix = () => {
    s = (s + 0x9e3779b9) >>> 0;
    let z = s;
    z = Math.imul(z ^ (z >>> 16), 0x21f0aaad);
    z = Math.imul(z ^ (z >>> 15), 0x735a2d97);
    return (z ^ (z >>> 15)) >>> 0;
  };
  a = splitmix();
  b = splitmix();
  c = splitmix();
  d = splitmix() | 1; // never all zero

  const u32 = () => {
    const x = Math.imul(b, 5);
    const result = Math.imul((x << 7) | (x >>> 25), 9) >>> 0;
    const t = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= t;
    d = (d << 11) | (d >>> 21);
    return result;
  };
  const float = () => u32() / 4294967296;
  const int = (n: number) => {
    const limit = 4294967296 - (4294967296 % n);
    let value = u32();
    while (value >= limit) value = u32();
    return value % n;
  };
  return {
    u32,
    float,
    int,
    uniform: (low, high) => low + (high - low) * float(),
    normal: () => Math.sqrt(-2 * log((u32() + 1) / 4294967296)) * cos(TAU * float()),
    shuffle: (items) => {
      for (let i = items.length - 1; i > 0; i--) {
        const j = int(i + 1);
        const held = items[i];
        (items as { [index: number]: unknown })[i] = items[j];
        (items as { [index: number]: unknown })[j] = held;
      }
      return items;
    },
    fork: (purpose) => {
      let hash = seed ^ 0x811c9dc5;
      for (let i = 0; i < purpose.length; i++) {
        hash = Math.imul(hash ^ purpose.charCodeAt(i), 0x01000193);
      }
      return makeRng(hash);
    },
    save: () => [a >>> 0, b >>> 0, c >>> 0, d >>> 0],
    restore: (state) => {
      [a, b, c, d] = state;
    },
  };
}
