/**
 * A program for several threads on one memory. Each entry becomes one for each thread, which holds
 * that thread's part of the kernels, and says where the threads must wait for each other: where one
 * of them may touch what another has written, or write what it still needs. Results have the same
 * bits with any number of threads, for no reduction is divided.
 */
import type { Buffer, Kernel, Stmt } from "../ir/kernel.ts";
import { everyExpr, everyStmt } from "../ir/walk.ts";
import { BYTES_PER_ELEMENT } from "../tensor/tensor.ts";
import { MEETING_BYTES } from "./meeting.ts";
import type { Call, Entry, Meeting, Place, Program } from "./program.ts";
import type { Schedule } from "./schedule.ts";
import { type Group, placing, type ShardedKernel, shardKernel } from "./shard-kernel.ts";
import { takeTurns } from "./shard-turns.ts";

const CACHE_LINE = 64;

export type ThreadedProgram = Program & {
  readonly meeting: Meeting;
  /** Names of the original entries in which more than one thread has something to do. */
  readonly shared: ReadonlySet<string>;
};

/** The name of an entry's part for a thread. */
export const threadEntry = (entry: string, thread: number): string => `${entry}/${thread}`;

export type ShardOptions = {
  /** See `Meeting`. @default 30 */
  readonly patienceSeconds?: number;
  /** Kernels that take less time, in nanoseconds on one thread, are not divided. @default 8000 */
  readonly worthNs?: number;
};

/** Divides a program, which keeps the places of all its tensors. */
export function shardProgram(
  program: Program,
  threads: number,
  options: ShardOptions = {},
): ThreadedProgram {
  const { patienceSeconds = 30, worthNs = 8000 } = options;
  const kernels: Kernel[] = [];
  const schedules: Schedule[] = [];
  const align = (bytes: number): number => Math.ceil(bytes / CACHE_LINE) * CACHE_LINE;
  const offset = align(program.arenaBytes);
  const meeting: Meeting = { region: "arena", offset, threads, patienceSeconds };
  const ownStart = meeting.offset + MEETING_BYTES;
  const sharded = shardedKernels(program, threads, worthNs);
  /** Threads after the first have their own scratch behind each other. */
  const ownBytes = Math.max(0, ...program.entries.flatMap(({ calls }) => calls.map(bytesOfOwn)));
  function bytesOfOwn(call: Call): number {
    const own = sharded(call).privateScratch;
    return program.kernels[call.kernel]!.buffers.filter(({ name }) => own.has(name)).reduce(
      (sum, buffer) => sum + align(bytesOf(buffer)),
      0,
    );
  }

  const indexOf = new Map<string, number>();
  /** The kernel of a thread's part of a group; the same part is the same kernel in every call. */
  const kernelFor = (kernel: number, key: string, make: () => Kernel): number => {
    const known = indexOf.get(key);
    if (known !== undefined) return known;
    schedules.push(program.schedules[kernel]!);
    const index = kernels.push(make()) - 1;
    indexOf.set(key, index);
    return index;
  };

  const shared = new Set<string>();
  const entries = program.entries.flatMap((entry): Entry[] => {
    const parts = Array.from({ length: threads }, () => ({
      calls: [] as Call[],
      barriers: [] as number[],
    }));
    const wait = (): void => {
      for (const { calls, barriers } of parts) barriers.push(calls.length);
    };
    const isDivided = entry.calls.some((call) => sharded(call).groups.some(hasSeveral));
    const turns = takeTurns(threads, isDivided);
    for (const call of entry.calls) {
      const kernel = program.kernels[call.kernel]!;
      const shards = sharded(call);
      const place = placing(kernel, addressesOf(call));
      let own = 0;
      const ownOffsets = kernel.buffers.map((buffer) => {
        const offset = own;
        if (shards.privateScratch.has(buffer.name)) own += align(bytesOf(buffer));
        return offset;
      });
      shards.groups.forEach((group, g) => {
        const { waits, moved } = turns.next(place(group.touches), group.costs);
        if (waits) wait();
        group.bodies.forEach((body, t) => {
          if (body.length === 0) return;
          const used = usedBy(body, kernel);
          const key = [call.kernel, shards.key, g, t].join();
          const index = kernelFor(call.kernel, key, () => ({
            name: `${kernel.name}_${g}_${t}`,
            buffers: used.map((i) => partBuffer(kernel.buffers[i]!, body)),
            body,
          }));
          const places = used.map((i): Place => {
            const isOwn = t > 0 && shards.privateScratch.has(kernel.buffers[i]!.name);
            if (!isOwn) return call.places[i]!;
            return { region: "arena", offset: ownStart + (t - 1) * ownBytes + ownOffsets[i]! };
          });
          parts[t + moved]!.calls.push({ kernel: index, places, node: call.node });
        });
      });
    }
    if (isDivided) {
      shared.add(entry.name);
      wait();
    } else for (const { barriers } of parts) barriers.length = 0;
    return parts.map((part, t) => ({ ...entry, ...part, name: threadEntry(entry.name, t) }));
  });
  return {
    ...program,
    entries,
    kernels,
    schedules,
    arenaBytes: ownStart + (threads - 1) * ownBytes,
    meeting,
    shared,
  };
}

/** Whether more than one thread has something to do in a group. */
const hasSeveral = ({ bodies }: Group): boolean => bodies.slice(1).some((body) => body.length > 0);

const bytesOf = (buffer: Buffer): number => buffer.length * BYTES_PER_ELEMENT[buffer.dtype];

const addressesOf = (call: Call): (number | undefined)[] =>
  call.places.map(({ region, offset }) => (region === "arena" ? offset : undefined));

/** Divides each kernel once for all calls in which its buffers overlap alike. */
function shardedKernels(
  program: Program,
  threads: number,
  worthNs: number,
): (call: Call) => ShardedKernel & { readonly key: string } {
  const known = new Map<string, ShardedKernel & { readonly key: string }>();
  return (call) => {
    const kernel = program.kernels[call.kernel]!;
    const addresses = addressesOf(call);
    const overlaps = kernel.buffers.flatMap((a, i) =>
      kernel.buffers.slice(0, i).flatMap((b, j) => {
        const distance = addresses[i]! - addresses[j]!;
        return distance < bytesOf(b) && -distance < bytesOf(a) ? [`${i}:${j}:${distance}`] : [];
      }),
    );
    const key = [call.kernel, ...overlaps].join(" ");
    const found = known.get(key) ?? {
      ...shardKernel(kernel, program.schedules[call.kernel]!, threads, addresses, worthNs),
      key,
    };
    known.set(key, found);
    return found;
  };
}

/** Which buffers statements use, by their number. */
function usedBy(body: readonly Stmt[], kernel: Kernel): readonly number[] {
  const names = new Set<string>();
  everyStmt(body, (stmt) => {
    if (stmt.kind === "store") names.add(stmt.buffer);
  });
  everyExpr(body, (e) => {
    if (e.kind === "load") names.add(e.buffer);
  });
  return kernel.buffers.flatMap(({ name }, i) => (names.has(name) ? [i] : []));
}

/** A part reads what other parts wrote, and writes a part: outputs are inputs or updates to it. */
function partBuffer(buffer: Buffer, body: readonly Stmt[]): Buffer {
  if (buffer.role === "constant" || buffer.role === "scratch") return buffer;
  let stored = false;
  everyStmt(body, (stmt) => {
    if (stmt.kind === "store" && stmt.buffer === buffer.name) stored = true;
  });
  return { ...buffer, role: stored ? "update" : "input" };
}
