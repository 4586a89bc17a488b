/** Refuses what does not fit into memory, in words that say what to make smaller. */
import { UserError } from "../base/errors.ts";
import type { Graph, GraphTensor } from "../graph/graph.ts";
import { bytesOf } from "../tensor/tensor.ts";

/** What 32-bit addresses reach. */
const MOST_BYTES = 4_294_967_296;

/**
 * @param needed bytes of constants and arena, where they are known already; else what the states
 * and the largest tensor take is the least
 * @throws UserError `out-of-memory`
 */
export function checkMemory(
  graphs: { readonly [entry: string]: Graph },
  needed: number | undefined,
  limit: number = MOST_BYTES,
): void {
  const tensors = new Map<string, GraphTensor>();
  for (const graph of Object.values(graphs))
    for (const tensor of graph.tensors.values()) tensors.set(tensor.name, tensor);
  let largest: GraphTensor | undefined;
  let stateBytes = 0;
  for (const tensor of tensors.values()) {
    if (tensor.kind === "state") stateBytes += bytesIn(tensor);
    else if (!largest || bytesIn(tensor) > bytesIn(largest)) largest = tensor;
  }
  const bytes = needed ?? stateBytes + (largest ? bytesIn(largest) : 0);
  if (bytes <= limit) return;
  throw outOfMemory(
    `it must fit into ${limit} bytes, got ${needed === undefined ? "at least " : ""}${bytes}`,
    largest && `the largest tensor is "${largest.name}" [${largest.shape}]`,
  );
}

const bytesIn = ({ dtype, shape }: GraphTensor): number => bytesOf(dtype, shape);

/** The refusal, also of an engine that the system gives no memory. */
export const outOfMemory = (rule: string, largest = ""): UserError =>
  new UserError(
    "out-of-memory",
    `memory: ${rule}`,
    `${largest && `${largest}; `}use a smaller batch, fewer filters or units, or pool earlier`,
  );
