/**
 * One kernel for several threads: its statements in groups, each of which the threads may run side
 * by side without waiting for each other. Between two groups there is a dependence from one thread
 * to another.
 */
import type { Kernel, Stmt } from "../ir/kernel.ts";
import { everyPart, exprsOf } from "../ir/walk.ts";
import type { Schedule } from "./schedule.ts";
import { bodyCost } from "./shard-cost.ts";
import { type Cuts, chooseCuts, hasStore, piecesOf, shardBody } from "./shard-loops.ts";
import { conflictsOf, mayConflict, type Touch, type Touches, touchedBy } from "./shard-touched.ts";

/** In place of a loop. */
const NOBODY = "";

export type Group = {
  /** The statements of each thread, none where it has nothing to do. */
  readonly bodies: readonly (readonly Stmt[])[];
  /** What they touch in each buffer; scratch of their own, which thread 0 has not, is left out. */
  readonly touches: Touches;
  /** Nanoseconds that they take, roughly. */
  readonly costs: readonly number[];
};

export type ShardedKernel = {
  readonly groups: readonly Group[];
  /** Scratch of which each thread but the first needs one of its own. */
  readonly privateScratch: ReadonlySet<string>;
};

/**
 * @param addresses where the buffers lie in the arena, undefined for constants: buffers may share
 * memory, so that places decide, not names
 * @param worthNs kernels that take less time are left to thread 0
 */
export function shardKernel(
  kernel: Kernel,
  schedule: Schedule,
  threads: number,
  addresses: readonly (number | undefined)[],
  worthNs: number,
): ShardedKernel {
  const place = placing(kernel, addresses);
  const alone = (stmts: readonly Stmt[]): Group =>
    groupOf(kernel, schedule, [stmts, ...Array.from({ length: threads - 1 }, () => [])]);
  const worthIt = bodyCost(kernel.body, schedule) >= worthNs;
  const cuts: Cuts = worthIt ? chooseCuts(kernel.body, schedule, threads) : new Map();
  if (cuts.size === 0) return { groups: [alone(kernel.body)], privateScratch: new Set() };

  const ownable = temporaries(kernel, cuts);
  const privateScratch = new Set<string>();
  const divided = (stmts: readonly Stmt[]): Group => {
    const bodies = Array.from({ length: threads }, (_, thread) => {
      const body = shardBody(stmts, cuts, thread);
      return hasStore(body) ? body : [];
    });
    if (bodies.slice(1).every((body) => body.length === 0)) return alone(stmts);
    const group = groupOf(kernel, schedule, bodies);
    const own = new Set<string>();
    for (const [a, b] of conflictsOf(place(group.touches), place(group.touches))) {
      const declared = a.buffer === b.buffer && isDividedNest(stmts, cuts);
      if (a.buffer === b.buffer && ownable.has(a.buffer)) own.add(a.buffer);
      // The language says that iterations of a parallel loop do not meet in a buffer.
      else if (!declared || isScratch(kernel, a.buffer)) return alone(stmts);
    }
    for (const name of own) privateScratch.add(name);
    return {
      ...group,
      touches: group.touches.map((list, t) =>
        t === 0 ? list : list.filter(({ buffer }) => !own.has(buffer)),
      ),
    };
  };
  const groups: Group[] = [];
  for (const group of piecesOf(kernel.body).map(divided)) {
    const last = groups.at(-1);
    if (last && !mayConflict(place(last.touches), place(group.touches)))
      groups[groups.length - 1] = {
        bodies: last.bodies.map((body, t) => [...body, ...group.bodies[t]!]),
        touches: last.touches.map((list, t) => [...list, ...group.touches[t]!]),
        costs: last.costs.map((cost, t) => cost + group.costs[t]!),
      };
    else groups.push(group);
  }
  return { groups, privateScratch };
}

function groupOf(kernel: Kernel, schedule: Schedule, bodies: Group["bodies"]): Group {
  return {
    bodies,
    touches: bodies.map((body) => touchedBy(body, kernel)),
    costs: bodies.map((body) => bodyCost(body, schedule)),
  };
}

/** Moves touches from their buffers into the arena; constants are never written and left out. */
export function placing(
  kernel: Kernel,
  addresses: readonly (number | undefined)[],
): (touches: Touches) => Touches {
  const addressOf = new Map(kernel.buffers.map(({ name }, i) => [name, addresses[i]]));
  const moved = (touch: Touch): readonly Touch[] => {
    const address = addressOf.get(touch.buffer);
    if (address === undefined) return [];
    return [{ ...touch, low: touch.low + address, high: touch.high + address }];
  };
  return (touches) => touches.map((list) => list.flatMap(moved));
}

const isScratch = (kernel: Kernel, buffer: string): boolean =>
  kernel.buffers.some((b) => b.name === buffer && b.role === "scratch");

/** Whether the statements are one nest of parallel loops down to one that is divided. */
function isDividedNest(stmts: readonly Stmt[], cuts: Cuts): boolean {
  const [stmt] = stmts;
  if (stmts.length !== 1 || stmt?.kind !== "loop" || !stmt.parallel) return false;
  return cuts.has(stmt.axis) || isDividedNest(stmt.body, cuts);
}

/**
 * The scratch that is used inside one divided loop only, which runs once. As no iteration reads what
 * another one writes, each thread may have its own.
 */
function temporaries(kernel: Kernel, cuts: Cuts): ReadonlySet<string> {
  const users = new Map<string, Set<string>>();
  /** @param user the divided loop around, NOBODY outside of them and in serial loops */
  const visit = (block: readonly Stmt[], user: string, isOnce: boolean): void => {
    const use = (buffer: string): void => {
      users.set(buffer, (users.get(buffer) ?? new Set()).add(user));
    };
    for (const stmt of block) {
      for (const expr of exprsOf(stmt))
        everyPart(expr, (e) => {
          if (e.kind === "load") use(e.buffer);
        });
      if (stmt.kind === "store") use(stmt.buffer);
      if (stmt.kind === "if") {
        visit(stmt.body, user, isOnce);
        visit(stmt.otherwise, user, isOnce);
      }
      if (stmt.kind === "loop") {
        const isUser = user === NOBODY && isOnce && cuts.has(stmt.axis);
        visit(stmt.body, isUser ? stmt.axis : user, isOnce && stmt.parallel);
      }
    }
  };
  visit(kernel.body, NOBODY, true);
  return new Set(
    kernel.buffers
      .filter(({ name, role }) => {
        const axes = users.get(name);
        return role === "scratch" && axes?.size === 1 && !axes.has(NOBODY);
      })
      .map(({ name }) => name),
  );
}
