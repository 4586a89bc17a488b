/**
 * What every reader of a file format shares: its type, its options and how it says what is wrong.
 * A reader turns the bytes of one file into samples, with label and category only where the file
 * itself states them; `labels.ts` adds what is missing from the paths of all files together. Bytes are hostile until a reader has checked them.
 */
import { UserError } from "../../base/errors.ts";
import type { Sample } from "../sample.ts";

export type ReadOptions = {
  /** Rate of tables that have no timestamp column, in Hz. */
  readonly sampleRateHz?: number;
  /** Key that verifies signatures, as text; without it signatures are not verified. */
  readonly hmacKey?: string;
  /** Columns of tables, where their names do not tell; see `columns.ts`. */
  readonly sampleColumn?: string;
  readonly labelColumn?: string;
  /** Columns of numbers to predict: in place of a label column. */
  readonly targetColumns?: readonly string[];
  readonly splitColumn?: string;
  /** A column of times in milliseconds. */
  readonly timestampColumn?: string;
  /** Columns of tables that are left out, such as a row counter. */
  readonly ignoreColumns?: readonly string[];
  /** Told what a reader decided: one sentence, without the name of the file. */
  readonly onNote?: (note: string) => void;
};

/**
 * Reads one file.
 * @param name path of the file within the source; becomes the name of its sample, or begins the
 *   names of its samples when it holds many
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
