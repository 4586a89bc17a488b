/**
 * `globalAveragePool(x [B,...,C])` and `globalMaxPool(x [B,...,C])`: the mean and the largest
 * value of each channel over all places, [B,C]. The gradient of a mean is shared by all places
 * (`globalAveragePoolGradient(dy) {inputShape}`), that of a maximum goes to the first place that
 * holds it (`globalMaxPoolGradient(dy, x, y)`).
 */
import { add, addF, buildKernel, divF, eqF, maxF, mul, selectF } from "../../ir/build.ts";
import { type Shape, sizeOf } from "../../tensor/tensor.ts";
import type { Operator, OutputSpec, TensorSpec } from "../graph.ts";
import { has, rule, shaped, takes } from "./rules.ts";

function pooled(operator: string, inputs: readonly TensorSpec[]): readonly OutputSpec[] {
  takes(operator, inputs, 1);
  const [x] = inputs;
  has(operator, x!, "float32");
  rule(operator, x!.shape.length >= 3, "x must have at least 3 dimensions", `[${x!.shape}]`);
  return [{ dtype: "float32", shape: [x!.shape[0]!, x!.shape.at(-1)!] }];
}

function sizes(x: Shape): { readonly B: number; readonly N: number; readonly C: number } {
  return { B: x[0]!, N: sizeOf(x.slice(1, -1)), C: x.at(-1)! };
}

export const globalAveragePoolGradient: Operator = {
  name: "globalAveragePoolGradient",
  infer: (inputs, { inputShape }) => {
    takes("globalAveragePoolGradient", inputs, 1);
    has("globalAveragePoolGradient", inputs[0]!, "float32", 2);
    rule(
      "globalAveragePoolGradient",
      Array.isArray(inputShape) && inputShape.every((n) => Number.isInteger(n) && n >= 1),
      "inputShape must be a list of whole numbers of at least 1",
      inputShape,
    );
    const shape = inputShape as unknown as Shape;
    shaped("globalAveragePoolGradient", inputs[0]!, [shape[0]!, shape.at(-1)!]);
    return [{ dtype: "float32", shape }];
  },
  lower: ({ outputs: [spec] }) =>
    buildKernel("globalAveragePoolGradient", (k) => {
      const { B, N, C } = sizes(spec!.shape);
      const dy = k.input("float32", B * C, "dy");
      const dx = k.output("float32", B * N * C, "dx");
      k.parallel(B, (image) =>
        k.parallel(N, (n) =>
          k.parallel(C, (c) =>
            dx.store(
              add(mul(image, N * C), add(mul(n, C), c)),
              divF(dy.load(add(mul(image, C), c)), N),
            ),
          ),
        ),
      );
    }),
};

export const globalAveragePool: Operator = {
  name: "globalAveragePool",
  infer: (inputs) => pooled("globalAveragePool", inputs),
  lower: ({ inputs: [spec] }) =>
    buildKernel("globalAveragePool", (k) => {
      const { B, N, C } = sizes(spec!.shape);
      const x = k.input("float32", B * N * C);
      const y = k.output("float32", B * C);
      k.parallel(B, (image) =>
        k.parallel(C, (c) => {
          const sum = k.register(0, "sum");
          k.loop(N, (n) =>
            sum.set(addF(sum.get, x.load(add(mul(image, N * C), add(mul(n, C), c))))),
          );
          y.store(add(mul(image, C), c), divF(sum.get, N));
        }),
      );
    }),
  gradient: (builder, { inputs: [x] }, _names, [dy]) => [
    builder.one(globalAveragePoolGradient, [dy!], { inputShape: x!.shape }),
  ],
};

export const globalMaxPoolGradient: Operator = {
  name: "globalMaxPoolGradient",
  infer: (inputs) => {
    takes("globalMaxPoolGradient", inputs, 3);
    const [dy, x, y] = inputs;
    const [output] = pooled("globalMaxPoolGradient", [x!]);
    for (const input of [dy!, y!]) {
      has("globalMaxPoolGradient", input, "float32");
      shaped("globalMaxPoolGradient", input, output!.shape);
    }
    return [{ dtype: "float32", shape: x!.shape }];
  },
  lower: ({ inputs: [, spec] }) =>
    buildKernel("globalMaxPoolGradient", (k) => {
      const { B, N, C } = sizes(spec!.shape);
      const dy = k.input("float32", B * C, "dy");
      const x = k.input("float32", B * N * C);
      const y = k.input("float32", B * C, "y");
      const dx = k.output("float32", B * N * C, "dx");
      k.parallel(B, (image) =>
        k.parallel(C, (c) => {
          const at = add(mul(image, C), c);
          const largest = k.value(y.load(at), "largest");
          const share = k.register(dy.load(at), "share");
          k.loop(N, (n) => {
            const place = add(mul(image, N * C), add(mul(n, C), c));
            const wins = eqF(x.load(place), largest);
            dx.store(place, selectF(wins, share.get, 0));
            share.set(selectF(wins, 0, share.get));
          });
        }),
      );
    }),
};

export const globalMaxPool: Operator = {
  name: "globalMaxPool",
  infer: (inputs) => pooled("globalMaxPool", inputs),
  lower: ({ inputs: [spec] }) =>
    buildKernel("globalMaxPool", (k) => {
      const { B, N, C } = sizes(spec!.shape);
      const x = k.input("float32", B * N * C);
      const y = k.output("float32", B * C);
      k.parallel(B, (image) =>
        k.parallel(C, (c) => {
          const start = add(mul(image, N * C), c);
          const largest = k.register(x.load(start), "largest");
          k.loop(N, (n) => largest.set(maxF(x.load(add(start, mul(n, C))), largest.get)));
          y.store(add(mul(image, C), c), largest.get);
        }),
      );
    }),
  gradient: (builder, _node, { inputs: [x], outputs: [y] }, [dy]) => [
    builder.one(globalMaxPoolGradient, [dy!, x!, y!]),
  ],
};
