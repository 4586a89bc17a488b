/** What the parts of the contract share: a test on two stores of one place, and short samples. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import type { Sample } from "../samples/sample.ts";
import type { AddOutcome, Store, StoredSample } from "./store.ts";

/** An empty place for stores; all stores opened on it share what it holds. */
export type Place = {
  open(clock: () => number): Promise<Store>;
  remove(): Promise<void>;
};

/** Makes a test with two stores on one new place and a clock that both see. */
export type Contract = (
  what: string,
  work: (store: Store, other: Store, clock: { nowMs: number }) => Promise<void>,
) => void;

/** Where the clock of a test begins. */
export const START_MS = 1_800_000_000_000;
export const LEASE_MS = 30_000;

export function contractOn(name: string, makePlace: () => Promise<Place>): Contract {
  return (what, work) => {
    test(`${name}: ${what}`, async () => {
      const place = await makePlace();
      const clock = { nowMs: START_MS };
      try {
        const store = await place.open(() => clock.nowMs);
        const other = await place.open(() => clock.nowMs);
        await work(store, other, clock);
        await store.close();
        await other.close();
      } finally {
        await place.remove();
      }
    });
  };
}

/** A sample of one axis (or two when the number of values is even). */
export function sample(
  name: string,
  values: readonly number[],
  fields: Partial<Sample> = {},
): Sample {
  const axes = [{ name: "x", units: "g" }];
  if (values.length % 2 === 0) axes.push({ name: "ÿ", units: "m/s²" });
  return {
    ...{ name, label: undefined, category: undefined, axes, intervalMs: 10 },
    ...{ values: Float32Array.from(values), signatureValidates: null, metadata: {}, ...fields },
  };
}

/** The samples of outcomes, none of which may be a problem. */
export function stored(outcomes: readonly AddOutcome[]): StoredSample[] {
  return outcomes.map((outcome) => {
    if ("problem" in outcome) throw outcome.problem;
    return outcome.sample;
  });
}

/** A check for `assert.rejects`: a UserError of that code. */
export const user =
  (code: string) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof UserError, `${error}`);
    assert.equal(error.code, code);
    return true;
  };
