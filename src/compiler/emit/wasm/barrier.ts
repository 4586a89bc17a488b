/**
 * Where threads wait for each other: a counter of those that have arrived and the number of the
 * meeting. The last one to arrive starts the next meeting; the others look at its number for a
 * while, for most meetings are short, and then sleep. Looking is cheap while each thread has a core,
 * and sleeping while it has none: after a wait that was too long, the next looks are short ones.
 * Follows the threads extension of WebAssembly (memory.atomic.wait32 and notify).
 */
import { MEETING_WORDS } from "../../meeting.ts";
import type { Meeting } from "../../program.ts";
import { type Code, makeCode } from "./encoder.ts";
import { ATOMIC, I32, OP } from "./opcodes.ts";

/** Looks at the number before a thread goes to sleep: about 130 microseconds, or 3. */
const SPINS = 400_000;
const SHORT_SPINS = 8_000;
/** Looks that are short after a wait that was too long, unless one of them is long enough. */
const SHORT_LOOKS = 32;
const ROUND_NS = 1_000_000_000;

/**
 * A function without parameters that returns when all threads have called it, and traps when they
 * do not within the patience of the meeting or one of them has failed.
 * @param address of the first word, in bytes
 */
export function emitBarrier({ threads, patienceSeconds }: Meeting, address: number): Code {
  const code = makeCode([], []);
  const word = (name: keyof typeof MEETING_WORDS): void => code.i32(address + MEETING_WORDS[name]);
  const atomic = (opcode: number): void => code.op(OP.atomicPrefix, opcode, 2, 0);
  const load = (name: keyof typeof MEETING_WORDS): void => {
    word(name);
    atomic(ATOMIC.load);
  };
  const store = (name: keyof typeof MEETING_WORDS, value: number): void => {
    word(name);
    code.i32(value);
    atomic(ATOMIC.store);
  };
  const add = (name: keyof typeof MEETING_WORDS, value: number): void => {
    word(name);
    code.i32(value);
    atomic(ATOMIC.add);
  };
  const meeting = code.local(I32);
  const left = code.local(I32);
  /** How many looks are to be short yet. */
  const short = code.local(I32);
  /** Counts `left` down and leaves what remains on the stack. */
  const count = (): void => {
    code.get(left);
    code.i32(1);
    code.op(OP.i32Sub);
    code.tee(left);
  };
  const isOver = (): void => {
    load("number");
    code.get(meeting);
    code.op(OP.i32Ne);
  };

  load("number");
  code.set(meeting);
  add("arrived", 1);
  code.i32(threads - 1);
  code.op(OP.i32Eq);
  code.open("if");
  store("arrived", 0);
  add("number", 1);
  code.op(OP.drop);
  // Whoever goes to sleep says so first and then looks at the number, so that none is missed.
  load("sleepers");
  code.open("if");
  word("number");
  code.i32(threads);
  atomic(ATOMIC.notify);
  code.op(OP.drop);
  code.end();
  code.otherwise();

  const slept = code.open("block");
  const met = code.open("block");
  load("shortLooks");
  code.tee(short);
  code.open("if");
  code.i32(SHORT_SPINS);
  code.set(left);
  code.otherwise();
  code.i32(SPINS);
  code.set(left);
  code.end();
  const spin = code.open("loop");
  isOver();
  code.branchIf(met);
  count();
  code.branchIf(spin);
  code.end();

  code.get(short);
  code.open("if");
  word("shortLooks");
  code.get(short);
  code.i32(1);
  code.op(OP.i32Sub);
  atomic(ATOMIC.store);
  code.otherwise();
  store("shortLooks", SHORT_LOOKS);
  code.end();
  add("sleepers", 1);
  code.op(OP.drop);
  code.i32(Math.ceil(patienceSeconds));
  code.set(left);
  const awake = code.open("block");
  const sleep = code.open("loop");
  word("number");
  code.get(meeting);
  code.i64(ROUND_NS);
  atomic(ATOMIC.wait32);
  code.op(OP.drop);
  isOver();
  code.branchIf(awake);
  // Rounds rather than one long wait: a process that is stopped loses one of them only.
  count();
  code.i32(0);
  code.op(OP.i32Ne);
  load("failed");
  code.op(OP.i32Eqz);
  code.op(OP.i32And);
  code.branchIf(sleep);
  code.end();
  code.op(OP.unreachable);
  code.end();
  add("sleepers", -1);
  code.op(OP.drop);
  code.i32(1);
  code.branchIf(slept);
  code.end();
  // Stored only where it changes, so that threads do not take its cache line from each other.
  code.get(short);
  code.open("if");
  store("shortLooks", 0);
  code.end();
  code.end();
  code.end();
  return code;
}
