/**
 * Pools in int8, which keep the scale and zero point of their input, as TFLite Micro's reference
 * kernels do: `maxPool2dInt8`, `averagePool1dInt8` and `averagePool2dInt8` with the attributes of
 * their float forms and `activation`; `globalAveragePoolInt8` and `globalMaxPoolInt8` over all
 * places. A mean is rounded to nearest, half away from zero.
 */
import { add, buildKernel, div, gt, type Index, i32, max, mul, select } from "../../../ir/build.ts";
import type { Expr } from "../../../ir/kernel.ts";
import { type Shape, sizeOf } from "../../../tensor/tensor.ts";
import type { Operator, TensorSpec } from "../../graph.ts";
import { outputShapeOf, type Pooling, poolingOf } from "../pooling.ts";
import { rule, takes } from "../rules.ts";
import { ONE_ROW, tapsOf } from "../window-1d.ts";
import { outputRuns } from "../window-2d.ts";
import { activationOf, clampInt8, hasInt8 } from "./activation.ts";

type Kind = {
  readonly first: number;
  readonly next: (sum: Expr, value: Expr) => Expr;
  readonly end: (sum: Expr, taps: number) => Expr;
};

const LARGEST: Kind = { first: -128, next: max, end: (sum) => sum };
const MEAN: Kind = {
  first: 0,
  next: add,
  end: (sum, taps) => {
    const half = taps >> 1;
    return taps === 1 ? sum : div(add(sum, select(gt(sum, 0), half, -half)), taps);
  },
};

function pool(
  name: string,
  kind: Kind,
  rank: number,
  poolOf: (x: TensorSpec, node: Operands) => Pooled,
): Operator {
  return {
    name,
    infer: (inputs, attributes) => {
      takes(name, inputs, 1);
      const [x] = inputs;
      hasInt8(name, x!, rank === 0 ? undefined : rank);
      rule(name, x!.shape.length >= 3, "x must have at least 3 dimensions", `[${x!.shape}]`);
      activationOf(name, attributes);
      const { shape } = poolOf(x!, { attributes });
      return [{ dtype: "int8", shape, quantization: x!.quantization! }];
    },
    lower: ({ inputs: [x], attributes }) =>
      buildKernel(name, (k) => {
        const { pooling, shape } = poolOf(x!, { attributes });
        const { rows, columns, batch, channels } = pooling;
        const input = k.input("int8", sizeOf(x!.shape));
        const output = k.output("int8", sizeOf(shape));
        const activation = activationOf(name, attributes);
        for (const [down, across] of outputRuns(pooling)) {
          const [tall, wide] = [tapsOf(rows, down.first), tapsOf(columns, across.first)];
          k.parallel(batch, (image) =>
            k.parallel(down.count, (r) =>
              k.parallel(across.count, (q) =>
                k.parallel(channels, (c) => {
                  const row = add(r, down.first);
                  const column = add(q, across.first);
                  const top = add(mul(row, rows.stride), tall.first - rows.before);
                  const left = add(mul(column, columns.stride), wide.first - columns.before);
                  const place = (width: number, height: number, h: Index, v: Index): Index =>
                    add(mul(add(mul(add(mul(image, height), h), width), v), channels), c);
                  const sum = k.register(i32(kind.first), "sum");
                  k.loop(tall.count, (i) =>
                    k.loop(wide.count, (j) => {
                      const [h, v] = [add(top, i), add(left, j)];
                      const at = place(columns.inputLength, rows.inputLength, h, v);
                      sum.set(kind.next(sum.get, input.load(at)));
                    }),
                  );
                  const end = kind.end(sum.get, tall.count * wide.count);
                  const y = activation === "none" ? end : clampInt8(end, x!, activation);
                  output.store(place(columns.outputLength, rows.outputLength, row, column), y);
                }),
              ),
            ),
          );
        }
      }),
  };
}

type Operands = { readonly attributes: Parameters<typeof poolingOf>[2] };
type Pooled = { readonly pooling: Pooling; readonly shape: Shape };

const windowed =
  (name: string) =>
  (x: TensorSpec, { attributes }: Operands): Pooled => {
    const pooling = poolingOf(name, x.shape, attributes);
    return { pooling, shape: outputShapeOf(pooling, x.shape) };
  };

/** One window over all places, as one row. */
const global = (x: TensorSpec): Pooled => {
  const [batch, channels] = [x.shape[0]!, x.shape.at(-1)!];
  const size = sizeOf(x.shape.slice(1, -1));
  const columns = { ...ONE_ROW, size, inputLength: size };
  return { pooling: { rows: ONE_ROW, columns, batch, channels }, shape: [batch, channels] };
};

export const maxPool2dInt8: Operator = pool("maxPool2dInt8", LARGEST, 4, windowed("maxPool2dInt8"));
export const averagePool1dInt8: Operator = pool(
  "averagePool1dInt8",
  MEAN,
  3,
  windowed("averagePool1dInt8"),
);
export const averagePool2dInt8: Operator = pool(
  "averagePool2dInt8",
  MEAN,
  4,
  windowed("averagePool2dInt8"),
);
export const globalAveragePoolInt8: Operator = pool("globalAveragePoolInt8", MEAN, 0, global);
export const globalMaxPoolInt8: Operator = pool("globalMaxPoolInt8", LARGEST, 0, global);
