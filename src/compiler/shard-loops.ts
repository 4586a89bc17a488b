/**
 * Divides the parallel loops of a kernel among threads. A divided loop `for i < n` becomes
 * `for i < n_t` with `i + first_t` in place of `i` for thread t; around it nothing changes, so that
 * no emitter knows of threads, and no reduction is ever divided.
 */
import type { Expr, Stmt } from "../ir/kernel.ts";
import { everyExpr, everyStmt, mapBody } from "../ir/walk.ts";
import { linearize } from "./emit/wasm/address.ts";
import type { Schedule } from "./schedule.ts";

type Loop = Stmt & { readonly kind: "loop" };

/** For each divided axis, where the iterations of thread t start: first[t] to first[t + 1] - 1. */
export type Cuts = ReadonlyMap<string, readonly number[]>;

/** Shares of work less even than so against the best that can be had are not taken. */
const EVEN_ENOUGH = 0.85;

/** Chooses one loop of each nest of parallel loops, wherever it stands. */
export function chooseCuts(body: readonly Stmt[], schedule: Schedule, threads: number): Cuts {
  const cuts = new Map<string, readonly number[]>();
  const visit = (block: readonly Stmt[]): void => {
    for (const stmt of block) {
      if (stmt.kind === "if") {
        visit(stmt.body);
        visit(stmt.otherwise);
      }
      if (stmt.kind !== "loop") continue;
      const chosen = stmt.parallel ? chooseLoop(stmt, schedule, threads) : undefined;
      if (chosen) cuts.set(chosen.loop.axis, chosen.firsts);
      else visit(stmt.body);
    }
  };
  visit(body);
  return cuts;
}

/**
 * Of the loops that are nested in each other with nothing between: the one that shares evenly and
 * walks memory in the longest strides, so that a thread finds its part of one kernel's result in
 * its own cache when the next kernel asks for it.
 */
function chooseLoop(
  outermost: Loop,
  schedule: Schedule,
  threads: number,
): { readonly loop: Loop; readonly firsts: readonly number[] } | undefined {
  const nest: Loop[] = [];
  for (let stmt: Stmt | undefined = outermost; stmt?.kind === "loop" && stmt.parallel; ) {
    nest.push(stmt);
    stmt = stmt.body.length === 1 ? stmt.body[0] : undefined;
  }
  const candidates = nest.map((loop) => {
    const firsts = firstsOf(loop, schedule, threads);
    const largest = Math.max(...firsts.slice(1).map((end, t) => end - firsts[t]!));
    return { loop, firsts, evenness: loop.extent / (threads * largest), stride: strideOf(loop) };
  });
  const best = Math.max(...candidates.map((c) => c.evenness));
  if (best * threads <= 1) return undefined;
  const [first] = candidates
    .filter((c) => c.evenness >= EVEN_ENOUGH * best)
    .sort((a, b) => b.stride - a.stride);
  return first;
}

/** Shares in whole blocks of lanes or tiles where there are enough of them. */
function firstsOf({ axis, extent }: Loop, schedule: Schedule, threads: number): number[] {
  const plan = schedule[axis];
  const smallest = plan?.kind === "vector" ? 4 : 1;
  const by = plan && extent >= 2 * threads * plan.by ? plan.by : smallest;
  const blocks = Math.ceil(extent / by);
  return Array.from({ length: threads + 1 }, (_, t) =>
    Math.min(extent, Math.floor((t * blocks) / threads) * by),
  );
}

/** The longest step of a store along an axis, in elements. */
function strideOf(loop: Loop): number {
  let stride = 0;
  everyStmt(loop.body, (stmt) => {
    if (stmt.kind !== "store") return;
    const step = linearize(stmt.index, new Map()).coefficients.get(loop.axis) ?? 0;
    stride = Math.max(stride, Math.abs(step));
  });
  return stride;
}

/**
 * What thread `thread` runs: its part of the divided loops. Loops around them and registers are
 * everybody's; what is stored elsewhere is left to thread 0.
 */
export function shardBody(body: readonly Stmt[], cuts: Cuts, thread: number): readonly Stmt[] {
  return body.flatMap((stmt): readonly Stmt[] => {
    if (stmt.kind === "store") return thread === 0 ? [stmt] : [];
    if (stmt.kind === "if") {
      const part = {
        ...stmt,
        body: shardBody(stmt.body, cuts, thread),
        otherwise: shardBody(stmt.otherwise, cuts, thread),
      };
      return part.body.length + part.otherwise.length > 0 ? [part] : [];
    }
    if (stmt.kind !== "loop") return [stmt];
    const firsts = cuts.get(stmt.axis);
    if (!firsts) {
      const inner = shardBody(stmt.body, cuts, thread);
      return hasEffect(inner) ? [{ ...stmt, body: inner }] : [];
    }
    const first = firsts[thread]!;
    const extent = firsts[thread + 1]! - first;
    if (extent === 0) return [];
    return [
      { ...stmt, extent, body: first === 0 ? stmt.body : moved(stmt.body, stmt.axis, first) },
    ];
  });
}

export function hasStore(body: readonly Stmt[]): boolean {
  let found = false;
  everyStmt(body, (stmt) => {
    if (stmt.kind === "store") found = true;
  });
  return found;
}

/** Whether statements store anything or set a register that is declared outside. */
function hasEffect(body: readonly Stmt[]): boolean {
  const declared = new Set<string>();
  let found = false;
  everyStmt(body, (stmt) => {
    if (stmt.kind === "let") declared.add(stmt.name);
    if (stmt.kind === "store" || (stmt.kind === "set" && !declared.has(stmt.name))) found = true;
  });
  return found;
}

/** Puts `axis + first` in the place of an axis. */
function moved(body: readonly Stmt[], axis: string, first: number): readonly Stmt[] {
  const by: Expr = { kind: "const", type: "int32", value: first };
  return mapBody(body, (e) =>
    e.kind === "axis" && e.axis === axis
      ? { kind: "op", type: "int32", op: "add", args: [e, by] }
      : e,
  );
}

/**
 * Divides a block into runs of statements that share no register: each of them may be a kernel of
 * its own.
 */
export function piecesOf(body: readonly Stmt[]): readonly (readonly Stmt[])[] {
  const declaredAt = new Map<string, number>();
  const pieces: { readonly at: number; readonly stmts: readonly Stmt[] }[] = [];
  body.forEach((stmt, i) => {
    if (stmt.kind === "let") declaredAt.set(stmt.name, i);
    let from = i;
    const uses = (register: string): void => {
      from = Math.min(from, declaredAt.get(register) ?? i);
    };
    everyStmt([stmt], (s) => {
      if (s.kind === "set") uses(s.name);
    });
    everyExpr([stmt], (e) => {
      if (e.kind === "register") uses(e.name);
    });
    let piece = { at: i, stmts: [stmt] as readonly Stmt[] };
    while (from < piece.at) {
      const { at, stmts } = pieces.pop()!;
      piece = { at, stmts: [...stmts, ...piece.stmts] };
    }
    pieces.push(piece);
  });
  return pieces.map(({ stmts }) => stmts);
}
