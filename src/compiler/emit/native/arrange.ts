/**
 * Arranges the loops of a kernel for machine code: which axis runs in vector lanes, which one is
 * tiled, and in what order the parallel loops around them run. Loops that contain nothing but one
 * another, all parallel, may run in any order and give the same bits.
 */
import { affineOf } from "../../../ir/affine.ts";
import type { Kernel, Stmt } from "../../../ir/kernel.ts";
import { everyExpr } from "../../../ir/walk.ts";
import { isVectorizable } from "../../schedule.ts";
import { type Lanes, nestBlocks } from "./blocks.ts";

export type Loop = Stmt & { readonly kind: "loop" };

export type Arrangement = {
  readonly body: readonly Stmt[];
  /** The axes that run in lanes. */
  readonly vectors: ReadonlySet<string>;
  /**
   * The axes whose rows run side by side, each directly around one that runs in lanes, with the
   * number of rows at most.
   */
  readonly tiles: ReadonlyMap<string, number>;
};

/** Shorter loops stay scalar. */
const LEAST_EXTENT = 4;

export function arrangeKernel(kernel: Kernel, lanes: Lanes): Arrangement {
  const vectors = new Set<string>();
  const tiles = new Map<string, number>();
  const arrange = (body: readonly Stmt[]): Stmt[] =>
    body.map((stmt): Stmt => {
      if (stmt.kind === "if")
        return { ...stmt, body: arrange(stmt.body), otherwise: arrange(stmt.otherwise) };
      if (stmt.kind !== "loop") return stmt;
      const around: Loop[] = [];
      for (let loop = stmt; ; ) {
        if (loop.extent >= LEAST_EXTENT && isVectorizable(kernel, loop)) {
          vectors.add(loop.axis);
          const tile = reduces(loop) ? chooseTile(around, loop, lanes) : undefined;
          if (!tile) return nested(around, loop);
          tiles.set(tile.axis, rowLimit(strideOf(tile.axis, loop)));
          const others = around.filter((other) => other !== tile);
          // The largest strides outermost: what lies together is used together.
          const order = others.sort((a, b) => strideOf(b.axis, loop) - strideOf(a.axis, loop));
          return nested([...order, tile], loop);
        }
        const [inner, ...more] = loop.body;
        if (!loop.parallel || inner?.kind !== "loop" || more.length > 0)
          return nested(around, { ...loop, body: arrange(loop.body) });
        around.push(loop);
        loop = inner;
      }
    });
  return { body: arrange(kernel.body), vectors, tiles };
}

const nested = (around: readonly Loop[], inner: Loop): Loop =>
  around.reduceRight((body, loop): Loop => ({ ...loop, body: [body] }), inner);

const reduces = (loop: Loop): boolean => loop.body.some((stmt) => stmt.kind === "loop");

/** Steps of the reductions in a body. */
export const stepsOf = (body: readonly Stmt[]): number =>
  body.reduce(
    (sum, s) => sum + (s.kind === "loop" ? s.extent * Math.max(1, stepsOf(s.body)) : 0),
    0,
  );

/** The loop around a vector loop whose rows make the cheapest tiles. */
function chooseTile(around: readonly Loop[], vector: Loop, lanes: Lanes): Loop | undefined {
  let best: { readonly loop: Loop; readonly cost: number } | undefined;
  for (const loop of around) {
    if (loop.extent < 2) continue;
    const stride = strideOf(loop.axis, vector);
    const { extent } = vector;
    const steps = stepsOf(vector.body);
    const { cycles } = nestBlocks(loop.extent, extent, lanes, true, steps, rowLimit(stride));
    const cost = (cycles / loop.extent) * (stride >= 4096 ? 1.5 : 1);
    if (!best || cost <= best.cost) best = { loop, cost };
  }
  return best?.loop;
}

/** Bytes from one row of a tile to the next, in what it loads. */
function strideOf(axis: string, vector: Loop): number {
  let stride = 0;
  everyExpr(vector.body, (expr) => {
    if (expr.kind !== "load") return;
    const coefficient = affineOf(expr.index)?.coefficients.get(axis) ?? 0;
    stride = Math.max(stride, Math.abs(coefficient) * 4);
  });
  return stride;
}

/** Rows that a first-level cache of 64 sets and 8 ways holds, if they lie so many bytes apart. */
function rowLimit(stride: number): number {
  let sets = 64;
  for (let line = stride / 64; sets > 1 && line > 0 && line % 2 === 0; line /= 2) sets /= 2;
  return 8 * sets;
}
