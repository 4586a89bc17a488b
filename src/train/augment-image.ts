/**
 * `augmentImage(x [B, ...], seed int32 [1]) {height, width, channels, flip, zoom, brightness}`: for
 * training only; changes each example, an image of height x width x channels, at random. In order:
 * it is mirrored, left for right, in half of the cases where `flip` is true; enlarged by a factor
 * from 1 to `zoom`, by linear interpolation between pixels, and cut to its size at a random place;
 * and made brighter or darker, by up to `brightness` added to all its values. Everything is drawn
 * from a hash of seed, row and use.
 */
import type { Attributes, Operator } from "../graph/graph.ts";
import { addHash, addKey } from "../graph/operators/hash.ts";
import { has, integer, real, rule, shaped, takes } from "../graph/operators/rules.ts";
import {
  add,
  addF,
  and,
  buildKernel,
  clamp,
  divF,
  eq,
  type KernelBuilder,
  maxF,
  min,
  minF,
  mul,
  mulF,
  select,
  shru,
  sub,
  subF,
  toFloat,
  truncate,
} from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import { sizeOf } from "../tensor/tensor.ts";

/** How images are changed while training; every part is off by default. */
export type ImageAugmentation = {
  readonly kind: "image";
  readonly height: number;
  readonly width: number;
  readonly channels: number;
  /** Mirrors half of the examples, left for right. @default false */
  readonly flip?: boolean;
  /** The most by which an example is enlarged before it is cut to its size. @default 1 */
  readonly zoom?: number;
  /** The most that is added to all values, or taken away. @default 0 */
  readonly brightness?: number;
};

/** What photographs of things learn well from: flips, a zoom of up to 1.2, brightness ± 0.2. */
export function usualImageAugmentation(
  height: number,
  width: number,
  channels: number,
): ImageAugmentation {
  return { kind: "image", height, width, channels, flip: true, zoom: 1.2, brightness: 0.2 };
}

/** Attributes of the operator for an augmentation. */
export function imageAttributes(augmentation: ImageAugmentation): Attributes {
  const { height, width, channels, flip = false, zoom = 1, brightness = 0 } = augmentation;
  return { height, width, channels, flip, zoom, brightness };
}

/** Streams of random numbers; those of dropout layers count up from 0. */
const STREAMS = { flip: 0x10006, zoom: 0x10007, down: 0x10008, across: 0x10009, light: 0x1000a };

/** From 0 to below 1, in steps of 2^-24. */
const addShare = (k: KernelBuilder, key: Expr, row: Expr): Expr =>
  k.value(mulF(toFloat(shru(addHash(k, add(key, row)), 8)), 1 / 16777216), "share");

/** Where a pixel of the cut image comes from: two neighbours and the share of the second. */
function addSource(
  k: KernelBuilder,
  place: Expr,
  length: number,
  offset: Expr,
  factor: Expr,
): { readonly first: Expr; readonly second: Expr; readonly share: Expr } {
  const center = divF(addF(addF(toFloat(place), 0.5), offset), factor);
  const from = k.value(minF(maxF(subF(center, 0.5), 0), length - 1), "from");
  const first = k.value(clamp(truncate(from), 0, length - 1), "first");
  const second = k.value(min(add(first, 1), length - 1), "second");
  return { first, second, share: k.value(subF(from, toFloat(first)), "share") };
}

export const augmentImage: Operator = {
  name: "augmentImage",
  infer: (inputs, attributes) => {
    takes("augmentImage", inputs, 2);
    const [x, seed] = inputs;
    has("augmentImage", x!, "float32");
    has("augmentImage", seed!, "int32");
    shaped("augmentImage", seed!, [1]);
    const sizes = ["height", "width", "channels"].map((name) =>
      integer("augmentImage", attributes, name),
    );
    rule(
      "augmentImage",
      sizeOf(x!.shape.slice(1)) === sizeOf(sizes),
      `x must be images of ${sizes.join(" x ")}`,
      `[${x!.shape}]`,
    );
    const { flip } = attributes;
    rule("augmentImage", typeof flip === "boolean", "flip must be true or false", flip);
    const zoom = real("augmentImage", attributes, "zoom");
    rule("augmentImage", zoom >= 1, "zoom must be at least 1", zoom);
    const brightness = real("augmentImage", attributes, "brightness");
    rule("augmentImage", brightness >= 0, "brightness must be at least 0", brightness);
    return [{ dtype: "float32", shape: x!.shape }];
  },
  lower: ({ inputs: [spec], attributes }) =>
    buildKernel("augmentImage", (k) => {
      const of = (name: string): number => attributes[name] as number;
      const [H, W, C] = [of("height"), of("width"), of("channels")];
      const [zoom, brightness] = [of("zoom"), of("brightness")];
      const [batch, size] = [spec!.shape[0]!, sizeOf(spec!.shape)];
      const x = k.input("float32", size);
      const seed = k.input("int32", 1, "seed");
      const y = k.output("float32", size);
      const keyOf = (stream: keyof typeof STREAMS): Expr =>
        addKey(k, seed.load(0), STREAMS[stream]);
      const keys = {
        flip: keyOf("flip"),
        zoom: keyOf("zoom"),
        down: keyOf("down"),
        across: keyOf("across"),
        light: keyOf("light"),
      };
      k.parallel(batch, (row) => {
        const isMirrored =
          attributes["flip"] === true
            ? k.value(eq(and(addHash(k, add(keys.flip, row)), 1), 1), "is_mirrored")
            : undefined;
        const light = mulF(brightness, subF(mulF(2, addShare(k, keys.light, row)), 1));
        const added = brightness > 0 ? k.value(light, "added") : undefined;
        const growth = k.value(mulF(zoom - 1, addShare(k, keys.zoom, row)), "growth");
        const factor = k.value(addF(1, growth), "factor");
        const offset = (key: Expr, length: number): Expr =>
          k.value(mulF(addShare(k, key, row), mulF(length, growth)), "offset");
        const [top, left] = [offset(keys.down, H), offset(keys.across, W)];
        k.parallel(H, (line) => {
          const down = addSource(k, line, H, top, factor);
          k.parallel(W, (column) => {
            const place = isMirrored
              ? k.value(select(isMirrored, sub(W - 1, column), column), "place")
              : column;
            const across = addSource(k, place, W, left, factor);
            const start = (at: Expr, over: Expr): Expr =>
              k.value(mul(add(mul(add(mul(row, H), at), W), over), C), "start");
            const corners = [down.first, down.second].map((at) =>
              [across.first, across.second].map((over) => start(at, over)),
            );
            k.parallel(C, (c) => {
              const [above, below] = corners.map(([near, far]) => {
                const here = k.value(x.load(add(near!, c)), "here");
                return k.value(
                  addF(here, mulF(across.share, subF(x.load(add(far!, c)), here))),
                  "line",
                );
              }) as [Expr, Expr];
              const value = addF(above, mulF(down.share, subF(below, above)));
              const at = add(mul(add(mul(add(mul(row, H), line), W), column), C), c);
              y.store(at, added ? addF(value, added) : value);
            });
          });
        });
      });
    }),
};
