/**
 * What a convolution is, apart from its numbers: sizes, windows and groups, as the operators read
 * them from shapes and attributes.
 */
import type { Shape } from "../../tensor/tensor.ts";
import type { Attributes } from "../graph.ts";
import { integer, rule } from "./rules.ts";
import { ONE_ROW, tapsOf, type Window1d, window1d } from "./window-1d.ts";
import { windows2d } from "./window-2d.ts";

export type Convolution = {
  readonly batch: number;
  readonly rows: Window1d;
  readonly columns: Window1d;
  readonly groups: number;
  /** Channels of one group. */
  readonly inputs: number;
  readonly outputs: number;
};

/**
 * Reads `groups`, 1 where absent.
 * @param channels what groups must divide
 */
export function groupsOf(operator: string, attributes: Attributes, ...channels: number[]): number {
  const groups = attributes["groups"] === undefined ? 1 : integer(operator, attributes, "groups");
  for (const count of channels)
    rule(operator, count % groups === 0, `groups must divide ${count} channels`, groups);
  return groups;
}

/**
 * Reads `stride`, `dilation` (each [down, across]), `padding` and `groups`.
 * @param x [B,H,W,C]
 * @param kernel [KH,KW,...]
 * @param filters output channels of all groups
 */
export function convolution2d(
  operator: string,
  x: Shape,
  kernel: Shape,
  filters: number,
  attributes: Attributes,
): Convolution {
  const [batch, height, width, channels] = x as [number, number, number, number];
  const groups = groupsOf(operator, attributes, channels, filters);
  return {
    ...windows2d(operator, [height, width], kernel, attributes),
    batch,
    groups,
    inputs: channels / groups,
    outputs: filters / groups,
  };
}

/**
 * As `convolution2d`, for a sequence: an image of one row. The attributes are numbers and padding
 * may be "causal".
 * @param x [B,T,C]
 */
export function convolution1d(
  operator: string,
  x: Shape,
  size: number,
  filters: number,
  attributes: Attributes,
): Convolution {
  const [batch, length, channels] = x as [number, number, number];
  const groups = groupsOf(operator, attributes, channels, filters);
  return {
    rows: ONE_ROW,
    columns: window1d(operator, length, size, attributes),
    batch,
    groups,
    inputs: channels / groups,
    outputs: filters / groups,
  };
}

/** [B,Ho,Wo,G*O] */
export function outputShapeOf({ batch, rows, columns, groups, outputs }: Convolution): Shape {
  return [batch, rows.outputLength, columns.outputLength, groups * outputs];
}

/** Those of real inputs; padding is free. */
export function macsOf({ batch, rows, columns, groups, inputs, outputs }: Convolution): number {
  const taps = (window: Window1d): number => {
    let count = 0;
    for (let row = 0; row < window.outputLength; row++) count += tapsOf(window, row).count;
    return count;
  };
  return batch * taps(rows) * taps(columns) * groups * inputs * outputs;
}
