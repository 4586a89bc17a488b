/**
 * Checks of JSON from outside, value by value: each gives the value with its type, or an error that
 * names its place in the file, the rule and what was found there.
 */
import { UserError } from "../base/errors.ts";

export type Json = { readonly [key: string]: unknown };

/** The error of a value: `recipe: "path" rule, got value`. */
export function wrong(path: string, rule: string, value: unknown): UserError {
  return new UserError("recipe-value", `recipe: "${path}" ${rule}, got ${show(value)}`);
}

function show(value: unknown): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}

/** @throws UserError `recipe-value` for anything but an object */
export function object(path: string, value: unknown): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw wrong(path, "must be an object", value);
  return value as Json;
}

/** @throws UserError `recipe-key` that lists the keys there may be */
export function keys(path: string, value: Json, allowed: readonly string[]): void {
  for (const key of Object.keys(value))
    if (!allowed.includes(key)) throw unknownKey(path, key, allowed);
}

export function unknownKey(path: string, key: string, allowed: readonly string[]): UserError {
  return new UserError(
    "recipe-key",
    `recipe: "${path}" must not have the key "${key}"`,
    `It may have ${allowed.join(", ")}.`,
  );
}

/** A text that is not blank. @throws UserError `recipe-value` */
export function string(path: string, value: unknown): string {
  if (typeof value !== "string" || value.trim() === "") throw wrong(path, "must be a text", value);
  return value;
}

/** A number above `above` and at most `atMost`. @throws UserError `recipe-value` */
export function number(path: string, value: unknown, above: number, atMost: number): number {
  if (typeof value !== "number" || !(value > above) || !(value <= atMost))
    throw wrong(path, `must be a number above ${above} and at most ${atMost}`, value);
  return value;
}

/** A number from 0 to `atMost`. @throws UserError `recipe-value` */
export function amount(path: string, value: unknown, atMost: number): number {
  if (typeof value !== "number" || !(value >= 0) || !(value <= atMost))
    throw wrong(path, `must be a number from 0 to ${atMost}`, value);
  return value;
}

/** A whole number. @throws UserError `recipe-value` */
export function integer(path: string, value: unknown, low: number, high: number): number {
  if (typeof value !== "number" || !Number.isInteger(value) || value < low || value > high)
    throw wrong(path, `must be an integer from ${low} to ${high}`, value);
  return value;
}

/** One of a few texts. @throws UserError `recipe-value` */
export function choice<T extends string>(path: string, value: unknown, choices: readonly T[]): T {
  const found = choices.find((candidate) => candidate === value);
  if (found === undefined)
    throw wrong(path, `must be ${choices.map((c) => `"${c}"`).join(" or ")}`, value);
  return found;
}
