/**
 * What a thread other than the first does: it takes its place in a program that several threads run
 * on one memory, sleeps until thread 0 names an entry, and runs its part of it. It knows no machine:
 * the worker of Node or of a browser calls it with what it was sent.
 */
import { MEETING_BYTES, MEETING_WORDS } from "../compiler/meeting.ts";

export type ThreadPart = { readonly module: WebAssembly.Module; readonly name: string };

/** What is sent to a thread: all of it can be cloned. */
export type ThreadJob = {
  readonly memory: WebAssembly.Memory;
  /** Address of the program's meeting, in bytes. */
  readonly meeting: number;
  /** For each entry that has been compiled, its module and the export that is this thread's part. */
  readonly parts: readonly (ThreadPart | undefined)[];
  /** The number of the last order that was given before, and that of departures. */
  readonly command: number;
  readonly departures: number;
};

/** Looks for an order before the thread goes to sleep: some 100 microseconds, or 3 as at barriers. */
const SPINS = 30_000;
const SHORT_SPINS = 1_000;

/** The words of a meeting, and where each of them is. */
export function meetingWords(memory: WebAssembly.Memory, meeting: number): Int32Array {
  return new Int32Array(memory.buffer, meeting, MEETING_BYTES / 4);
}

export const wordOf = (name: keyof typeof MEETING_WORDS): number => MEETING_WORDS[name] / 4;

/** Runs this thread's parts until thread 0 sends it away; a failure is told to all and thrown. */
export function serveThread(job: ThreadJob): void {
  const { memory, meeting, parts, command } = job;
  const words = meetingWords(memory, meeting);
  try {
    const runs = parts.map((part) => part && instantiate(part, memory));
    for (let seen = command; ; ) {
      seen = awaitCommand(words, seen);
      // A thread that has slept over a departure must not take the next order for its own.
      if (Atomics.load(words, wordOf("departures")) !== job.departures) return;
      runs[Atomics.load(words, wordOf("entry"))]!();
    }
  } catch (error) {
    Atomics.store(words, wordOf("failed"), 1);
    Atomics.notify(words, wordOf("number"));
    throw error;
  }
}

/** The function that runs a part. */
export function instantiate({ module, name }: ThreadPart, memory: WebAssembly.Memory): () => void {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports[name] as () => void;
}

/** Waits for the next order and returns its number. */
function awaitCommand(words: Int32Array, seen: number): number {
  const command = wordOf("command");
  const spins = Atomics.load(words, wordOf("shortLooks")) === 0 ? SPINS : SHORT_SPINS;
  for (let i = 0; i < spins; i++) {
    const now = Atomics.load(words, command);
    if (now !== seen) return now;
  }
  Atomics.add(words, wordOf("parked"), 1);
  while (Atomics.load(words, command) === seen) Atomics.wait(words, command, seen);
  Atomics.sub(words, wordOf("parked"), 1);
  return Atomics.load(words, command);
}
