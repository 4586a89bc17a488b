/**
 * The memory in which the threads of a program meet: 32-bit words, at first 0, those of different
 * writers in cache lines of their own. The barrier that the WASM emitter writes uses them, and so
 * do the threads between two runs.
 */

/** Offsets in bytes. */
export const MEETING_WORDS = {
  /** Threads that have come to the current meeting, and its number. */
  arrived: 0,
  number: 64,
  /** Threads that sleep until the number changes. */
  sleepers: 68,
  /** Number of the last order of thread 0, what to run, and the threads that sleep until the next. */
  command: 128,
  entry: 132,
  parked: 136,
  /** How often the threads were sent away. */
  departures: 140,
  /** Not 0 when a thread has given up. */
  failed: 192,
  /** For how many waits threads look for a short time only, after one in which a thread slept. */
  shortLooks: 196,
} as const;

export const MEETING_BYTES = 256;
