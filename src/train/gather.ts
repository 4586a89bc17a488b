/**
 * `gather(data [N,...], indices int32 [B])`: rows of a resident data set, [B,...], so that a
 * mini-batch is put together inside the compiled step. Indices outside are clamped.
 */

import type { Operator } from "../graph/graph.ts";
import { has, takes } from "../graph/operators/rules.ts";
import { add, buildKernel, clamp, mul } from "../ir/build.ts";
import { sizeOf } from "../tensor/tensor.ts";

export const gather: Operator = {
  name: "gather",
  infer: (inputs) => {
    takes("gather", inputs, 2);
    const [data, indices] = inputs;
    has("gather", indices!, "int32", 1);
    return [{ dtype: data!.dtype, shape: [indices!.shape[0]!, ...data!.shape.slice(1)] }];
  },
  lower: ({ inputs: [dataSpec, indexSpec] }) =>
    buildKernel("gather", (k) => {
      const N = dataSpec!.shape[0]!;
      const B = indexSpec!.shape[0]!;
      const width = sizeOf(dataSpec!.shape.slice(1));
      const data = k.input(dataSpec!.dtype, N * width, "data");
      const indices = k.input("int32", B, "indices");
      const rows = k.output(dataSpec!.dtype, B * width, "rows");
      k.parallel(B, (b) => {
        const start = k.value(mul(clamp(indices.load(b), 0, N - 1), width), "start");
        k.parallel(width, (i) => rows.store(add(mul(b, width), i), data.load(add(start, i))));
      });
    }),
};
