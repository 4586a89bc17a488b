/**
 * Says where the threads of a program must wait for each other, and which of them does what is not
 * divided: between two barriers, parts that have nothing to do with each other go to the threads that
 * have the least to do.
 */
import { mayConflict, type Touches } from "./shard-touched.ts";

/** Work that takes less time, in nanoseconds, stays with thread 0: it is not worth a barrier. */
const WORTH_MOVING_NS = 500;

export type Turns = {
  /**
   * Takes what comes next in the program.
   * @param touches of each thread, in the arena
   * @param costs nanoseconds of each thread
   * @returns whether all wait before it, and by how many threads each part is moved on
   */
  readonly next: (
    touches: Touches,
    costs: readonly number[],
  ) => { readonly waits: boolean; readonly moved: number };
};

/** @param spread whether threads other than the first may take what is not divided */
export function takeTurns(threads: number, spread: boolean): Turns {
  const none = (): Touches => Array.from({ length: threads }, () => []);
  let pending = none();
  let loads = new Array<number>(threads).fill(0);
  return {
    next: (touches, costs) => {
      const isOne = costs.slice(1).every((cost) => cost === 0);
      const isMovable = spread && isOne && costs[0]! >= WORTH_MOVING_NS;
      const choices = isMovable ? loads.map((_, t) => t) : [0];
      choices.sort((a, b) => loads[a]! - loads[b]! || a - b);
      const withThread = (thread: number): Touches =>
        thread === 0 ? touches : none().map((list, t) => (t === thread ? touches[0]! : list));
      const free = choices.find((thread) => !mayConflict(pending, withThread(thread)));
      const waits = free === undefined;
      if (waits) {
        pending = none();
        loads = loads.map(() => 0);
      }
      const moved = free ?? 0;
      pending = pending.map((list, t) => [...list, ...withThread(moved)[t]!]);
      loads = loads.map((load, t) => load + (isOne ? (t === moved ? costs[0]! : 0) : costs[t]!));
      return { waits, moved };
    },
  };
}
