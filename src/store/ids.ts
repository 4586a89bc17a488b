/** Ids of rows: 24 hexadecimal digits that sort by creation within one process. */
import { randomBytes } from "node:crypto";

const PER_MS = 4096;

/**
 * Makes a function that gives a new id for a time in milliseconds: 12 digits of time, 3 of a
 * counter within the millisecond, 9 at random so that processes do not meet.
 */
export function idMaker(): (nowMs: number) => string {
  let lastMs = -1;
  let counter = 0;
  return (nowMs) => {
    if (nowMs > lastMs) {
      lastMs = nowMs;
      counter = 0;
    } else if (++counter === PER_MS) {
      lastMs += 1;
      counter = 0;
    }
    return hex(lastMs, 12) + hex(counter, 3) + randomBytes(5).toString("hex").slice(0, 9);
  };
}

const hex = (value: number, digits: number): string =>
  Math.floor(value).toString(16).padStart(digits, "0");
