/**
 * Numbers and times as the page writes them: a fixed number of digits, the unit after a narrow
 * space, an en dash where there is nothing to say.
 */

const GAP = "\u202f";

export const NOTHING = "–";

/** A share of 1 as a percentage: 0.9307 is "93.1 %". */
export function percent(share: number | null | undefined, digits = 1): string {
  return share === null || share === undefined || Number.isNaN(share)
    ? NOTHING
    : `${(100 * share).toFixed(digits)}${GAP}%`;
}

/** Bytes in units of 1024: 999 B, 3.1 kB, 1.20 MB. */
export function bytes(count: number | null | undefined): string {
  if (count === null || count === undefined) return NOTHING;
  if (count < 1024) return `${count}${GAP}B`;
  const kilo = count / 1024;
  return kilo < 1024
    ? `${kilo.toFixed(kilo < 100 ? 1 : 0)}${GAP}kB`
    : `${(kilo / 1024).toFixed(2)}${GAP}MB`;
}

/** A count with separators every three digits: 12,345. */
export function count(value: number): string {
  return value.toLocaleString("en-US");
}

/** A number of things: "1 recording", "25 recordings". */
export function plural(value: number, noun: string): string {
  return `${count(value)} ${noun}${value === 1 ? "" : "s"}`;
}

/** A duration: 16 ms, 9.98 s, 4 min 10 s, 2 h 5 min. */
export function seconds(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (value < 1) return `${Math.round(value * 1000)}${GAP}ms`;
  if (value < 60) return `${trim(value.toFixed(value < 10 ? 2 : 1))}${GAP}s`;
  const whole = Math.round(value);
  if (whole < 3600) return twoUnits(whole, 60, "min", "s");
  return twoUnits(Math.floor(whole / 60), 60, "h", "min");
}

/** 61 is "1 min 1 s", 120 is "2 min". */
function twoUnits(value: number, ratio: number, large: string, small: string): string {
  const rest = value % ratio;
  return `${Math.floor(value / ratio)}${GAP}${large}${rest === 0 ? "" : ` ${rest}${GAP}${small}`}`;
}

/** A sampling rate: 62.5 Hz, 16 kHz. */
export function hertz(value: number): string {
  return value >= 1000
    ? `${trim((value / 1000).toFixed(2))}${GAP}kHz`
    : `${trim(value.toFixed(2))}${GAP}Hz`;
}

/** A loss or another score with about three significant digits. */
export function score(value: number | null | undefined): string {
  if (value === null || value === undefined || Number.isNaN(value)) return NOTHING;
  if (value === 0) return "0";
  return Math.abs(value) >= 0.001 && Math.abs(value) < 1000
    ? trim(value.toPrecision(3))
    : value.toExponential(1);
}

/** "0.50" is "0.5" and "12.0" is "12". */
const trim = (text: string): string => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** A time of day, with the date when it is not today's. */
export function when(iso: string | null | undefined, now: Date = new Date()): string {
  if (!iso) return NOTHING;
  const date = new Date(iso);
  const sameDay = date.toDateString() === now.toDateString();
  return sameDay
    ? date.toLocaleTimeString("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" })
    : date.toLocaleString("en-GB", {
        day: "numeric",
        month: "short",
        year: "numeric",
        hour: "2-digit",
        minute: "2-digit",
      });
}
