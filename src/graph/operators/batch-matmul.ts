/**
 * `batchMatmul(a [...,M,K], b [...,K,N]) {transposeA}`: the matrix products of two batches, whose
 * leading axes are equal; with `transposeA` a is [...,K,M]. Every load has stride 0 or 1 along N,
 * the axis of the vector lanes; a product with b's transpose is written with a `permute` node.
 */
import { add, addF, buildKernel, mul, mulF } from "../../ir/build.ts";
import { type Shape, sizeOf } from "../../tensor/tensor.ts";
import type { GraphBuilder, NodeContext, Operator } from "../graph.ts";
import { permute } from "./permute.ts";
import { has, rule, takes } from "./rules.ts";

function sizes({ inputs: [a, b], attributes }: Pick<NodeContext, "inputs" | "attributes">): {
  readonly lead: Shape;
  readonly M: number;
  readonly K: number;
  readonly N: number;
} {
  const [rows, columns] = a!.shape.slice(-2) as [number, number];
  const [M, K] = attributes["transposeA"] === true ? [columns, rows] : [rows, columns];
  return { lead: a!.shape.slice(0, -2), M, K, N: b!.shape.at(-1)! };
}

/** Adds the transpose of the last two axes. */
function transposed(builder: GraphBuilder, name: string): string {
  const rank = builder.spec(name).shape.length;
  const axes = [...Array(rank).keys()];
  [axes[rank - 2], axes[rank - 1]] = [rank - 1, rank - 2];
  return builder.one(permute, [name], { axes });
}

export const batchMatmul: Operator = {
  name: "batchMatmul",
  infer: (inputs, attributes) => {
    takes("batchMatmul", inputs, 2);
    const [a, b] = inputs;
    has("batchMatmul", a!, "float32");
    const rank = a!.shape.length;
    rule("batchMatmul", rank >= 2, "a must have at least 2 dimensions", `[${a!.shape}]`);
    has("batchMatmul", b!, "float32", rank);
    const { lead, M, K, N } = sizes({ inputs, attributes });
    const fits = [...lead, K].every((n, k) => b!.shape[k] === n);
    rule("batchMatmul", fits, `b must be [${[...lead, K]},N]`, `[${b!.shape}]`);
    return [{ dtype: "float32", shape: [...lead, M, N] }];
  },
  lower: (node) =>
    buildKernel("batchMatmul", (k) => {
      const { lead, M, K, N } = sizes(node);
      const batch = sizeOf(lead);
      const transposeA = node.attributes["transposeA"] === true;
      const a = k.input("float32", batch * M * K, "a");
      const b = k.input("float32", batch * K * N, "b");
      const c = k.output("float32", batch * M * N, "c");
      k.parallel(batch, (n) =>
        k.parallel(M, (row) =>
          k.parallel(N, (column) => {
            const sum = k.register(0, "sum");
            k.loop(K, (i) => {
              const at = transposeA ? add(mul(i, M), row) : add(mul(row, K), i);
              const left = a.load(add(mul(n, M * K), at));
              const right = b.load(add(mul(n, K * N), add(mul(i, N), column)));
              sum.set(addF(sum.get, mulF(left, right)));
            });
            c.store(add(mul(n, M * N), add(mul(row, N), column)), sum.get);
          }),
        ),
      );
    }),
  gradient: (builder, { attributes }, { inputs }, [dc]) => {
    const [a, b] = inputs as [string, string];
    if (attributes["transposeA"] === true)
      return [
        builder.one(batchMatmul, [b, transposed(builder, dc!)]),
        builder.one(batchMatmul, [a, dc!]),
      ];
    return [
      builder.one(batchMatmul, [dc!, transposed(builder, b)]),
      builder.one(batchMatmul, [a, dc!], { transposeA: true }),
    ];
  },
  macs: (node) => {
    const { lead, M, K, N } = sizes(node);
    return sizeOf(lead) * M * K * N;
  },
};
