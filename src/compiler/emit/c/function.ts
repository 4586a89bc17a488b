/**
 * Kernels and routines as C functions: a pointer for each buffer, loops as `for`, registers as
 * locals. Statements that compute what nobody reads are left out, so that compilers find nothing
 * to warn about.
 */
import { add, i32, mul } from "../../../ir/build.ts";
import type { Buffer, Expr, Kernel, Routine, Stmt } from "../../../ir/kernel.ts";
import type { Range } from "../../../ir/ranges.ts";
import { rangeOf } from "../../../ir/ranges.ts";
import { everyExpr, everyStmt, mapExpr } from "../../../ir/walk.ts";
import { castText, type ExpressionContext, expressionText } from "./expression.ts";
import { C_SCALAR, C_TYPE } from "./literals.ts";
import { makeScope, type Scope } from "./names.ts";

/** What functions of one file share. */
export type FileContext = {
  readonly routineName: (routine: Routine) => string;
  readonly useHelper: (name: string) => void;
};

/**
 * How the calls of a kernel bind one of its buffers: `alone`, sharing memory with another buffer
 * (`shared`), or with one of another type (`mixed`).
 */
export type Sharing = "alone" | "shared" | "mixed";

/** Loop variables by nesting depth, where these names are free. */
const AXIS_LETTERS = ["i", "j", "k", "l", "m", "n", "p", "q"];

export function kernelText(
  kernel: Kernel,
  name: string,
  sharing: readonly Sharing[],
  file: FileContext,
): string {
  const body = withoutDeadRegisters(withoutSingleLoops(kernel.body));
  const scope = makeScope();
  const bufferNames = new Map(kernel.buffers.map((b) => [b.name, scope.name(b.name)]));
  const parameters = kernel.buffers.map((buffer, i) =>
    parameterText(buffer, bufferNames.get(buffer.name)!, sharing[i] ?? "alone"),
  );
  const dtypes = new Map(kernel.buffers.map((b) => [b.name, b.dtype]));
  const dtypeOf = (buffer: string) => dtypes.get(buffer)!;
  const lines = bodyLines(body, scope, bufferNames, dtypeOf, file);
  const used = new Set<string>();
  everyExpr(body, (expr) => expr.kind === "load" && used.add(expr.buffer));
  everyStmt(body, (stmt) => stmt.kind === "store" && used.add(stmt.buffer));
  const unused = kernel.buffers
    .filter((b) => !used.has(b.name))
    .map((b) => `  (void)${bufferNames.get(b.name)};`);
  return [
    `/* ${kernel.buffers.map((b) => `${bufferNames.get(b.name)}: ${b.dtype}[${b.length}]`).join(", ")} */`,
    `${signature(`TS_FUNCTION void ${name}`, parameters)} {`,
    ...unused,
    ...lines,
    "}",
    "",
  ].join("\n");
}

export function routineText(routine: Routine, name: string, file: FileContext): string {
  const scope = makeScope();
  const parameters = routine.parameters.map((p) => ({ ...p, text: scope.name(p.name) }));
  const body = withoutDeadRegisters([
    ...routine.body,
    // Stands for the result, so that what only the result reads is kept.
    { kind: "exit", condition: routine.result },
  ]);
  const lines = bodyLines(
    body.slice(0, -1),
    scope,
    new Map(),
    () => "int32",
    file,
    new Map(parameters.map((p) => [p.name, p.text])),
    routine,
  );
  const types = parameters.map((p) => `${C_SCALAR[p.type]} ${p.text}`);
  return [
    `${signature(`TS_FUNCTION ${C_SCALAR[routine.result.type]} ${name}`, types)} {`,
    ...lines,
    "}",
    "",
  ].join("\n");
}

function parameterText(buffer: Buffer, name: string, sharing: Sharing): string {
  const constant = buffer.role === "input" || buffer.role === "constant" ? "const " : "";
  const isBytes = buffer.dtype === "int8" || buffer.dtype === "uint8";
  const type =
    sharing === "mixed" && !isBytes ? `ts_shared_${C_TYPE[buffer.dtype]}` : C_TYPE[buffer.dtype];
  return `${constant}${type} *${sharing === "alone" ? "restrict " : ""}${name}`;
}

const LINE = 100;

/** One line where it fits, otherwise the parameters on lines of their own. */
function signature(head: string, parameters: readonly string[]): string {
  const line = `${head}(${parameters.join(", ")})`;
  return line.length <= LINE - 2 ? line : `${head}(\n    ${parameters.join(",\n    ")})`;
}

/**
 * The statements of a body, indented by two spaces; `routine` adds its `return`.
 * @param parameters names of registers that exist from the start
 */
function bodyLines(
  body: readonly Stmt[],
  scope: Scope,
  bufferNames: ReadonlyMap<string, string>,
  dtypeOf: ExpressionContext["dtypeOf"],
  file: FileContext,
  parameters: ReadonlyMap<string, string> = new Map(),
  routine?: Routine,
): string[] {
  const assigned = new Set<string>();
  const registerNames = new Map(parameters);
  everyStmt(body, (stmt) => {
    if (stmt.kind === "set") assigned.add(stmt.name);
    if (stmt.kind === "let") registerNames.set(stmt.name, scope.name(stmt.name));
  });
  const letters = AXIS_LETTERS.filter((letter) => !scope.has(letter));
  letters.forEach(scope.name);
  const axisNames = new Map<string, string>();
  const axes = new Map<string, number>();
  const registers = new Map<string, Range>();
  const context: ExpressionContext = {
    ranges: { axes, registers, dtypeOf },
    axisName: (axis) => axisNames.get(axis)!,
    registerName: (register) => registerNames.get(register)!,
    bufferName: (buffer) => bufferNames.get(buffer)!,
    dtypeOf,
    routineName: (expr) => file.routineName(expr.routine),
    useHelper: file.useHelper,
  };
  const lines: string[] = [];

  const writeBlock = (block: readonly Stmt[], depth: number, loops: number): void => {
    const indent = "  ".repeat(depth);
    for (const stmt of block) {
      switch (stmt.kind) {
        case "loop": {
          const axis = letters[loops] ?? scope.name("i");
          axisNames.set(stmt.axis, axis);
          axes.set(stmt.axis, stmt.extent);
          lines.push(`${indent}for (int32_t ${axis} = 0; ${axis} < ${stmt.extent}; ${axis}++) {`);
          writeBlock(stmt.body, depth + 1, loops + 1);
          lines.push(`${indent}}`);
          break;
        }
        case "let": {
          const value = expressionText(stmt.value, context);
          const constant = assigned.has(stmt.name) ? "" : "const ";
          if (constant && stmt.value.type === "int32")
            registers.set(stmt.name, rangeOf(stmt.value, context.ranges));
          const type = C_SCALAR[stmt.value.type];
          lines.push(`${indent}${constant}${type} ${registerNames.get(stmt.name)} = ${value};`);
          break;
        }
        case "set":
          lines.push(
            `${indent}${registerNames.get(stmt.name)} = ${expressionText(stmt.value, context)};`,
          );
          break;
        case "store": {
          const target = `${bufferNames.get(stmt.buffer)}[${expressionText(stmt.index, context)}]`;
          lines.push(`${indent}${target} = ${storedText(stmt, context)};`);
          break;
        }
        case "if":
          lines.push(`${indent}if (${expressionText(stmt.condition, context)}) {`);
          writeBlock(stmt.body, depth + 1, loops);
          if (stmt.otherwise.length > 0) {
            lines.push(`${indent}} else {`);
            writeBlock(stmt.otherwise, depth + 1, loops);
          }
          lines.push(`${indent}}`);
          break;
        case "exit":
          lines.push(`${indent}if (${expressionText(stmt.condition, context)}) break;`);
          break;
      }
    }
  };
  writeBlock(body, 1, 0);
  if (routine) lines.push(`  return ${expressionText(routine.result, context)};`);
  return lines.flatMap(wrapLine);
}

/** Breaks a statement that is too long at blanks, which is allowed anywhere in our expressions. */
function wrapLine(line: string): string[] {
  const indent = `${/^ */.exec(line)![0]}    `;
  const lines: string[] = [];
  let rest = line;
  while (rest.length > LINE) {
    const at = rest.lastIndexOf(" ", LINE);
    if (at <= indent.length) break;
    lines.push(rest.slice(0, at));
    rest = indent + rest.slice(at + 1);
  }
  return [...lines, rest];
}

/** The value of a store: narrow elements keep the low bits. */
function storedText(stmt: Stmt & { kind: "store" }, context: ExpressionContext): string {
  const dtype = context.dtypeOf(stmt.buffer);
  const copies = stmt.value.kind === "load" && context.dtypeOf(stmt.value.buffer) === dtype;
  return dtype === "float32" || dtype === "int32" || copies
    ? expressionText(stmt.value, context)
    : castText(C_TYPE[dtype], stmt.value, context);
}

/** Puts the body of a loop with one pass in its place. */
export function withoutSingleLoops(body: readonly Stmt[]): readonly Stmt[] {
  const single = new Set<string>();
  const leaves = (stmt: Stmt): boolean =>
    stmt.kind === "exit" || (stmt.kind === "if" && [...stmt.body, ...stmt.otherwise].some(leaves));
  everyStmt(body, (stmt) => {
    if (stmt.kind === "loop" && stmt.extent === 1 && !stmt.body.some(leaves)) single.add(stmt.axis);
  });
  if (single.size === 0) return body;
  const change = (expr: Expr): Expr => {
    if (expr.kind === "axis" && single.has(expr.axis)) return i32(0);
    if (expr.kind !== "op" || expr.args.length !== 2) return expr;
    const [a, b] = expr.args;
    if (expr.op === "add") return add(a!, b!);
    return expr.op === "mul" ? mul(a!, b!) : expr;
  };
  const rewrite = (block: readonly Stmt[]): Stmt[] =>
    block.flatMap((stmt): Stmt[] => {
      switch (stmt.kind) {
        case "loop":
          if (single.has(stmt.axis)) return rewrite(stmt.body);
          return [{ ...stmt, body: rewrite(stmt.body) }];
        case "if": {
          const condition = mapExpr(stmt.condition, change);
          const [then, otherwise] = [rewrite(stmt.body), rewrite(stmt.otherwise)];
          return [{ ...stmt, condition, body: then, otherwise }];
        }
        case "exit":
          return [{ ...stmt, condition: mapExpr(stmt.condition, change) }];
        case "store": {
          const [index, value] = [mapExpr(stmt.index, change), mapExpr(stmt.value, change)];
          return [{ ...stmt, index, value }];
        }
        default:
          return [{ ...stmt, value: mapExpr(stmt.value, change) }];
      }
    });
  return rewrite(body);
}

/** Leaves out registers that are never read, and the blocks that become empty. */
function withoutDeadRegisters(body: readonly Stmt[]): readonly Stmt[] {
  let live = body;
  for (;;) {
    const read = new Set<string>();
    everyExpr(live, (expr) => expr.kind === "register" && read.add(expr.name));
    let changed = false;
    const prune = (block: readonly Stmt[]): Stmt[] =>
      block.flatMap((stmt): Stmt[] => {
        if (stmt.kind === "loop") {
          const inner = prune(stmt.body);
          return inner.length > 0 ? [{ ...stmt, body: inner }] : [];
        }
        if (stmt.kind === "if") {
          const [then, otherwise] = [prune(stmt.body), prune(stmt.otherwise)];
          return then.length + otherwise.length > 0 ? [{ ...stmt, body: then, otherwise }] : [];
        }
        const dead = (stmt.kind === "let" || stmt.kind === "set") && !read.has(stmt.name);
        changed ||= dead;
        return dead ? [] : [stmt];
      });
    live = prune(live);
    if (!changed) return live;
  }
}
