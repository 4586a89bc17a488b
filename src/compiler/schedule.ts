/**
 * Chooses how the fast emitters walk the parallel loops of a kernel. A schedule is short data
 * beside the kernel and never changes its bits: which axis runs in vector lanes and which is
 * tiled (several iterations side by side in registers, so that loads are shared).
 */

/** For each named parallel axis, how it is walked; an axis that is absent runs serially. */
export type Schedule = {
  readonly [axis: string]: {
    /** `vector`: lanes of four in SIMD registers; `tile`: copies in scalar or vector registers. */
    readonly kind: "vector" | "tile";
    /** Iterations side by side; for `vector` a multiple of 4. */
    readonly by: number;
  };
};
