/**
 * How the learning rate changes over a run: pure functions of the step that give the factor of the
 * learning rate, each for a run of known length. Any of them may begin with a warm-up, during which
 * the rate grows in equal steps; the schedule proper then fills the rest of the run.
 */
import { cos, PI, pow } from "../base/math.ts";
import type { Attributes } from "../graph/graph.ts";
import { type Choice, chosen, type SettingTable, settingsOf } from "./settings.ts";

type Schedule = {
  readonly settings: SettingTable;
  /** @param step from 0 to below `steps` */
  readonly factor: (step: number, steps: number, setting: (name: string) => number) => number;
};

/** Half a wave from `from` to `to` as t goes from 0 to 1. */
const wave = (from: number, to: number, t: number): number =>
  to + ((from - to) * (1 + cos(PI * t))) / 2;

const SCHEDULES: ReadonlyMap<string, Schedule> = new Map<string, Schedule>([
  ["constant", { settings: {}, factor: () => 1 }],
  /** `stages` of equal length, each `decay` times the one before. */
  [
    "step",
    {
      settings: { stages: { default: 3, from: 1 }, decay: { default: 0.1, from: 1e-9, below: 1 } },
      factor: (step, steps, setting) =>
        pow(setting("decay"), Math.floor((step * setting("stages")) / steps)),
    },
  ],
  /** Falls by the same ratio each step, towards `final`. */
  [
    "exponential",
    {
      settings: { final: { default: 0.01, from: 1e-9, below: 1 } },
      factor: (step, steps, setting) => pow(setting("final"), step / steps),
    },
  ],
  /** Half a cosine wave down to 0 (Loshchilov and Hutter 2017, equation 5, without restarts). */
  ["cosine", { settings: {}, factor: (step, steps) => (1 + cos((PI * step) / steps)) / 2 }],
  /**
   * One cycle (Smith and Topin 2018): half waves from `start` up to 1 during the share `rise` of the
   * run, then down to `final`.
   */
  [
    "oneCycle",
    {
      settings: {
        rise: { default: 0.3, from: 0, below: 1 },
        start: { default: 0.04, from: 1e-9, below: 1 },
        final: { default: 4e-6, from: 0, below: 1 },
      },
      factor: (step, steps, setting) => {
        const top = setting("rise") * steps;
        return step < top
          ? wave(setting("start"), 1, step / top)
          : wave(1, setting("final"), (step - top) / (steps - top));
      },
    },
  ],
]);

const WARMUP: SettingTable = { warmup: { default: 0, below: 1 } };

/** The settings of each schedule by its name. */
export const SCHEDULE_SETTINGS: ReadonlyMap<string, SettingTable> = new Map(
  [...SCHEDULES].map(([name, { settings }]) => [name, { ...settings, ...WARMUP }]),
);

/**
 * A schedule by name, or with its settings; `warmup` is a setting of each, the share of the run that
 * it takes: `{ name: "cosine", warmup: 0.05 }`.
 */
export type LearningRateSchedule = string | Choice;

function resolve(schedule: LearningRateSchedule): {
  readonly entry: Schedule;
  readonly settings: Attributes;
} {
  const given = typeof schedule === "string" ? { name: schedule } : schedule;
  const entry = chosen("learningRateSchedule", given.name, SCHEDULES);
  const table = { ...entry.settings, ...WARMUP };
  return { entry, settings: settingsOf(`learningRateSchedule ${given.name}`, given, table) };
}

/**
 * The factor of the learning rate at each step of a run.
 * @param steps of the run, at least 1
 * @returns a function of the step, counted from 0
 * @throws UserError `training-options` for an unknown name or setting, or a value out of bounds
 */
export function learningRateFactor(
  schedule: LearningRateSchedule,
  steps: number,
): (step: number) => number {
  const { entry, settings } = resolve(schedule);
  const setting = (name: string): number => settings[name] as number;
  const warmup = Math.min(Math.round(setting("warmup") * steps), steps - 1);
  return (step) =>
    step < warmup
      ? (step + 1) / (warmup + 1)
      : entry.factor(step - warmup, steps - warmup, setting);
}
