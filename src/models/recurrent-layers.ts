/**
 * LSTM and GRU as layers of a network on [times, channels]: their parameters, Glorot uniform also
 * where Keras draws the recurrent weights orthogonal. `layers.ts` adds them to a network.
 */
import type { GraphBuilder } from "../graph/graph.ts";
import type { Shape } from "../tensor/tensor.ts";
import { addGru, addLstm } from "./recurrent.ts";

export type RecurrentLayer = {
  readonly type: "lstm" | "gru";
  /** Width of the state. */
  readonly units: number;
  /** Gives the state after every time, [times, units], in place of the last. @default false */
  readonly returnSequences?: boolean;
};

/** Where such a layer goes. */
export type RecurrentPlace = {
  readonly builder: GraphBuilder;
  readonly name: string;
  /** Makes or finds a parameter: weights with their fans, or values, by default 0. */
  readonly parameter: (
    name: string,
    shape: Shape,
    start?: {
      readonly fans?: readonly [fanIn: number, fanOut: number];
      readonly value?: (index: number) => number;
    },
  ) => string;
};

/**
 * Adds a layer after `x` and returns its output.
 * @throws Error when x is not [B,T,C]
 */
export function addRecurrentLayer(place: RecurrentPlace, layer: RecurrentLayer, x: string): string {
  const { builder, name, parameter } = place;
  const { type, units, returnSequences = false } = layer;
  const columns = (type === "lstm" ? 4 : 3) * units;
  const weights = (suffix: string, rows: number): string =>
    parameter(`${name}.${suffix}`, [rows, columns], { fans: [rows, columns] });
  const given = [weights("weights", builder.spec(x).shape.at(-1)!), weights("recurrent", units)];
  if (type === "gru") {
    const biases = ["bias", "stateBias"].map((bias) => parameter(`${name}.${bias}`, [columns]));
    return addGru(builder, x, [...given, ...biases], { returnSequences });
  }
  // A forget gate that starts open lets gradients reach far back (Jozefowicz et al. 2015).
  const value = (index: number): number => (Math.floor(index / units) === 1 ? 1 : 0);
  const bias = parameter(`${name}.bias`, [columns], { value });
  return addLstm(builder, x, [...given, bias], { returnSequences });
}
