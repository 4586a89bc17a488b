/**
 * `matmul(a, b) {transposeA}`: [M,K] . [K,N] = [M,N], or with `transposeA` the product of a's
 * transpose, a [K,M]. Every load then has stride 0 or 1 along N, the axis of the vector lanes; a
 * product with b's transpose is written with a `transpose2d` node.
 */
import { add, addF, buildKernel, mul, mulF } from "../../ir/build.ts";
import type { NodeContext, Operator } from "../graph.ts";
import { has, rule, takes } from "./rules.ts";
import { transpose2d } from "./transpose2d.ts";

function sizes({ inputs: [a, b], attributes }: Pick<NodeContext, "inputs" | "attributes">): {
  readonly M: number;
  readonly K: number;
  readonly N: number;
} {
  const [rows, columns] = a!.shape as [number, number];
  const [M, K] = attributes["transposeA"] === true ? [columns, rows] : [rows, columns];
  return { M, K, N: b!.shape[1]! };
}

export const matmul: Operator = {
  name: "matmul",
  infer: (inputs, attributes) => {
    takes("matmul", inputs, 2);
    for (const input of inputs) has("matmul", input, "float32", 2);
    const { M, K, N } = sizes({ inputs, attributes });
    rule("matmul", inputs[1]!.shape[0] === K, `b must have ${K} rows`, inputs[1]!.shape[0]);
    return [{ dtype: "float32", shape: [M, N] }];
  },
  lower: (node) =>
    buildKernel("matmul", (k) => {
      const { M, K, N } = sizes(node);
      const transposed = node.attributes["transposeA"] === true;
      const a = k.input("float32", M * K, "a");
      const b = k.input("float32", K * N, "b");
      const c = k.output("float32", M * N, "c");
      k.parallel(M, (m) =>
        k.parallel(N, (n) => {
          const sum = k.register(0, "sum");
          k.loop(K, (i) => {
            const left = a.load(transposed ? add(mul(i, M), m) : add(mul(m, K), i));
            sum.set(addF(sum.get, mulF(left, b.load(add(mul(i, N), n)))));
          });
          c.store(add(mul(m, N), n), sum.get);
        }),
      );
    }),
  gradient: (builder, { attributes }, { inputs }, [dc]) => {
    const [a, b] = inputs as [string, string];
    if (attributes["transposeA"] === true)
      return [
        builder.one(matmul, [b, builder.one(transpose2d, [dc!])]),
        builder.one(matmul, [a, dc!]),
      ];
    return [
      builder.one(matmul, [dc!, builder.one(transpose2d, [b])]),
      builder.one(matmul, [a, dc!], { transposeA: true }),
    ];
  },
  macs: (node) => {
    const { M, K, N } = sizes(node);
    return M * K * N;
  },
};
