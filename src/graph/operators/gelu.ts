/**
 * `gelu(x)` in the tanh form (Hendrycks and Gimpel 2016): x/2 * (1 + tanh(u)) with
 * u = sqrt(2/pi) * (x + 0.044715 x³), which is x * sigmoid(2 u). It differs from x times the normal
 * distribution function by at most 5e-4; Keras calls it `approximate=True`, PyTorch
 * `approximate="tanh"`.
 */
import { addF, mulF, subF } from "../../ir/build.ts";
import type { Expr } from "../../ir/kernel.ts";
import type { Operator } from "../graph.ts";
import { elementwise } from "./elementwise.ts";
import { sigmoidOf } from "./sigmoid.ts";

/** 2 sqrt(2/pi) */
const SLOPE = 1.5957691216057308;
const CUBIC = 0.044715;

/** 2 u = x * (SLOPE + SLOPE * CUBIC * x²), from x and its square. */
const doubleU = (x: Expr, square: Expr): Expr => mulF(x, addF(SLOPE, mulF(SLOPE * CUBIC, square)));

/** `geluGradient(dy, x)`: dy * (s + x * s * (1 - s) * d(2u)/dx) with s = sigmoid(2u). */
export const geluGradient: Operator = elementwise("geluGradient", 2, ([dy, x], _attributes, s) => {
  const square = s.value(mulF(x!, x!), "square");
  const share = s.value(sigmoidOf(doubleU(x!, square)), "share");
  const slope = addF(SLOPE, mulF(3 * SLOPE * CUBIC, square));
  return mulF(dy!, addF(share, mulF(mulF(share, subF(1, share)), mulF(x!, slope))));
});

export const gelu: Operator = elementwise(
  "gelu",
  1,
  ([x]) => mulF(x!, sigmoidOf(doubleU(x!, mulF(x!, x!)))),
  (builder, _node, { inputs: [x] }, [dy]) => [builder.one(geluGradient, [dy!, x!])],
);
