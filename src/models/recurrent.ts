/**
 * Recurrent layers, unrolled: a step for each time, all with the same weights, of the operators
 * that there are. Gates, their order and the extra bias of the GRU are those of Keras and cuDNN
 * (`reset_after`), so weights can be carried over as they are.
 *
 * Both take x [B,T,C] and weights [C,G*H], recurrent weights [H,G*H], bias [G*H] for G gates of H
 * units, and give the last state [B,H] or all of them [B,T,H]. The first state is 0.
 */
import type { GraphBuilder } from "../graph/graph.ts";
import { add } from "../graph/operators/add.ts";
import { concat } from "../graph/operators/concat.ts";
import { dense } from "../graph/operators/dense.ts";
import { matmul } from "../graph/operators/matmul.ts";
import { mul } from "../graph/operators/mul.ts";
import { flatten, reshape } from "../graph/operators/reshape.ts";
import { sigmoid } from "../graph/operators/sigmoid.ts";
import { slice } from "../graph/operators/slice.ts";
import { sub } from "../graph/operators/sub.ts";
import { tanh } from "../graph/operators/tanh.ts";

export type RecurrentOptions = {
  /** The state after every step in place of the last. @default false */
  readonly returnSequences?: boolean;
};

/**
 * Long short-term memory (Hochreiter and Schmidhuber 1997, with forget gates). Gates in order:
 * input i, forget f, candidate g, output o; c' = f c + i g and h' = o tanh(c').
 * @param parameters names of weights, recurrent weights, bias
 */
export function addLstm(
  builder: GraphBuilder,
  x: string,
  parameters: readonly string[],
  options: RecurrentOptions = {},
): string {
  const [weights, recurrent, bias] = parameters as [string, string, string];
  const units = builder.spec(recurrent).shape[0]!;
  const gate = gatesOf(builder, units);
  let cell = zeros(builder, x, units);
  return unroll(builder, x, units, options, (input, state) => {
    const fresh = builder.one(dense, [input, weights, bias]);
    const all = builder.one(add, [builder.one(matmul, [state, recurrent]), fresh]);
    const [i, f, o] = [0, 1, 3].map((n) => builder.one(sigmoid, [gate(all, n)]));
    const g = builder.one(tanh, [gate(all, 2)]);
    cell = builder.one(add, [builder.one(mul, [f!, cell]), builder.one(mul, [i!, g])]);
    return builder.one(mul, [o!, builder.one(tanh, [cell])]);
  });
}

/**
 * Gated recurrent unit (Cho et al. 2014). Gates in order: update z, reset r, candidate n =
 * tanh(x part + r * state part); h' = z h + (1 - z) n.
 * @param parameters names of weights, recurrent weights, bias and the bias [3*H] of the state part
 */
export function addGru(
  builder: GraphBuilder,
  x: string,
  parameters: readonly string[],
  options: RecurrentOptions = {},
): string {
  const [weights, recurrent, bias, stateBias] = parameters as [string, string, string, string];
  const units = builder.spec(recurrent).shape[0]!;
  const gate = gatesOf(builder, units);
  return unroll(builder, x, units, options, (input, state) => {
    const fresh = builder.one(dense, [input, weights, bias]);
    const held = builder.one(dense, [state, recurrent, stateBias]);
    const [z, r] = [0, 1].map((n) =>
      builder.one(sigmoid, [builder.one(add, [gate(held, n), gate(fresh, n)])]),
    );
    const kept = builder.one(mul, [r!, gate(held, 2)]);
    const n = builder.one(tanh, [builder.one(add, [kept, gate(fresh, 2)])]);
    return builder.one(add, [n, builder.one(mul, [z!, builder.one(sub, [state, n])])]);
  });
}

/** The n-th of the blocks of `units` columns of a tensor [B, G*units]. */
const gatesOf =
  (builder: GraphBuilder, units: number) =>
  (all: string, n: number): string => {
    const sizes = [builder.spec(all).shape[0]!, units];
    return builder.one(slice, [all], { starts: [0, n * units], sizes });
  };

/** A first state [B, units]. */
function zeros(builder: GraphBuilder, x: string, units: number): string {
  const rows = builder.spec(x).shape[0]!;
  return builder.constant("zeros", "float32", [rows, units], new Float32Array(rows * units));
}

/**
 * Chains `step` over the times of x.
 * @param step takes an input [B,C] and the state [B,units] before it, gives the state after it
 * @throws Error when x is not [B,T,C]
 */
function unroll(
  builder: GraphBuilder,
  x: string,
  units: number,
  { returnSequences = false }: RecurrentOptions,
  step: (input: string, state: string) => string,
): string {
  const { shape } = builder.spec(x);
  if (shape.length !== 3) throw new Error(`recurrent: x must be [B,T,C], got [${shape}]`);
  const [rows, times, channels] = shape as [number, number, number];
  const states: string[] = [];
  let state = zeros(builder, x, units);
  for (let t = 0; t < times; t++) {
    const at = builder.one(slice, [x], { starts: [0, t, 0], sizes: [rows, 1, channels] });
    state = step(builder.one(flatten, [at]), state);
    states.push(state);
  }
  if (!returnSequences) return state;
  const list = states.map((s) => builder.one(reshape, [s], { shape: [1, units] }));
  return builder.one(concat, list, { axis: 1 });
}
