/** First values of weights: Glorot and Bengio 2010, the default of Keras. Biases start at 0. */
import type { Rng } from "../base/rng.ts";

/** Uniform within ± sqrt(6 / (fanIn + fanOut)). */
export function glorotUniform(rng: Rng, fanIn: number, fanOut: number, size: number): Float32Array {
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  return Float32Array.from({ length: size }, () => rng.uniform(-limit, limit));
}
