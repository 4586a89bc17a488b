/** Whole functions: a kernel bound to its places in memory, and a routine on scalars or lanes. */
import type { Kernel, Routine, Stmt } from "../../../ir/kernel.ts";
import type { Schedule } from "../../schedule.ts";
import { accessesOf } from "./address.ts";
import { blockSums } from "./block-sums.ts";
import { type BufferPlace, type Emission, makeEmission, valueTypeOf } from "./emission.ts";
import { type Code, makeCode } from "./encoder.ts";
import { pushScalar, pushVector } from "./expr.ts";
import { dependenceOf, type Lane } from "./lanes.ts";
import { I32 } from "./opcodes.ts";
import { emitBlock, emitStatements } from "./statement.ts";

/**
 * A function that runs a kernel wherever its buffers lie: either it takes their addresses, in order,
 * or it has no parameters and `bindCode` fills them in.
 * @param overlap whether two buffers share memory, by their numbers
 */
export function emitKernel(
  kernel: Kernel,
  schedule: Schedule,
  overlap: (a: number, b: number) => boolean,
  { functionOf, relaxed }: Pick<Emission, "functionOf" | "relaxed">,
  addresses: "taken" | "bound" = "bound",
): Code {
  const taken = addresses === "taken";
  const code = makeCode(taken ? kernel.buffers.map(() => I32) : [], []);
  const places = new Map<string, BufferPlace>();
  kernel.buffers.forEach(({ name, dtype }, symbol) => {
    places.set(name, { symbol, dtype, ...(taken ? { base: symbol } : {}) });
  });
  const bufferOf = (name: string): BufferPlace => {
    const place = places.get(name);
    if (!place) throw new Error(`kernel ${kernel.name}: has no buffer "${name}"`);
    return place;
  };
  // Buffers may share memory, so that places decide, not names.
  const repeatable = (body: readonly Stmt[]): boolean => {
    const { loads, stores } = accessesOf(body);
    const written = [...new Set(stores.map(({ buffer }) => bufferOf(buffer).symbol))];
    const read = [...new Set(loads.map(({ buffer }) => bufferOf(buffer).symbol))];
    return !written.some((w) => read.some((r) => overlap(r, w)));
  };
  const { body } = blockSums(kernel, schedule, overlap);
  const dependence = dependenceOf(body, new Set(Object.keys(schedule)));
  const s = makeEmission({
    code,
    schedule,
    dependence,
    bufferOf,
    repeatable,
    functionOf,
    relaxed,
    body,
  });
  emitBlock(s, body);
  return code;
}

/** The lane axis of a routine on vectors: its arguments differ in every lane. */
const ROUTINE_LANE: Lane = { axis: "lane", kind: "vector", parts: 1 };

/** A function from a routine's arguments to its result, on scalars or on four lanes. */
export function emitRoutine(
  routine: Routine,
  vector: boolean,
  functionOf: Emission["functionOf"],
): Code {
  const code = makeCode(
    routine.parameters.map((p) => valueTypeOf(p.type, vector)),
    [valueTypeOf(routine.result.type, vector)],
  );
  const lanes = vector ? [ROUTINE_LANE] : [];
  const axes = new Set(lanes.map((lane) => lane.axis));
  const parameters = new Map(routine.parameters.map((p) => [p.name, axes]));
  const s = makeEmission({
    code,
    schedule: {},
    dependence: dependenceOf(routine.body, axes, parameters),
    bufferOf: (name) => {
      throw new Error(`routine ${routine.name}: has no buffers, got "${name}"`);
    },
    repeatable: () => false,
    functionOf,
    relaxed: false,
    body: routine.body,
    lanes,
  });
  routine.parameters.forEach((p, i) => {
    s.registers.set(p.name, { lanes, vector, locals: [i] });
  });
  emitStatements(s, routine.body);
  if (vector) pushVector(s, routine.result, s.point);
  else pushScalar(s, routine.result, s.point);
  return code;
}
