/**
 * Cuts long sums of products into blocks, so that what a tile reads of the matrices stays near for
 * the tiles after it: lines in the first-level cache, and page addresses in the buffer that
 * translates them. Between blocks the sums wait in the output,
 * where float32 keeps every bit of them: the order of the additions is the same.
 */
import { affineOf } from "../../../ir/affine.ts";
import type { Expr, Kernel, Stmt } from "../../../ir/kernel.ts";
import { everyExpr, mapExpr } from "../../../ir/walk.ts";
import type { Schedule } from "../../schedule.ts";
import { writesOnce } from "../../write-once.ts";

type Loop = Stmt & { readonly kind: "loop" };
type Sum = {
  readonly start: Stmt & { readonly kind: "let" };
  readonly over: Loop;
  readonly rest: readonly Stmt[];
  readonly store: Stmt & { readonly kind: "store" };
};

/** Rows in a block: each takes a cache line of each matrix, and half of the cache must stay free. */
const MOST_ROWS = 128;
/** Pages in a block, of the 64 to 96 whose addresses a processor keeps at hand. */
const MOST_PAGES = 48;
/** How many times as much a sum must touch to be cut. */
const EXCESS = 2.5;
const PAGE_BYTES = 4096;
/** Fewer rows of the left matrix would not use a block often enough. */
const LEAST_ROWS = 64;

/**
 * @param schedule of the kernel, which holds for the result too
 * @param overlap whether two buffers (by number) share memory
 */
export function blockSums(
  kernel: Kernel,
  schedule: Schedule,
  overlap: (a: number, b: number) => boolean,
): Kernel {
  return { ...kernel, body: kernel.body.flatMap(cut) };

  function cut(stmt: Stmt): readonly Stmt[] {
    const around: Loop[] = [];
    let inner = stmt;
    while (inner.kind === "loop" && inner.parallel && inner.body.length === 1) {
      around.push(inner);
      inner = inner.body[0]!;
    }
    if (inner.kind !== "loop" || !inner.parallel) return [stmt];
    if (schedule[inner.axis]?.kind !== "vector") return [stmt];
    if (around.reduce((rows, loop) => rows * loop.extent, 1) < LEAST_ROWS) return [stmt];
    const sum = sumOf(inner);
    const block = sum ? blockOf(sum.over, inner.axis) : undefined;
    if (!sum || block === undefined || !mayWait(sum)) return [stmt];
    const nest = [...around, inner];
    return blocksOf(sum, block).map((body) => {
      const [cutNest] = nest.reduceRight<readonly Stmt[]>(
        (b, loop) => [{ ...loop, body: b }],
        body,
      );
      return cutNest!;
    });
  }

  /** Whether unfinished sums may lie in the output: nothing there is needed or read meanwhile. */
  function mayWait({ store }: Sum): boolean {
    const at = kernel.buffers.findIndex(({ name }) => name === store.buffer);
    const output = kernel.buffers[at]!;
    if (output.role !== "output" || output.dtype !== "float32") return false;
    if (kernel.buffers.some((_, i) => i !== at && overlap(i, at))) return false;
    let isRead = false;
    everyExpr(kernel.body, (e) => {
      if (e.kind === "load" && e.buffer === output.name) isRead = true;
    });
    return !isRead && writesOnce(kernel, output);
  }
}

/** The body of a loop as `let sum; for …: set sum; …; store`. */
function sumOf({ body }: Loop): Sum | undefined {
  const [start, over, ...rest] = body;
  if (start?.kind !== "let" || start.value.type !== "float32") return undefined;
  if (over?.kind !== "loop" || over.parallel) return undefined;
  const [step, ...more] = over.body;
  if (step?.kind !== "set" || step.name !== start.name || more.length > 0) return undefined;
  const store = rest.at(-1);
  if (store?.kind !== "store" || rest.slice(0, -1).some(({ kind }) => kind !== "let"))
    return undefined;
  return { start, over, rest, store };
}

/**
 * How many rows make a block, or undefined where the sum is better left whole: it must read a
 * matrix whose rows lie further apart than a cache line.
 */
function blockOf(over: Loop, lanes: string): number | undefined {
  let isApart = false;
  let pagesPerRow = 0;
  everyExpr(over.body, (e) => {
    const index = e.kind === "load" ? affineOf(e.index)?.coefficients : undefined;
    const rowBytes = 4 * Math.abs(index?.get(over.axis) ?? 0);
    if (index?.get(lanes) === 1 && rowBytes >= 64) isApart = true;
    pagesPerRow += Math.min(1, rowBytes / PAGE_BYTES);
  });
  const most = Math.min(MOST_ROWS, Math.max(1, Math.floor(MOST_PAGES / pagesPerRow)));
  return isApart && over.extent >= EXCESS * most ? most : undefined;
}

function blocksOf({ start, over, rest, store }: Sum, block: number): readonly (readonly Stmt[])[] {
  const count = Math.ceil(over.extent / block);
  const size = Math.ceil(over.extent / count);
  const sum: Expr = { kind: "register", type: "float32", name: start.name };
  const waiting: Expr = { kind: "load", type: "float32", buffer: store.buffer, index: store.index };
  return Array.from({ length: Math.ceil(over.extent / size) }, (_, n) => {
    const first = n * size;
    const from = (e: Expr): Expr =>
      e.kind === "axis" && e.axis === over.axis ? plus(e, first) : e;
    const extent = Math.min(size, over.extent - first);
    const body = over.body.map((s) =>
      s.kind === "set" ? { ...s, value: mapExpr(s.value, from) } : s,
    );
    return [
      n === 0 ? start : { ...start, value: waiting },
      { ...over, extent, body: first === 0 ? over.body : body },
      ...(first + extent === over.extent ? rest : [{ ...store, value: sum }]),
    ];
  });
}

const plus = (e: Expr, value: number): Expr => ({
  kind: "op",
  type: "int32",
  op: "add",
  args: [e, { kind: "const", type: "int32", value }],
});
