/** `transpose2d(x [M,N])`: the matrix with rows and columns exchanged, [N,M]. */
import { add, buildKernel, mul } from "../../ir/build.ts";
import type { Operator } from "../graph.ts";
import { has, takes } from "./rules.ts";

export const transpose2d: Operator = {
  name: "transpose2d",
  infer: (inputs) => {
    takes("transpose2d", inputs, 1);
    const [x] = inputs;
    has("transpose2d", x!, "float32", 2);
    return [{ dtype: "float32", shape: [x!.shape[1]!, x!.shape[0]!] }];
  },
  lower: ({ inputs: [x] }) =>
    buildKernel("transpose2d", (k) => {
      const [M, N] = x!.shape as [number, number];
      const from = k.input("float32", M * N);
      const to = k.output("float32", M * N);
      k.parallel(N, (n) =>
        k.parallel(M, (m) => to.store(add(mul(n, M), m), from.load(add(mul(m, N), n)))),
      );
    }),
  gradient: (builder, _node, _names, [dy]) => [builder.one(transpose2d, [dy!])],
};
