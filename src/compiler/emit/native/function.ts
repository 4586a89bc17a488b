/**
 * Kernels and routines as functions in GNU C. A vector axis is written with explicit vectors, and
 * tiles of the axis around it: every statement once for each part of the block, with a register of
 * its own. All other loops are plain, and parallel ones say so, for the compiler to vectorise.
 */
import type { Expr, Kernel, Routine, ScalarType, Stmt } from "../../../ir/kernel.ts";
import { everyExpr, everyStmt } from "../../../ir/walk.ts";
import { C_SCALAR, C_TYPE } from "../c/literals.ts";
import { makeScope } from "../c/names.ts";
import { dependenceOf } from "../wasm/lanes.ts";
import { type Arrangement, arrangeKernel, type Loop, stepsOf } from "./arrange.ts";
import {
  type Lanes,
  type NestBlock,
  nestBlocks,
  type Part,
  plainBlocks,
  type VectorBlock,
} from "./blocks.ts";
import {
  type ExpressionScope,
  elementText,
  hasVectorText,
  scalarText,
  vectorText,
  vectorType,
} from "./expression.ts";
import { panelOf } from "./panel.ts";
import { walkTogether } from "./walk-together.ts";

export type FunctionContext = {
  readonly lanes: Lanes;
  /** The function of a routine on scalars, or on so many lanes. */
  readonly routineName: (routine: Routine, lanes: number) => string;
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
  name: string,
  shares: Shares,
  context: FunctionContext,
): { readonly prototype: string; readonly text: string } {
  const scope = makeScope();
  const names = new Map(kernel.buffers.map((b) => [b.name, scope.name(b.name)]));
  const written = new Set<string>();
  everyStmt(kernel.body, (stmt) => stmt.kind === "store" && written.add(stmt.buffer));
  const parameters = kernel.buffers.map((b) => {
    const apart = kernel.buffers.every((other) => other === b || !shares(b.name, other.name));
    const constant = written.has(b.name) ? "" : "const ";
    return `${constant}${C_TYPE[b.dtype]} *${apart ? "restrict " : ""}${names.get(b.name)}`;
  });
  const body = walkTogether(kernel, shares);
  const arrangement = arrangeKernel({ ...kernel, body }, context.lanes);
  const { text } = bodyText(arrangement, names, shares, context);
  const prototype = `TS_KERNEL void ${name}(${parameters.join(", ")})`;
  return { prototype: `${prototype};\n`, text: `${prototype} {\n${text}}\n` };
}

/** What stands for the vector axis in a routine on lanes. */
const LANE = "lane";

export function routineFunction(
  routine: Routine,
  name: string,
  lanes: number,
  context: FunctionContext,
): string {
  const { parameters, body, result } = routine;
  const arrangement = { body, vectors: new Set<string>(), tiles: new Map<string, number>() };
  const { text, registers } = bodyText(arrangement, new Map(), () => false, context, {
    parameters: parameters.map((p) => p.name),
    result,
    lanes,
  });
  const typeOf = (type: ScalarType): string =>
    lanes === 1 ? C_SCALAR[type] : vectorType(type, lanes);
  const list = parameters.map((p) => `${typeOf(p.type)} ${registers(p.name)}`).join(", ");
  return `static inline TS_INLINE ${typeOf(result.type)} ${name}(${list}) {\n${text}}\n`;
}

/** What a routine has that a kernel has not. */
type Called = {
  readonly parameters: readonly string[];
  readonly result: Expr;
  readonly lanes: number;
};

function bodyText(
  { body, vectors, tiles }: Arrangement,
  buffers: ReadonlyMap<string, string>,
  shares: Shares,
  context: FunctionContext,
  called?: Called,
): { readonly text: string; readonly registers: (name: string) => string } {
  const axes = new Set<string>();
  everyStmt(body, (stmt) => stmt.kind === "loop" && axes.add(stmt.axis));
  const onLanes = called !== undefined && called.lanes > 1;
  if (onLanes) axes.add(LANE);
  const given = new Map(called?.parameters.map((name) => [name, new Set(onLanes ? [LANE] : [])]));
  const dependence = dependenceOf(body, axes, given);
  const locals = makeScope(buffers.values());
  const registers = new Map(called?.parameters.map((name) => [name, `in_${name}`]));
  const axisNames = new Map<string, string>();
  everyStmt(body, (stmt) => {
    if (stmt.kind === "let") registers.set(stmt.name, locals.name(stmt.name));
    if (stmt.kind === "loop") axisNames.set(stmt.axis, locals.name(`at_${stmt.axis}`));
  });
  const panels = new Map<string, string>();
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
          const at = elementText(stmt.buffer, stmt.index, scope);
          const type = `${stmt.value.type === "float32" ? "u" : "v"}${scope.lanes}`;
          if (scope.lanes === 1) write(depth, `${at} = ${scalarText(stmt.value, scope)};`);
          else write(depth, `*(${type} *)&${at} = ${vectorText(stmt.value, scope)};`);
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
      const { type: scalar } = stmt.value;
      const type = isVector ? vectorType(scalar, scope.lanes) : C_SCALAR[scalar];
      const value = isVector ? vectorText(stmt.value, scope) : scalarText(stmt.value, scope);
      write(
        depth,
        `${stmt.kind === "let" ? `${type} ` : ""}${scope.register(stmt.name)} = ${value};`,
      );
    }
  };

  const writeLoop = (loop: Loop, place: Place, depth: number): void => {
    const inner = loop.body[0];
    if (isExplicit(loop)) {
      const reduces = loop.body.some((stmt) => stmt.kind === "loop");
      const blocks = reduces
        ? blocksOf(1, loop)
        : plainBlocks(loop.extent, context.lanes, isRepeatable(loop.body, shares));
      for (const block of blocks) writeVectorBlock(loop, block, place, depth);
    } else if (tiles.has(loop.axis) && inner?.kind === "loop" && isExplicit(inner)) {
      for (const block of blocksOf(loop.extent, inner, tiles.get(loop.axis)))
        writeTiles(loop.axis, inner, block, place, depth);
    } else {
      const isInnermost = loop.body.every((stmt) => stmt.kind !== "loop");
      if (loop.parallel && isInnermost && place.vector === undefined) write(depth, "TS_PARALLEL");
      writeCounting(loop.axis, 0, 1, loop.extent, depth);
      writeBody(loop.body, place, depth + 1);
      write(depth, "}");
    }
  };
  const writeTiles = (
    axis: string,
    inner: Loop,
    block: NestBlock,
    place: Place,
    depth: number,
  ): void => {
    const panel = panelOf(axis, inner, block, context.lanes, shares);
    if (panel) {
      const name = locals.name("panel");
      panels.set(panel.name, name);
      write(depth, `float ${name}[${panel.length}] __attribute__((aligned(64)));`);
      writeCounting(inner.axis, block.start, block.by, block.count, depth);
      const vector = { axis: inner.axis, parts: block.parts };
      writeStmt(panel.copy, { ...place, vector }, depth + 1);
      for (const { start, by, count } of block.tiles) {
        writeCounting(axis, start, by, count, depth + 1);
        writeBody(panel.vector.body, { ...place, tile: { axis, by }, vector }, depth + 2);
        write(depth + 1, "}");
      }
      write(depth, "}");
    } else
      for (const { start, by, count } of block.tiles) {
        writeCounting(axis, start, by, count, depth);
        writeVectorBlock(inner, block, { ...place, tile: { axis, by } }, depth + 1);
        write(depth, "}");
      }
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
    write(depth, `for (int64_t ${i} = ${start}; ${i} < ${start + by * count}; ${i} += ${by}) {`);
  };

  const isExplicit = (loop: Loop): boolean =>
    vectors.has(loop.axis) &&
    hasVectorText(loop.body, (expr) => dependence.ofExpr(expr).has(loop.axis));
  const blocksOf = (rows: number, { extent, body }: Loop, limit?: number): readonly NestBlock[] => {
    const isFree = isRepeatable(body, shares);
    return nestBlocks(rows, extent, context.lanes, isFree, stepsOf(body), limit).blocks;
  };

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
    return {
      lanes,
      isVector: (expr) => lanes > 1 && dependence.ofExpr(expr).has(vector!.axis),
      buffer: (name) => panels.get(name) ?? buffers.get(name)!,
      routine: (expr, width) => context.routineName(expr.routine, width),
      axis: (name) => {
        const variable = axisNames.get(name)!;
        if (name === tile?.axis) return { variable, offset: point.tile };
        return { variable, offset: name === vector?.axis ? part!.offset : 0 };
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

  const place: Place = onLanes
    ? { vector: { axis: LANE, parts: [{ offset: 0, lanes: called.lanes as Lanes }] } }
    : {};
  writeBody(body, place, 1);
  const scope = scopeAt(place, FIRST);
  if (called) {
    const text = (onLanes ? vectorText : scalarText)(called.result, scope);
    write(1, `return ${text};`);
  }
  return { text: lines.join(""), registers: scope.register };
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
