/**
 * How long kernels take, roughly: so many operations, so many times, some of them four lanes at a
 * time. Good to a factor of two or three, which is enough to tell what is worth dividing among
 * threads. The constants come from the networks of `bench/workloads.ts`.
 */
import type { Expr, Stmt } from "../ir/kernel.ts";
import { everyPart, exprsOf } from "../ir/walk.ts";
import type { Entry, Program } from "./program.ts";
import type { Schedule } from "./schedule.ts";

const NS_PER_OPERATION = 0.1;
const LANES = 4;
/** A routine such as exp costs as much as so many operations. */
const ROUTINE_OPERATIONS = 20;

/** Nanoseconds of one thread for statements. */
export function bodyCost(body: readonly Stmt[], schedule: Schedule): number {
  return blockCost(body, schedule, 1) * NS_PER_OPERATION;
}

/** Nanoseconds of one thread for all calls of an entry. */
export function entryCost(program: Program, entry: Entry): number {
  const costs = program.kernels.map((kernel, i) => bodyCost(kernel.body, program.schedules[i]!));
  return entry.calls.reduce((sum, call) => sum + costs[call.kernel]!, 0);
}

function blockCost(block: readonly Stmt[], schedule: Schedule, lanes: number): number {
  let sum = 0;
  for (const stmt of block) {
    for (const expr of exprsOf(stmt)) sum += exprCost(expr) / lanes;
    if (stmt.kind === "store") sum += 1 / lanes;
    if (stmt.kind === "loop") {
      const inner = schedule[stmt.axis]?.kind === "vector" ? LANES : lanes;
      sum += stmt.extent * blockCost(stmt.body, schedule, inner);
    }
    // Which branch is taken is not known; the larger one counts.
    if (stmt.kind === "if")
      sum += Math.max(
        blockCost(stmt.body, schedule, lanes),
        blockCost(stmt.otherwise, schedule, lanes),
      );
  }
  return sum;
}

/** Operations of an expression; index arithmetic is done by the pointers of the loops. */
function exprCost(expr: Expr): number {
  let cost = 0;
  everyPart(expr, (e) => {
    if (e.kind === "load") cost += 0.5;
    else if (e.kind === "call") cost += ROUTINE_OPERATIONS;
    else if (e.kind === "op" && e.type !== "int32") cost += 1;
  });
  return cost;
}
