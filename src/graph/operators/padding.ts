/**
 * Zeros around images. A lowering writes one nest for each part of the border that sees the same
 * taps; a tall kernel has many such parts. Where images are small, a copy with the zeros made real
 * costs less than the code.
 */
import { add, type BufferHandle, type KernelBuilder, mul } from "../../ir/build.ts";
import type { Convolution } from "./convolution-shape.ts";
import { runsOf, tapsOf, type Window1d } from "./window-1d.ts";

/** Parts of an axis that are worth a nest each: before the border, within, after it. */
const MOST_PARTS = 3;
/** Elements of the copy of a batch at most. */
const LARGEST_COPY = 1 << 17;

/** The window over an axis that has its zeros, where it has more than a few parts without. */
function withZeros(w: Window1d): Window1d {
  const parts = runsOf(w.outputLength, 1, (row) => JSON.stringify(tapsOf(w, row))).length;
  if (parts <= MOST_PARTS) return w;
  const reach = (w.size - 1) * w.dilation + 1;
  return { ...w, before: 0, inputLength: (w.outputLength - 1) * w.stride + reach };
}

/**
 * Adds the loops that copy a batch of images with zeros around them, where that is worth it.
 * @param x [B,H,W,channels]
 * @returns the images to convolve and how
 */
export function addZeros(
  k: KernelBuilder,
  c: Convolution,
  x: BufferHandle,
): { readonly images: BufferHandle; readonly around: Convolution } {
  const { batch, rows, columns } = c;
  const around = { ...c, rows: withZeros(rows), columns: withZeros(columns) };
  const channels = c.groups * c.inputs;
  const pitch = around.columns.inputLength * channels;
  const size = around.rows.inputLength * pitch;
  const same = around.rows === rows && around.columns === columns;
  // Devices have one image at a time, and memory is dearer to them than code.
  if (same || batch === 1 || batch * size > LARGEST_COPY) return { images: x, around: c };
  const images = k.scratch("float32", batch * size, "images");
  // Inputs that no window reaches, as strides may leave, are left out.
  const [height, width] = [seen(rows, around.rows), seen(columns, around.columns)];
  const [top, left] = [rows.before - around.rows.before, columns.before - around.columns.before];
  k.parallel(batch * size, (i) => images.store(i, 0));
  k.parallel(batch, (n) =>
    k.parallel(height, (row) =>
      k.parallel(width * channels, (i) => {
        const line = add(mul(n, rows.inputLength), row);
        const from = add(mul(line, columns.inputLength * channels), i);
        const to = add(add(mul(n, size), mul(row, pitch)), add(i, top * pitch + left * channels));
        images.store(to, x.load(from));
      }),
    ),
  );
  return { images, around };
}

const seen = (w: Window1d, around: Window1d): number =>
  Math.min(w.inputLength, around.inputLength - w.before + around.before);
