/**
 * `kMeansScore(x [B,F], mean [D], inverseStd [D], centroids [K,D], maxErrors [K]) {axes}`: the
 * score [B] of feature rows on the D features that `axes` chooses, as `k-means.ts` defines it, in
 * float32. A row with NaN in one of them gets the largest float32, which is above any threshold.
 */
import type { GraphBuilder, Operator } from "../graph/graph.ts";
import { has, rule, shaped, takes } from "../graph/operators/rules.ts";
import { add, addF, buildKernel, minF, mul, mulF, sqrtF, subF } from "../ir/build.ts";
import type { Expr } from "../ir/kernel.ts";
import type { KMeans } from "./k-means.ts";

const LARGEST_FLOAT = 3.4028234663852886e38;

export const kMeansScore: Operator = {
  name: "kMeansScore",
  infer: (inputs, { axes }) => {
    takes("kMeansScore", inputs, 5);
    for (const input of inputs) has("kMeansScore", input, "float32");
    const [x, mean, inverseStd, centroids, maxErrors] = inputs;
    has("kMeansScore", x!, "float32", 2);
    has("kMeansScore", maxErrors!, "float32", 1);
    const width = x!.shape[1]!;
    rule(
      "kMeansScore",
      Array.isArray(axes) &&
        axes.length > 0 &&
        axes.every((axis) => Number.isInteger(axis) && axis >= 0 && axis < width),
      `axes must be whole numbers below ${width}`,
      axes,
    );
    const dimensions = (axes as readonly number[]).length;
    shaped("kMeansScore", mean!, [dimensions]);
    shaped("kMeansScore", inverseStd!, [dimensions]);
    shaped("kMeansScore", centroids!, [maxErrors!.shape[0]!, dimensions]);
    return [{ dtype: "float32", shape: [x!.shape[0]!] }];
  },
  lower: ({ inputs: [spec, , , centroidsSpec], attributes }) =>
    buildKernel("k_means_score", (k) => {
      const [B, F] = spec!.shape as [number, number];
      const [K, D] = centroidsSpec!.shape as [number, number];
      const axes = attributes["axes"] as readonly number[];
      const x = k.input("float32", B * F);
      const mean = k.input("float32", D, "mean");
      const inverseStd = k.input("float32", D, "inverseStd");
      const centroids = k.input("float32", K * D, "centroids");
      const maxErrors = k.input("float32", K, "maxErrors");
      const y = k.output("float32", B);
      const z = k.scratch("float32", B * D, "z");
      k.parallel(B, (row) => {
        const standardize = (d: Expr | number, axis: Expr | number): void => {
          const difference = subF(x.load(add(mul(row, F), axis)), mean.load(d));
          z.store(add(mul(row, D), d), mulF(difference, inverseStd.load(d)));
        };
        // The usual choice, one statistic of each sensor axis, is evenly spaced: a loop.
        const step = D > 1 ? axes[1]! - axes[0]! : 1;
        if (axes.every((axis, d) => axis === axes[0]! + d * step))
          k.loop(D, (d) => standardize(d, add(mul(d, step), axes[0]!)));
        else for (const [d, axis] of axes.entries()) standardize(d, axis);

        const best = k.register(LARGEST_FLOAT, "best", "float32");
        k.loop(K, (c) => {
          const sum = k.register(0, "sum", "float32");
          k.loop(D, (d) => {
            const difference = k.value(
              subF(z.load(add(mul(row, D), d)), centroids.load(add(mul(c, D), d))),
              "difference",
            );
            sum.set(addF(sum.get, mulF(difference, difference)));
          });
          best.set(minF(subF(sqrtF(sum.get), maxErrors.load(c)), best.get));
        });
        y.store(row, best.get);
      });
    }),
  macs: ({ inputs: [x, , , centroids] }) =>
    x!.shape[0]! * centroids!.shape[0]! * centroids!.shape[1]!,
};

/**
 * Adds the score of a trained model to a graph and returns the name of the score.
 * @param features float32 [B,F]
 * @param axes the features that the model was trained on, in its order
 */
export function addKMeansScore(
  builder: GraphBuilder,
  features: string,
  model: KMeans,
  axes: readonly number[],
  name: string,
): string {
  const { dimensions, mean, inverseStd, centroids, maxErrors } = model;
  const constant = (part: string, shape: readonly number[], data: Float32Array): string =>
    builder.constant(`${name}_${part}`, "float32", shape, data);
  return builder.one(
    kMeansScore,
    [
      features,
      constant("mean", [dimensions], mean),
      constant("inverse_std", [dimensions], inverseStd),
      constant("centroids", [maxErrors.length, dimensions], centroids),
      constant("max_errors", [maxErrors.length], maxErrors),
    ],
    { axes },
    { name },
  );
}
