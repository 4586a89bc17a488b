/**
 * Operators whose every output element depends on the elements at the same place of the inputs.
 * Their kernel is one flat parallel loop, the form that the compiler recognises as an epilogue.
 */
import { buildKernel, type StatementBuilder } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import { sizeOf } from "../../tensor/tensor.ts";
import type { Attributes, Operator } from "../graph.ts";
import { has, shaped, takes } from "./rules.ts";

/**
 * An operator on `arity` float32 tensors of one shape.
 * @param compute the element; with `s` it names what it uses more than once
 * @param check fails when an attribute breaks a rule
 */
export function elementwise(
  name: string,
  arity: number,
  compute: (args: readonly Expr[], attributes: Attributes, s: StatementBuilder) => Expr,
  gradient?: Operator["gradient"],
  check: (attributes: Attributes) => void = () => {},
): Operator {
  return {
    name,
    infer: (inputs, attributes) => {
      takes(name, inputs, arity);
      const { shape } = inputs[0]!;
      for (const input of inputs) {
        has(name, input, "float32");
        shaped(name, input, shape);
      }
      check(attributes);
      return [{ dtype: "float32", shape }];
    },
    lower: ({ inputs, outputs, attributes }) =>
      buildKernel(name, (k) => {
        const size = sizeOf(outputs[0]!.shape);
        const sources = inputs.map((_, n) => k.input("float32", size, arity > 1 ? `x${n}` : "x"));
        const y = k.output("float32", size);
        k.parallel(size, (i) =>
          y.store(
            i,
            compute(
              sources.map((source) => source.load(i)),
              attributes,
              k,
            ),
          ),
        );
      }),
    ...(gradient ? { gradient } : {}),
  };
}
