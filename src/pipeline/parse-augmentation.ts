/**
 * The part of a recipe that says how training examples are changed at random: as features over time,
 * or, where it says `"kind": "image"`, as images.
 */
import type { ImageAugmentation } from "../train/augment-image.ts";
import { amount, integer, keys, object, wrong } from "./check-json.ts";
import type { Augmentation, FrameAugmentation } from "./recipe.ts";

const PATH = "training.augmentation";
const MOST_PIXELS = 4096;

/** @throws UserError `recipe-key`, `recipe-value` */
export function parseAugmentation(value: unknown): Augmentation {
  const given = object(PATH, value);
  if (given.kind === undefined) return parseFrames(given);
  if (given.kind !== "image")
    throw wrong(`${PATH}.kind`, 'must be "image" or left out', given.kind);
  return parseImage(given);
}

function parseFrames(given: { readonly [key: string]: unknown }): FrameAugmentation {
  keys(PATH, given, ["noise", "timeMasks", "frequencyMasks", "timeShift", "timeWarp"]);
  const masks = (name: string): { count: number; width: number } => {
    const part = object(`${PATH}.${name}`, given[name] ?? { count: 0, width: 0 });
    keys(`${PATH}.${name}`, part, ["count", "width"]);
    return {
      count: integer(`${PATH}.${name}.count`, part.count, 0, 64),
      width: integer(`${PATH}.${name}.width`, part.width, 0, 4096),
    };
  };
  const { timeWarp } = given;
  return {
    noise: amount(`${PATH}.noise`, given.noise ?? 0, 10),
    timeMasks: masks("timeMasks"),
    frequencyMasks: masks("frequencyMasks"),
    timeShift: integer(`${PATH}.timeShift`, given.timeShift ?? 0, 0, 4096),
    ...(timeWarp === undefined || timeWarp === null
      ? {}
      : { timeWarp: integer(`${PATH}.timeWarp`, timeWarp, 0, 4096) }),
  };
}

function parseImage(given: { readonly [key: string]: unknown }): ImageAugmentation {
  keys(PATH, given, ["kind", "height", "width", "channels", "flip", "zoom", "brightness"]);
  const { flip = false, zoom = 1 } = given;
  if (typeof flip !== "boolean") throw wrong(`${PATH}.flip`, "must be true or false", flip);
  if (typeof zoom !== "number" || !(zoom >= 1 && zoom <= 10))
    throw wrong(`${PATH}.zoom`, "must be a number from 1 to 10", zoom);
  return {
    kind: "image",
    height: integer(`${PATH}.height`, given.height, 1, MOST_PIXELS),
    width: integer(`${PATH}.width`, given.width, 1, MOST_PIXELS),
    channels: integer(`${PATH}.channels`, given.channels ?? 1, 1, 64),
    flip,
    zoom,
    brightness: amount(`${PATH}.brightness`, given.brightness ?? 0, 10),
  };
}
