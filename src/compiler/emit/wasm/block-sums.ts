/**
 * Cuts long sums of products into blocks, so that the rows of the right matrix that a tile reads
 * stay in the first-level cache for the tiles after it. Between blocks the sums wait in the output,
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

/** Rows of the right matrix in a block: each takes a cache line, of which half must stay free. */
const BLOCK = 128;
const LEAST_EXTENT = 3 * BLOCK;
/** Fewer rows of the left matrix would not use a block often enough. */
const LEAST_ROWS = 16;

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
    if (!sum || !isWorthwhile(sum.over, inner.axis) || !mayWait(sum)) return [stmt];
    const nest = [...around, inner];
    return blocksOf(sum).map((body) => {
      const [block] = nest.reduceRight<readonly Stmt[]>((b, loop) => [{ ...loop, body: b }], body);
      return block!;
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

/** Whether the sum is long and reads a matrix whose rows lie further apart than a cache line. */
function isWorthwhile(over: Loop, lanes: string): boolean {
  if (over.extent < LEAST_EXTENT) return false;
  let found = false;
  everyExpr(over.body, (e) => {
    const index = e.kind === "load" ? affineOf(e.index)?.coefficients : undefined;
    if (index?.get(lanes) === 1 && (index.get(over.axis) ?? 0) >= 16) found = true;
  });
  return found;
}

function blocksOf({ start, over, rest, store }: Sum): readonly (readonly Stmt[])[] {
  const count = Math.round(over.extent / BLOCK);
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
