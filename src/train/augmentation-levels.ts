/**
 * Augmentation of spectrograms in the three levels by which people choose it: the values that Edge
 * Impulse's editor stands for, with what it does not publish (a few masks by "low") read from its
 * examples.
 */
import type { Masks, SpectrogramAugmentation } from "./augment-spectrogram.ts";

export type Level = "none" | "low" | "high";

const NOISE: { readonly [level in Level]: number } = { none: 0, low: 0.2, high: 0.45 };
const MASKS: { readonly [level in Level]: number } = { none: 0, low: 1, high: 3 };
const TIME_WIDTH: { readonly [level in Level]: number } = { none: 0, low: 1, high: 2 };
/** Of the columns. */
const FREQUENCY_SHARE: { readonly [level in Level]: number } = { none: 0, low: 0.15, high: 0.3 };
const WARP_FRAMES = 6;

/** @param levels what is left out is "none", or no warp */
export function augmentationOfLevels(
  frames: number,
  columns: number,
  levels: {
    readonly noise?: Level;
    readonly timeMasks?: Level;
    readonly frequencyMasks?: Level;
    readonly warpTime?: boolean;
  },
): SpectrogramAugmentation {
  const { noise = "none", timeMasks = "none", frequencyMasks = "none", warpTime = false } = levels;
  const masks = (level: Level, width: number, extent: number): Masks => ({
    count: MASKS[level],
    width: Math.min(width, extent),
  });
  return {
    frames,
    columns,
    noise: NOISE[noise],
    timeMasks: masks(timeMasks, TIME_WIDTH[timeMasks], frames),
    frequencyMasks: masks(
      frequencyMasks,
      Math.round(FREQUENCY_SHARE[frequencyMasks] * columns),
      columns,
    ),
    timeWarp: warpTime ? Math.max(0, Math.min(WARP_FRAMES, Math.floor((frames - 3) / 2))) : 0,
  };
}
