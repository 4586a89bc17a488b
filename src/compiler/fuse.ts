/**
 * Fuses elementwise consumers into their producers. A consumer of the form
 * `for i: out[i] = f(t[i], others[i])` becomes the epilogue of the only kernel that writes `t`:
 * its stores `t[e] = v` turn into `out[e] = f(v, others[e])`, and `t` needs no memory. Each value is
 * still computed by the same operations in the same order, so no bit changes.
 */
import { memoize } from "../base/memoize.ts";
import type { Buffer, Kernel } from "../ir/kernel.ts";
import { everyExpr } from "../ir/walk.ts";
import { type Elementwise, elementwiseOf, fuseKernels } from "./fuse-kernels.ts";
import type { Step } from "./steps.ts";
import { writesOnce } from "./write-once.ts";

/**
 * Fuses until nothing more fits.
 * @param keep tensors that must exist in memory: graph outputs and states
 */
export function fuseSteps(steps: readonly Step[], keep: ReadonlySet<string>): Step[] {
  const result = [...steps];
  for (let c = 1; c < result.length; c++) {
    const merged = fuseInto(result, c, keep);
    if (!merged) continue;
    result[merged.producer] = merged.step;
    result.splice(c, 1);
    // What could not be fused before cannot now, but for the step that has become longer.
    c = merged.producer - 1;
  }
  return result;
}

function fuseInto(
  steps: readonly Step[],
  c: number,
  keep: ReadonlySet<string>,
): { producer: number; step: Step } | undefined {
  const consumer = steps[c]!;
  const form = elementwiseOf(consumer.kernel);
  if (!form) return undefined;
  for (let b = 0; b < consumer.kernel.buffers.length; b++) {
    const tensor = consumer.tensors[b];
    if (tensor === undefined || keep.has(tensor)) continue;
    if (consumer.kernel.buffers[b]!.role !== "input") continue;
    if (consumer.tensors.indexOf(tensor) !== consumer.tensors.lastIndexOf(tensor)) continue;
    let p = -1;
    let readers = 0;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      const at = step.tensors.indexOf(tensor);
      if (at < 0) continue;
      if (readsTensor(step, tensor)) readers++;
      if (p < 0 && writesTensor(step, tensor)) p = i;
    }
    if (readers !== 1 || p < 0 || p > c) continue;
    // What else the consumer reads must exist before the producer runs, and must not be changed
    // in between.
    const others = consumer.tensors.filter(
      (t, i) => t !== undefined && t !== tensor && consumer.kernel.buffers[i]!.role === "input",
    ) as string[];
    const late = steps.slice(p, c).some((s) => others.some((t) => writesTensor(s, t)));
    if (late) continue;
    const step = merge(steps[p]!, consumer, form, tensor);
    if (step) return { producer: p, step };
  }
  return undefined;
}

const readsTensor = (step: Step, tensor: string): boolean =>
  step.tensors.some((t, i) => t === tensor && step.kernel.buffers[i]!.role === "input");
const writesTensor = (step: Step, tensor: string): boolean =>
  step.tensors.some(
    (t, i) =>
      t === tensor &&
      (step.kernel.buffers[i]!.role === "output" || step.kernel.buffers[i]!.role === "update"),
  );

/** The outputs that a kernel writes once, and does not read. */
const writtenOnly = memoize((_kernel: Kernel) => new Map<Buffer, boolean>());

function isWrittenOnly(kernel: Kernel, buffer: Buffer): boolean {
  const known = writtenOnly(kernel);
  const answer = known.get(buffer) ?? (!isRead(kernel, buffer) && writesOnce(kernel, buffer));
  known.set(buffer, answer);
  return answer;
}

function isRead(kernel: Kernel, buffer: Buffer): boolean {
  let found = false;
  everyExpr(kernel.body, (expr) => {
    if (expr.kind === "load" && expr.buffer === buffer.name) found = true;
  });
  return found;
}

function merge(
  producer: Step,
  consumer: Step,
  form: Elementwise,
  tensor: string,
): Step | undefined {
  const producedAt = producer.tensors.indexOf(tensor);
  const produced = producer.kernel.buffers[producedAt]!;
  if (produced.role !== "output" || !isWrittenOnly(producer.kernel, produced)) return undefined;
  const consumedAt = consumer.tensors.indexOf(tensor);
  const shared = consumer.tensors.map((t, i) =>
    t !== undefined && consumer.kernel.buffers[i]!.role === "input"
      ? producer.tensors.findIndex(
          (other, k) => other === t && producer.kernel.buffers[k]!.role === "input",
        )
      : -1,
  );
  const wiring = { producedAt, consumedAt, shared };
  return {
    node: `${producer.node} ${consumer.node}`,
    kernel: fuseKernels(producer.kernel, consumer.kernel, form, wiring),
    tensors: [
      ...producer.tensors.filter((_, i) => i !== producedAt),
      ...consumer.tensors.filter((_, i) => i !== consumedAt && shared[i] === -1),
    ],
  };
}
