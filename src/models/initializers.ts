/** First values of weights: Glorot and Bengio 2010, the default of Keras. Biases start at 0. */
import type { Rng } from "../base/rng.ts";

/** Uniform within ± sqrt(6 / (fanIn + fanOut)). */
export function glorotUniform(rng: Rng, fanIn: number, fanOut: number, size: number): Float32Array {
  const limit = Math.sqrt(6 / (fanIn + fanOut));
  const values = new Float32Array(size);
  for (let i = 0; i < size; i++) values[i] = rng.uniform(-limit, limit);
  return values;
}
