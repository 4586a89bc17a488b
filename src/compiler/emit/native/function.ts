/**
 * Kernels and routines as functions in GNU C. A vector axis with a reduction in it is written with
 * explicit vectors, and tiles of the axis around it: every statement once for each part of the
 * block, with a register of its own. All other loops are plain, and parallel ones say so, for the
 * compiler to vectorise.
 */
import type { Expr, Kernel, Routine, Stmt } from "../../../ir/kernel.ts";
import { everyExpr, everyStmt } from "../../../ir/walk.ts";
import type { Schedule } from "../../schedule.ts";
import { C_SCALAR, C_TYPE } from "../c/literals.ts";
import { makeScope } from "../c/names.ts";
import { dependenceOf } from "../wasm/lanes.ts";
import { type Lanes, type Part, tileBlocks, type VectorBlock, vectorBlocks } from "./blocks.ts";
import { type ExpressionScope, hasVectorText, scalarText, vectorText } from "./expression.ts";

type Loop = Stmt & { readonly kind: "loop" };

export type FunctionContext = {
  readonly lanes: Lanes;
  readonly routineName: (routine: Routine) => string;
};

/** Whether any call binds two buffers of a kernel to memory that overlaps. */
export type Shares = (a: string, b: string) => boolean;

/** The part of lane space in which a statement is written. */
type Place = {
  readonly tile?: { readonly axis: string; readonly by: number };
  readonly vector?: { readonly axis: string; readonly parts: readonly Part[] };
};

/** One part of each axis of a place. */
type Point = { readonly tile: number; readonly part: number };

export function kernelFunction(
  kernel: Kernel,
  schedule: Schedule,
  name: string,
  shares: Shares,
  context: FunctionContext,
): string {
  const scope = makeScope();
  const names = new Map(kernel.buffers.map((b) => [b.name, scope.name(b.name)]));
  const written = new Set<string>();
  everyStmt(kernel.body, (stmt) => stmt.kind === "store" && written.add(stmt.buffer));
  const parameters = kernel.buffers.map((b) => {
    const apart = kernel.buffers.every((other) => other === b || !shares(b.name, other.name));
    const constant = written.has(b.name) ? "" : "const ";
    return `${constant}${C_TYPE[b.dtype]} *${apart ? "restrict " : ""}${names.get(b.name)}`;
  });
  const lines = bodyText(kernel, schedule, names, shares, context);
  return `static TS_KERNEL void ${name}(${parameters.join(", ")}) {\n${lines}}\n`;
}

export function routineFunction(routine: Routine, name: string, context: FunctionContext): string {
  const { parameters, body, result } = routine;
  const parameterNames = new Map(parameters.map((p) => [p.name, `in_${p.name}`]));
  const types = parameters.map((p) => `${C_SCALAR[p.type]} ${parameterNames.get(p.name)}`);
  const kernel: Kernel = { name, buffers: [], body };
  const lines = bodyText(kernel, {}, new Map(), () => false, context, parameterNames, result);
  return `static inline TS_INLINE ${C_SCALAR[result.type]} ${name}(${types.join(", ")}) {\n${lines}}\n`;
}

function bodyText(
  kernel: Kernel,
  schedule: Schedule,
  buffers: ReadonlyMap<string, string>,
  shares: Shares,
  context: FunctionContext,
  given: ReadonlyMap<string, string> = new Map(),
  result?: Expr,
): string {
  const dtypes = new Map(kernel.buffers.map((b) => [b.name, b.dtype]));
  const axes = new Set<string>();
  everyStmt(kernel.body, (stmt) => stmt.kind === "loop" && axes.add(stmt.axis));
  const dependence = dependenceOf(kernel.body, axes);
  const locals = makeScope(buffers.values());
  const registers = new Map(given);
  const axisNames = new Map<string, string>();
  everyStmt(kernel.body, (stmt) => {
    if (stmt.kind === "let") registers.set(stmt.name, locals.name(stmt.name));
    if (stmt.kind === "loop") axisNames.set(stmt.axis, locals.name(`at_${stmt.axis}`));
  });
  const lines: string[] = [];
  const write = (depth: number, text: string): void => {
    lines.push(`${"  ".repeat(depth)}${text}\n`);
  };

  const writeBody = (body: readonly Stmt[], place: Place, depth: number): void => {
    for (const stmt of body) writeStmt(stmt, place, depth);
  };
  const writeStmt = (stmt: Stmt, place: Place, depth: number): void => {
    switch (stmt.kind) {
      case "loop":
        writeLoop(stmt, place, depth);
        break;
      case "let":
      case "set":
        writeAssignment(stmt, place, depth);
        break;
      case "store":
        for (const point of pointsOf(place, [stmt.index, stmt.value])) {
          const scope = scopeAt(place, point);
          const at = `${scope.buffer(stmt.buffer)}[${scalarText(stmt.index, scope)}]`;
          if (scope.lanes === 1) write(depth, `${at} = ${scalarText(stmt.value, scope)};`);
          else write(depth, `*(u${scope.lanes} *)&${at} = ${vectorText(stmt.value, scope)};`);
        }
        break;
      case "if": {
        const scope = scopeAt(place, FIRST);
        write(depth, `if (${scalarText(stmt.condition, scope)}) {`);
        writeBody(stmt.body, place, depth + 1);
        if (stmt.otherwise.length > 0) write(depth, "} else {");
        writeBody(stmt.otherwise, place, depth + 1);
        write(depth, "}");
        break;
      }
      case "exit":
        write(depth, `if (${scalarText(stmt.condition, scopeAt(place, FIRST))}) break;`);
        break;
    }
  };

  const writeAssignment = (
    stmt: Stmt & { readonly kind: "let" | "set" },
    place: Place,
    depth: number,
  ): void => {
    const self: Expr = { kind: "register", type: stmt.value.type, name: stmt.name };
    for (const point of pointsOf(place, [self])) {
      const scope = scopeAt(place, point);
      const isVector = scope.isVector(self);
      const type = isVector ? `f${scope.lanes}` : C_SCALAR[stmt.value.type];
      const value = isVector ? vectorText(stmt.value, scope) : scalarText(stmt.value, scope);
      write(
        depth,
        `${stmt.kind === "let" ? `${type} ` : ""}${scope.register(stmt.name)} = ${value};`,
      );
    }
  };

  const writeLoop = (loop: Loop, place: Place, depth: number): void => {
    const inner = loop.body.find((stmt): stmt is Loop => stmt.kind === "loop");
    if (isExplicit(loop)) {
      for (const block of blocksOf(loop)) writeVectorBlock(loop, block, place, depth);
      return;
    }
    const isTile = schedule[loop.axis]?.kind === "tile" && loop.body.length === 1;
    if (isTile && inner && isExplicit(inner)) {
      for (const block of blocksOf(inner))
        for (const { start, by, count } of tileBlocks(
          loop.extent,
          block.parts.length,
          context.lanes,
        )) {
          const tiled: Place = { ...place, tile: { axis: loop.axis, by } };
          writeCounting(loop.axis, start, by, count, depth);
          writeVectorBlock(inner, block, tiled, depth + 1);
          write(depth, "}");
        }
      return;
    }
    if (loop.parallel && !inner && place.vector === undefined) write(depth, "TS_PARALLEL");
    writeCounting(loop.axis, 0, 1, loop.extent, depth);
    writeBody(loop.body, place, depth + 1);
    write(depth, "}");
  };
  const writeVectorBlock = (loop: Loop, block: VectorBlock, place: Place, depth: number): void => {
    writeCounting(loop.axis, block.start, block.by, block.count, depth);
    const vector = { axis: loop.axis, parts: block.parts };
    writeBody(loop.body, { ...place, vector }, depth + 1);
    write(depth, "}");
  };
  const writeCounting = (
    axis: string,
    start: number,
    by: number,
    count: number,
    depth: number,
  ): void => {
    const i = axisNames.get(axis);
    write(depth, `for (int32_t ${i} = ${start}; ${i} < ${start + by * count}; ${i} += ${by}) {`);
  };

  const isExplicit = (loop: Loop): boolean =>
    schedule[loop.axis]?.kind === "vector" &&
    loop.body.some((stmt) => stmt.kind === "loop") &&
    hasVectorText(
      loop.body,
      loop.axis,
      (buffer) => dtypes.get(buffer)!,
      (expr) => dependence.ofExpr(expr).has(loop.axis),
    );
  const blocksOf = (loop: Loop): readonly VectorBlock[] =>
    vectorBlocks(loop.extent, context.lanes, isRepeatable(loop.body, shares));

  /** The points at which any of the expressions differs. */
  const pointsOf = ({ tile, vector }: Place, exprs: readonly Expr[]): readonly Point[] => {
    const differs = (axis: string): boolean =>
      exprs.some((expr) => dependence.ofExpr(expr).has(axis));
    const tiles = tile && differs(tile.axis) ? tile.by : 1;
    const parts = vector && differs(vector.axis) ? vector.parts.length : 1;
    return Array.from({ length: tiles * parts }, (_, i) => ({
      tile: Math.floor(i / parts),
      part: i % parts,
    }));
  };
  const scopeAt = ({ tile, vector }: Place, point: Point): ExpressionScope => {
    const part = vector?.parts[point.part];
    const lanes = part?.lanes ?? 1;
    const plus = (text: string, n: number): string => (n === 0 ? text : `(${text} + ${n})`);
    return {
      lanes,
      isVector: (expr) => lanes > 1 && dependence.ofExpr(expr).has(vector!.axis),
      buffer: (name) => buffers.get(name)!,
      routine: (expr) => context.routineName(expr.routine),
      axis: (name) => {
        const text = axisNames.get(name)!;
        if (name === tile?.axis) return plus(text, point.tile);
        return name === vector?.axis ? plus(text, part!.offset) : text;
      },
      register: (name) => {
        const on = dependence.ofRegister(name);
        const copies = [
          ...(tile && on.has(tile.axis) ? [point.tile] : []),
          ...(vector && on.has(vector.axis) ? [point.part] : []),
        ];
        return [registers.get(name)!, ...copies].join("_");
      },
    };
  };

  writeBody(kernel.body, {}, 1);
  if (result) write(1, `return ${scalarText(result, scopeAt({}, FIRST))};`);
  return lines.join("");
}

const FIRST: Point = { tile: 0, part: 0 };

/** Whether running an iteration twice changes nothing: it reads nothing of what it writes. */
function isRepeatable(body: readonly Stmt[], shares: Shares): boolean {
  const read = new Set<string>();
  const written = new Set<string>();
  everyExpr(body, (expr) => expr.kind === "load" && read.add(expr.buffer));
  everyStmt(body, (stmt) => stmt.kind === "store" && written.add(stmt.buffer));
  return [...written].every((w) => [...read].every((r) => r !== w && !shares(r, w)));
}
