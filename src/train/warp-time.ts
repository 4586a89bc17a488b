/**
 * `warpTime(x [B, ...], seed int32 [1]) {frames, columns, warp}`: for training only; each example,
 * rows of time, is stretched on one side of a random frame and squeezed on the other, so that this
 * frame moves by up to `warp` frames either way (Park et al. 2019, section 2, in its linear form).
 * First and last frame stay. Anchor and shift are drawn from a hash of seed and row.
 */
import type { Operator } from "../graph/graph.ts";
import { addBelow, addKey } from "../graph/operators/hash.ts";
import { has, integer, rule, shaped, takes } from "../graph/operators/rules.ts";
import {
  add,
  addF,
  buildKernel,
  clamp,
  divF,
  le,
  min,
  mul,
  mulF,
  selectF,
  sub,
  subF,
  toFloat,
  truncate,
} from "../ir/build.ts";
import { sizeOf } from "../tensor/tensor.ts";

/** Streams of random numbers; those of dropout layers count up from 0. */
const STREAMS = { anchor: 0x10004, shift: 0x10005 };

export const warpTime: Operator = {
  name: "warpTime",
  infer: (inputs, attributes) => {
    takes("warpTime", inputs, 2);
    const [x, seed] = inputs;
    has("warpTime", x!, "float32");
    has("warpTime", seed!, "int32");
    shaped("warpTime", seed!, [1]);
    const frames = integer("warpTime", attributes, "frames");
    const columns = integer("warpTime", attributes, "columns");
    rule(
      "warpTime",
      sizeOf(x!.shape.slice(1)) === frames * columns,
      `x must be rows of ${frames} x ${columns}`,
      `[${x!.shape}]`,
    );
    const warp = integer("warpTime", attributes, "warp", 0);
    const most = Math.max(0, Math.floor((frames - 3) / 2));
    rule("warpTime", warp <= most, `warp of ${frames} frames must be at most ${most}`, warp);
    return [{ dtype: "float32", shape: x!.shape }];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("warpTime", (k) => {
      const of = (name: string): number => attributes[name] as number;
      const [frames, columns, warp] = [of("frames"), of("columns"), of("warp")];
      const [batch, size] = [spec!.shape[0]!, sizeOf(spec!.shape)];
      const x = k.input("float32", size);
      const seed = k.input("int32", 1, "seed");
      const y = k.output("float32", size);
      const last = frames - 1;
      const anchors = addKey(k, seed.load(0), STREAMS.anchor);
      const shifts = addKey(k, seed.load(0), STREAMS.shift);
      k.parallel(batch, (row) => {
        // Neither the anchor nor the place it moves to is the first or the last frame.
        const places = Math.max(1, frames - 2 - 2 * warp);
        const anchor = k.value(add(addBelow(k, add(anchors, row), places), warp + 1), "anchor");
        const shift = sub(addBelow(k, add(shifts, row), 2 * warp + 1), warp);
        const target = k.value(add(anchor, shift), "target");
        const before = k.value(divF(toFloat(anchor), toFloat(target)), "before");
        const after = k.value(
          divF(toFloat(sub(last, anchor)), toFloat(sub(last, target))),
          "after",
        );
        k.parallel(frames, (frame) => {
          const beyond = mulF(toFloat(sub(frame, target)), after);
          const from = k.value(
            selectF(le(frame, target), mulF(toFloat(frame), before), addF(toFloat(anchor), beyond)),
            "from",
          );
          const lower = k.value(clamp(truncate(from), 0, last), "lower");
          const share = k.value(subF(from, toFloat(lower)), "share");
          const base = mul(row, frames);
          const near = k.value(mul(add(base, lower), columns), "near");
          const far = k.value(mul(add(base, min(add(lower, 1), last)), columns), "far");
          k.parallel(columns, (column) => {
            const here = k.value(x.load(add(near, column)), "here");
            const step = subF(x.load(add(far, column)), here);
            y.store(
              add(mul(add(mul(row, frames), frame), columns), column),
              addF(here, mulF(share, step)),
            );
          });
        });
      });
    }),
};
