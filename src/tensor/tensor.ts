/**
 * Typed, shaped numbers and how integers stand for reals. Shapes are row-major; the last axis is
 * contiguous. Nothing here computes.
 */

export type DType = "float32" | "int32" | "int8" | "uint8" | "int16";

export type Shape = readonly number[];

/**
 * Affine quantisation, real = scale * (q - zeroPoint) (compression-and-optimizers, section 2.1).
 * One scale for the whole tensor, or one for each index of `axis`; then every zero point is 0.
 */
export type Quantization = {
  readonly scale: readonly number[];
  readonly zeroPoint: number;
  readonly axis?: number;
};

export type TypedArray = Float32Array | Int32Array | Int16Array | Int8Array | Uint8Array;

export type Tensor = {
  readonly dtype: DType;
  readonly shape: Shape;
  readonly data: TypedArray;
};

export const BYTES_PER_ELEMENT: { readonly [D in DType]: number } = {
  float32: 4,
  int32: 4,
  int16: 2,
  int8: 1,
  uint8: 1,
};

/** Number of elements: the product of the dimensions, 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  let size = 1;
  for (const dimension of shape) size *= dimension;
  return size;
}

export function bytesOf(dtype: DType, shape: Shape): number {
  return sizeOf(shape) * BYTES_PER_ELEMENT[dtype];
}

/** A zeroed array of the type that holds `dtype`. */
export function makeArray(dtype: DType, size: number): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(size);
    case "int32":
      return new Int32Array(size);
    case "int16":
      return new Int16Array(size);
    case "int8":
      return new Int8Array(size);
    case "uint8":
      return new Uint8Array(size);
  }
}

/** Views bytes as elements of `dtype` without a copy; `byteOffset` must be aligned. */
export function viewArray(
  buffer: ArrayBufferLike,
  dtype: DType,
  byteOffset: number,
  size: number,
): TypedArray {
  switch (dtype) {
    case "float32":
      return new Float32Array(buffer, byteOffset, size);
    case "int32":
      return new Int32Array(buffer, byteOffset, size);
    case "int16":
      return new Int16Array(buffer, byteOffset, size);
    case "int8":
      return new Int8Array(buffer, byteOffset, size);
    case "uint8":
      return new Uint8Array(buffer, byteOffset, size);
  }
}

export function makeTensor(dtype: DType, shape: Shape, values?: ArrayLike<number>): Tensor {
  const data = makeArray(dtype, sizeOf(shape));
  if (values) {
    if (values.length !== data.length)
      throw new RangeError(
        `makeTensor: shape [${shape}] needs ${data.length} values, got ${values.length}`,
      );
    data.set(values);
  }
  return { dtype, shape, data };
}
