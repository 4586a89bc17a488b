/** Cuts recordings by time, where whole recordings are too few: the end of each goes to one side. */
import { type Part, rowsFor } from "./part.ts";
import { sampleRateHz } from "./sample.ts";
import { segmentsWithin } from "./segments.ts";

export type Cuts = { readonly heads: readonly Part[]; readonly tails: readonly Part[] };

/**
 * Cuts the end off a part, leaving a gap of one window before it. A part with labels over time is
 * cut segment by segment, so that both sides have each label; what is too short to be cut goes to
 * the heads, and heads that touch are one part.
 */
export function cutEnds(part: Part, share: number, windowMs: number): Cuts {
  const heads: Part[] = [];
  const tails: Part[] = [];
  const stretches = part.sample.segments === undefined ? [part] : segmentsWithin(part);
  for (const { startRow, endRow } of stretches) {
    const stretch = { ...part, startRow, endRow };
    const cut = cutEnd(stretch, share, windowMs);
    const head = cut?.head ?? stretch;
    const last = heads.at(-1);
    if (last?.endRow === head.startRow) heads[heads.length - 1] = { ...last, endRow: head.endRow };
    else heads.push(head);
    if (cut) tails.push(cut.tail);
  }
  return { heads, tails };
}

/** Undefined when head or tail would be shorter than a window. */
function cutEnd(
  part: Part,
  share: number,
  windowMs: number,
): { head: Part; tail: Part } | undefined {
  if (part.sample.intervalMs === 0) return undefined;
  const window = Math.max(1, rowsFor(windowMs, sampleRateHz(part.sample)));
  const usable = part.endRow - part.startRow - window;
  const tailRows = Math.max(window, Math.round(usable * share));
  if (usable - tailRows < window) return undefined;
  const tailStart = part.endRow - tailRows;
  return {
    head: { ...part, endRow: tailStart - window },
    tail: { ...part, startRow: tailStart },
  };
}
