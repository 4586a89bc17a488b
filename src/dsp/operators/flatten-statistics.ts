/**
 * `flattenStatistics(x [rows, axes]) {statistics}`: statistics of each axis over the window, axis
 * by axis, as one flat vector. Only what is asked for is computed.
 */
import type { Attributes, Operator } from "../../graph/graph.ts";
import { has, rule, takes } from "../../graph/operators/rules.ts";
import { add, addF, buildKernel, maxF, minF, mul, mulF, sqrtF } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import { addMean, addMoments, MOMENT_MULTIPLICATIONS } from "./moments.ts";

/** In the order in which they are written, whatever the order of the attribute. */
export const STATISTICS = [
  "average",
  "minimum",
  "maximum",
  "rms",
  "stdev",
  "skewness",
  "kurtosis",
] as const;

export type Statistic = (typeof STATISTICS)[number];

function chosen({ statistics }: Attributes): readonly Statistic[] {
  const names = Array.isArray(statistics) ? (statistics as readonly string[]) : [];
  const isKnown = names.every((name) => (STATISTICS as readonly string[]).includes(name));
  rule(
    "flattenStatistics",
    names.length > 0 && isKnown,
    `statistics must be some of ${STATISTICS.join(", ")}`,
    statistics,
  );
  return STATISTICS.filter((name) => names.includes(name));
}

const needsMoments = (names: readonly Statistic[]): boolean =>
  names.some((name) => !["average", "minimum", "maximum"].includes(name));

export const flattenStatistics: Operator = {
  name: "flattenStatistics",
  infer: (inputs, attributes) => {
    takes("flattenStatistics", inputs, 1);
    const [x] = inputs;
    has("flattenStatistics", x!, "float32", 2);
    return [{ dtype: "float32", shape: [x!.shape[1]! * chosen(attributes).length] }];
  },
  lower: ({ attributes, inputs, outputs }) =>
    buildKernel("flatten_statistics", (k) => {
      const [rows, axes] = inputs[0]!.shape as [number, number];
      const names = chosen(attributes);
      const x = k.input("float32", rows * axes);
      const y = k.output("float32", outputs[0]!.shape[0]!);
      k.parallel(axes, (axis) => {
        const at = (row: Expr | number): Expr => x.load(add(mul(row, axes), axis));
        const write = (name: Statistic, value: () => Expr): void => {
          const place = names.indexOf(name);
          if (place >= 0) y.store(add(mul(axis, names.length), place), value());
        };
        const extreme = (fold: typeof minF): Expr => {
          const result = k.register(at(0), fold === minF ? "smallest" : "largest");
          k.loop(rows, (row) => result.set(fold(at(row), result.get)));
          return result.get;
        };
        write("minimum", () => extreme(minF));
        write("maximum", () => extreme(maxF));
        if (!needsMoments(names) && !names.includes("average")) return;
        const mean = addMean(k, rows, at);
        write("average", () => mean);
        if (!needsMoments(names)) return;
        const { deviation, skewness, kurtosis } = addMoments(k, rows, at, mean);
        // The mean square is the squared mean plus the variance, which are at hand and more exact.
        write("rms", () => sqrtF(addF(mulF(mean, mean), mulF(deviation, deviation))));
        write("stdev", () => deviation);
        write("skewness", () => skewness);
        write("kurtosis", () => kurtosis);
      });
    }),
  macs: ({ attributes, inputs }) => {
    const [rows, axes] = inputs[0]!.shape as [number, number];
    return needsMoments(chosen(attributes)) ? rows * axes * MOMENT_MULTIPLICATIONS : 0;
  },
};
