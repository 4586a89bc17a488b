/**
 * Named settings of optimizers, losses and schedules: a table says what there is, with defaults and
 * bounds, and `settingsOf` makes a full set of what a person gave. The table is all that a new
 * optimizer, loss or schedule has to write for its options to be checked.
 */
import { UserError } from "../base/errors.ts";
import type { Attributes } from "../graph/graph.ts";

/** A number from `from` (default 0) to below `below` (default: any finite number), or a switch. */
export type Setting = NumberSetting | { readonly default: boolean };
type NumberSetting = { readonly default: number; readonly from?: number; readonly below?: number };

export type SettingTable = { readonly [name: string]: Setting };

/** Something chosen by name, with any of its settings. */
export type Choice = {
  readonly name: string;
  readonly [setting: string]: string | number | boolean | undefined;
};

/**
 * Defaults with what was given in their place.
 * @param what for the message: `optimizer adam`
 * @param given its `name` is not a setting; an undefined value means the default
 * @throws UserError `training-options` for an unknown setting or a value out of bounds
 */
export function settingsOf(
  what: string,
  given: { readonly [name: string]: unknown },
  table: SettingTable,
): Attributes {
  const settings: { [name: string]: number | boolean } = {};
  for (const [name, setting] of Object.entries(table)) settings[name] = setting.default;
  for (const [name, value] of Object.entries(given)) {
    if (name === "name" || value === undefined) continue;
    if (!Object.hasOwn(table, name))
      throw new UserError(
        "training-options",
        `train: ${what} must have only the settings it knows, got ${name}`,
        `it knows: ${Object.keys(table).join(", ") || "none"}`,
      );
    settings[name] = checked(`${what}: ${name}`, value, table[name]!);
  }
  return settings;
}

function checked(what: string, value: unknown, setting: Setting): number | boolean {
  const refuse = (text: string): never => {
    throw new UserError("training-options", `train: ${what} must be ${text}, got ${value}`);
  };
  if (typeof setting.default === "boolean")
    return typeof value === "boolean" ? value : refuse("true or false");
  const { from = 0, below = Number.POSITIVE_INFINITY } = setting as NumberSetting;
  if (typeof value === "number" && value >= from && value < below) return value;
  return refuse(
    below === Number.POSITIVE_INFINITY
      ? `a finite number of at least ${from}`
      : `a number from ${from} to below ${below}`,
  );
}

/**
 * The entry of a registry that is chosen by name.
 * @throws UserError `training-options` for an unknown name
 */
export function chosen<T>(what: string, name: string, registry: ReadonlyMap<string, T>): T {
  const found = registry.get(name);
  if (found !== undefined) return found;
  throw new UserError(
    "training-options",
    `train: ${what} must be one of ${[...registry.keys()].join(", ")}, got ${name}`,
  );
}
