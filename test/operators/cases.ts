/** All cases: one or more for every operator there is. */
import { ELEMENTWISE_CASES } from "./elementwise-cases.ts";
import { INT8_CASES } from "./int8-cases.ts";
import { LAYER_CASES } from "./layer-cases.ts";
import type { Case } from "./place.ts";
import { TRAINING_CASES } from "./training-cases.ts";

export const CASES: readonly Case[] = [
  ...ELEMENTWISE_CASES,
  ...LAYER_CASES,
  ...TRAINING_CASES,
  ...INT8_CASES,
];
