/**
 * Programs on several threads: the calling thread is thread 0, the others are workers that a host
 * has started. They share one memory and one module, in which each has its part of every entry;
 * results have the same bits as on one thread. Thread 0 waits for the others, which the main thread
 * of a browser may not do: there, the engine runs in a worker.
 */
import {
  addressOf,
  emitWasm,
  entryExport,
  memoryLayout,
  type WasmOptions,
} from "../compiler/emit/wasm/emit.ts";
import { MEETING_BYTES } from "../compiler/meeting.ts";
import type { Place, Program } from "../compiler/program.ts";
import { type ShardOptions, shardProgram, threadEntry } from "../compiler/shard.ts";
import { entryCost } from "../compiler/shard-cost.ts";
import { type DType, type TypedArray, viewArray } from "../tensor/tensor.ts";
import { type Instance, initialized, noEntry, wasmInstance } from "./instance.ts";
import { makeMemory, shareCode } from "./machines.ts";
import { requireRelaxedSimd } from "./relaxed-simd.ts";
import { instantiate, meetingWords, type ThreadJob, wordOf } from "./threads-serve.ts";

export type { ThreadJob };

/** A thread that a host has started and that gives each job it is sent to `serveThread`. */
export type ThreadWorker = {
  readonly post: (job: ThreadJob) => void;
  /** Ends the thread at once, whatever it does. */
  readonly end: () => void;
  /** Why the thread has ended by itself, if it has. */
  readonly failure: () => string | undefined;
};

/** Threads that run one program at a time; another one waits where it is until it is run again. */
export type ThreadPool = {
  /** The workers and the calling thread. */
  readonly threads: number;
  /** Compiles a program for all threads and instantiates it, synchronously. */
  readonly instance: (program: Program) => Instance;
  /** Ends the workers. What they ran cannot be run any more. */
  readonly release: () => void;
};

const exportOf = (entry: string, thread: number): string => entryExport(threadEntry(entry, thread));

/**
 * Steps of less work, in nanoseconds on one thread, are not divided; see `chooseThreads`. With two
 * free cores a second thread begins to pay at some 250 microseconds of estimated work; where they
 * are not free it costs up to a third of so short a step.
 */
const WORTH_THREADS_NS = 400_000;
/** More threads than so are not chosen unasked: others want to use the machine too. */
const MOST_CHOSEN = 4;

/**
 * How many threads a program is worth: one for the small networks of sensors, whose steps take less
 * time than waking a thread that has gone to sleep, and as many as there are for large ones, up to 4.
 * @param cores that may be used
 */
export function chooseThreads(program: Program, cores: number): number {
  const costs = program.entries.map((entry) => entryCost(program, entry));
  return Math.max(0, ...costs) < WORTH_THREADS_NS ? 1 : Math.max(1, Math.min(cores, MOST_CHOSEN));
}

/** A program in the memory that the threads share; kept for the next one with the same code. */
type SharedMachine = {
  readonly program: Program;
  readonly viewAt: (place: Place, dtype: DType, size: number) => TypedArray;
  readonly run: (entry: string) => void;
  /** Makes the memory all zeros. */
  readonly clear: () => void;
};

/** Machines that wait for their next program. */
const MOST_FREE = 2;

/** @param workers at least one; they are the pool's from now on */
export function threadPool(
  workers: readonly ThreadWorker[],
  options: ShardOptions & WasmOptions = {},
): ThreadPool {
  const threads = workers.length + 1;
  let broken: string | undefined;
  /** Of the program that the workers are in. */
  let leave: (() => void) | undefined;
  const end = (why: string): void => {
    broken ??= why;
    leave = undefined;
    for (const worker of workers) worker.end();
  };
  const check = (): void => {
    for (const worker of workers) if (worker.failure()) end(`a thread ended: ${worker.failure()}`);
    if (broken) throw new Error(`threads: ${broken}`);
  };

  const makeMachine = (program: Program): SharedMachine => {
    const sharded = shardProgram(program, threads, options);
    const layout = memoryLayout(sharded);
    const memory = makeMemory(layout, true);
    const names = program.entries.map(({ name }) => name);
    /** Of each entry that has been run: the module, and what this thread runs. */
    const compiled = new Map<string, { module: WebAssembly.Module; run: () => void }>();
    const meeting = addressOf(layout, sharded.meeting);
    const words = meetingWords(memory, meeting);

    const wake = (): void => {
      Atomics.add(words, wordOf("command"), 1);
      if (Atomics.load(words, wordOf("parked")) > 0) Atomics.notify(words, wordOf("command"));
    };
    const goAway = (): void => {
      Atomics.add(words, wordOf("departures"), 1);
      wake();
      leave = undefined;
    };
    /** Brings the workers into this program. */
    const join = (): void => {
      check();
      if (leave === goAway) return;
      leave?.();
      const command = Atomics.load(words, wordOf("command"));
      const departures = Atomics.load(words, wordOf("departures"));
      workers.forEach((worker, i) => {
        const parts = names.map((name) => {
          const module = compiled.get(name)?.module;
          return module && { module, name: exportOf(name, i + 1) };
        });
        worker.post({ memory, meeting, parts, command, departures });
      });
      leave = goAway;
    };
    /** Compiles an entry when it is first run; the workers have to come in anew to learn of it. */
    const partOf = (name: string): (() => void) => {
      const known = compiled.get(name);
      if (known) return known.run;
      if (!names.includes(name)) throw noEntry(program, name);
      if (leave === goAway) goAway();
      const own = new Set(Array.from({ length: threads }, (_, t) => threadEntry(name, t)));
      const entries = sharded.entries.filter((entry) => own.has(entry.name));
      const bytes = emitWasm({ ...sharded, entries }, { relaxed: options.relaxed ?? false });
      const module = new WebAssembly.Module(bytes);
      const run = instantiate({ module, name: exportOf(name, 0) }, memory);
      compiled.set(name, { module, run });
      return run;
    };
    const run = (name: string): void => {
      const part = partOf(name);
      if (!sharded.shared.has(name)) {
        part();
        return;
      }
      join();
      Atomics.store(words, wordOf("entry"), names.indexOf(name));
      wake();
      try {
        part();
      } catch (error) {
        if (Atomics.load(words, wordOf("failed")) === 0) end(`a thread did not answer (${error})`);
      }
      if (Atomics.load(words, wordOf("failed")) !== 0) end("a thread failed");
      check();
    };
    return {
      program,
      run,
      viewAt: (place, dtype, size) =>
        viewArray(memory.buffer, dtype, addressOf(layout, place), size),
      clear: () => {
        // The workers may still be there, and wait for a number of an order to change.
        const bytes = new Uint8Array(memory.buffer);
        bytes.fill(0, 0, meeting);
        bytes.fill(0, meeting + MEETING_BYTES);
      },
    };
  };
  const free: SharedMachine[] = [];
  const takeMachine = (program: Program): SharedMachine => {
    const at = free.findLastIndex((kept) => shareCode(kept.program, program));
    // A kept machine must not keep the data that it was trained on.
    if (at < 0) return makeMachine({ ...program, states: [] });
    const [machine] = free.splice(at, 1);
    machine!.clear();
    return machine!;
  };
  const instance = (program: Program): Instance => {
    if (options.relaxed) requireRelaxedSimd();
    check();
    let machine: SharedMachine | undefined = takeMachine(program);
    const held = (): SharedMachine => {
      if (!machine) throw new Error("instance: it must not be used once it is released");
      return machine;
    };
    return {
      program,
      view: initialized(program, (...tensor) => held().viewAt(...tensor)),
      run: (name) => held().run(name),
      release: () => {
        if (machine) free.push(machine);
        if (free.length > MOST_FREE) free.shift();
        machine = undefined;
      },
    };
  };
  return { threads, instance, release: () => end("they were released") };
}

/**
 * An engine for `fit` that starts threads when a program is worth them, and runs others on one.
 * @param threads how many; "auto" leaves it to `chooseThreads` with so many `cores`
 * @param start starts so many workers
 */
export function threadedEngine(
  threads: number | { readonly cores: number },
  start: (workers: number) => readonly ThreadWorker[],
  options: WasmOptions = {},
): { readonly engine: (program: Program) => Instance; readonly release: () => void } {
  let pool: ThreadPool | undefined;
  return {
    engine: (program) => {
      const count = typeof threads === "number" ? threads : chooseThreads(program, threads.cores);
      if (count === 1) return wasmInstance(program, options);
      pool ??= threadPool(start(count - 1), options);
      return pool.instance(program);
    },
    release: () => pool?.release(),
  };
}
