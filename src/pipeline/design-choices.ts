/** Everything that a recipe may choose from, as data for an editor of recipes. */
import type { Layer } from "../models/layer.ts";
import { LAYER_FIELDS, type LayerFields } from "../models/layer-fields.ts";
import { LOSSES } from "../train/losses.ts";
import { OPTIMIZERS } from "../train/optimizers.ts";
import { SCHEDULE_SETTINGS } from "../train/schedules.ts";
import type { SettingTable } from "../train/settings.ts";
import type { Task } from "./recipe.ts";

/** Something that is chosen by name, with its settings, their defaults and bounds. */
export type NamedChoice = { readonly name: string; readonly settings: SettingTable };

export type DesignChoices = {
  readonly layers: { readonly [type in Layer["type"]]: LayerFields };
  /** The default of each task comes first. */
  readonly losses: { readonly [task in Task]: readonly NamedChoice[] };
  readonly optimizers: readonly NamedChoice[];
  readonly schedules: readonly NamedChoice[];
};

export function designChoices(): DesignChoices {
  const losses = (needed: "labels" | "numbers"): readonly NamedChoice[] =>
    [...LOSSES]
      .filter(([, { targets }]) => targets === needed)
      .map(([name, { settings }]) => ({ name, settings }));
  return {
    layers: LAYER_FIELDS,
    losses: { classification: losses("labels"), regression: losses("numbers") },
    optimizers: [...OPTIMIZERS].map(([name, { settings }]) => ({ name, settings })),
    schedules: [...SCHEDULE_SETTINGS].map(([name, settings]) => ({ name, settings })),
  };
}
