/** The random changes of training examples, by what the examples are. */
import { UserError } from "../base/errors.ts";
import type { GraphBuilder } from "../graph/graph.ts";
import { augmentImage, type ImageAugmentation, imageAttributes } from "./augment-image.ts";
import {
  augmentationAttributes,
  augmentSpectrogram,
  type SpectrogramAugmentation,
} from "./augment-spectrogram.ts";
import { warpTime } from "./warp-time.ts";

export type Augmentation = SpectrogramAugmentation | ImageAugmentation;

/**
 * Adds the changes to a batch and returns its new name.
 * @param seed an int32 tensor of shape [1], another number in each step
 * @throws UserError `training-options` when the examples are not of the size that it names
 */
export function addAugmentation(
  builder: GraphBuilder,
  x: string,
  seed: string,
  augmentation: Augmentation,
): string {
  try {
    return addChanges(builder, x, seed, augmentation);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const shape = builder.spec(x).shape.slice(1);
    throw new UserError(
      "training-options",
      `train: augmentation must fit the input [${shape}], got ${error.message}`,
    );
  }
}

function addChanges(
  builder: GraphBuilder,
  x: string,
  seed: string,
  augmentation: Augmentation,
): string {
  if (isImage(augmentation))
    return builder.one(augmentImage, [x, seed], imageAttributes(augmentation));
  const { frames, columns, timeWarp = 0 } = augmentation;
  const warped =
    timeWarp === 0 ? x : builder.one(warpTime, [x, seed], { frames, columns, warp: timeWarp });
  return builder.one(augmentSpectrogram, [warped, seed], augmentationAttributes(augmentation));
}

const isImage = (augmentation: Augmentation): augmentation is ImageAugmentation =>
  "kind" in augmentation && augmentation.kind === "image";
