/**
 * What every reader of a file format shares: its type, its options and how it says what is wrong.
 * A reader turns the bytes of one file into samples without label or category; `labels.ts` adds
 * these from the paths of all files together. Bytes are hostile until a reader has checked them.
 */
import { UserError } from "../../base/errors.ts";
import type { Sample } from "../sample.ts";

export type ReadOptions = {
  /** Rate of tables that have no timestamp column, in Hz. */
  readonly sampleRateHz?: number;
  /** Key that verifies signatures, as text; without it signatures are not verified. */
  readonly hmacKey?: string;
};

/**
 * Reads one file.
 * @param name path of the file within the source; becomes the name of its sample
 * @throws UserError that names the file and, where there is one, the row and the axis
 */
export type Read = (name: string, bytes: Uint8Array, options: ReadOptions) => Sample[];

/** Makes the error of a file that cannot be read: `read wave.csv: rule, got value`. */
export function unreadable(code: string, name: string, problem: string, hint?: string): UserError {
  return new UserError(code, `read ${name}: ${problem}`, hint);
}

/** Describes any value from outside in a few characters. */
export function describe(value: unknown): string {
  if (typeof value === "string") {
    return JSON.stringify(value.length > 40 ? `${value.slice(0, 37)}...` : value);
  }
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (value !== null && typeof value === "object") return "an object";
  if (value === undefined) return "nothing";
  return String(value);
}
