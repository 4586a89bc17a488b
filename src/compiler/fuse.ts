/**
 * Fuses elementwise consumers into their producers. A consumer of the form
 * `for i: out[i] = f(t[i], others[i])` becomes the epilogue of the only kernel that writes `t`:
 * its stores `t[e] = v` turn into `out[e] = f(v, others[e])`, and `t` needs no memory. Each value is
 * still computed by the same operations in the same order, so no bit changes.
 */
import type { Buffer, Expr, Kernel, Stmt } from "../ir/kernel.ts";
import { everyExpr, everyStmt, mapExpr } from "../ir/walk.ts";
import type { Step } from "./steps.ts";
import { writesOnce } from "./write-once.ts";

type Elementwise = {
  readonly axis: string;
  readonly lets: readonly Stmt[];
  readonly store: Stmt & { kind: "store" };
};

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
    c = 0;
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
    if (consumer.tensors.filter((t) => t === tensor).length !== 1) continue;
    if (steps.some((s, i) => i !== c && readsTensor(s, tensor))) continue;
    const p = steps.findIndex((s) => writesTensor(s, tensor));
    if (p < 0 || p > c) continue;
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

function isRead(kernel: Kernel, buffer: Buffer): boolean {
  let found = false;
  everyExpr(kernel.body, (expr) => {
    if (expr.kind === "load" && expr.buffer === buffer.name) found = true;
  });
  return found;
}

/** The kernel as `for i: let …; out[i] = …` with every load at `i` or at a fixed place. */
function elementwiseOf(kernel: Kernel): Elementwise | undefined {
  const [loop, ...more] = kernel.body;
  if (!loop || more.length > 0 || loop.kind !== "loop" || !loop.parallel) return undefined;
  const store = loop.body[loop.body.length - 1];
  const lets = loop.body.slice(0, -1);
  if (store?.kind !== "store" || lets.some((s) => s.kind !== "let")) return undefined;
  const output = kernel.buffers.find((b) => b.name === store.buffer)!;
  if (output.role !== "output" || output.length !== loop.extent) return undefined;
  if (!isAxis(store.index, loop.axis)) return undefined;
  let simple = true;
  everyExpr(loop.body, (expr) => {
    if (expr.kind === "load" && !isAxis(expr.index, loop.axis) && expr.index.kind !== "const")
      simple = false;
  });
  return simple ? { axis: loop.axis, lets, store } : undefined;
}

const isAxis = (expr: Expr, axis: string): boolean => expr.kind === "axis" && expr.axis === axis;

function merge(
  producer: Step,
  consumer: Step,
  form: Elementwise,
  tensor: string,
): Step | undefined {
  const producedAt = producer.tensors.indexOf(tensor);
  const produced = producer.kernel.buffers[producedAt]!;
  if (produced.role !== "output") return undefined;
  if (isRead(producer.kernel, produced) || !writesOnce(producer.kernel, produced)) return undefined;
  const consumedAt = consumer.tensors.indexOf(tensor);
  const consumed = consumer.kernel.buffers[consumedAt]!;

  const taken = new Set<string>(producer.kernel.buffers.map((b) => b.name));
  everyStmt(producer.kernel.body, (s) => {
    if (s.kind === "let") taken.add(s.name);
    if (s.kind === "loop") taken.add(s.axis);
  });
  const fresh = (name: string): string => {
    let candidate = name;
    for (let n = 1; taken.has(candidate); n++) candidate = `${name}_${n}`;
    taken.add(candidate);
    return candidate;
  };

  // One buffer for a tensor that both read; the others get names of their own.
  const buffers = new Map<string, string>();
  const added: { buffer: Buffer; tensor: string | undefined }[] = [];
  consumer.kernel.buffers.forEach((buffer, i) => {
    if (i === consumedAt) return;
    const shared = producer.tensors.findIndex(
      (t, k) =>
        t !== undefined &&
        t === consumer.tensors[i] &&
        producer.kernel.buffers[k]!.role === "input",
    );
    if (shared >= 0 && buffer.role === "input") {
      buffers.set(buffer.name, producer.kernel.buffers[shared]!.name);
      return;
    }
    const name = fresh(buffer.name);
    buffers.set(buffer.name, name);
    added.push({ buffer: { ...buffer, name }, tensor: consumer.tensors[i] });
  });
  const epilogue = (index: Expr, value: Expr): Stmt[] => {
    const registers = new Map<string, string>();
    for (const stmt of form.lets)
      if (stmt.kind === "let") registers.set(stmt.name, fresh(stmt.name));
    const held = fresh(produced.name);
    const rename = (expr: Expr): Expr =>
      mapExpr(expr, (e) => {
        if (e.kind === "axis" && e.axis === form.axis) return index;
        if (e.kind === "register") return { ...e, name: registers.get(e.name) ?? e.name };
        if (e.kind === "load" && e.buffer === consumed.name)
          return { kind: "register", type: e.type, name: held };
        if (e.kind === "load") return { ...e, buffer: buffers.get(e.buffer)! };
        return e;
      });
    return [
      { kind: "let", name: held, value },
      ...form.lets.map(
        (s): Stmt =>
          s.kind === "let"
            ? { kind: "let", name: registers.get(s.name)!, value: rename(s.value) }
            : s,
      ),
      {
        kind: "store",
        buffer: buffers.get(form.store.buffer)!,
        index,
        value: rename(form.store.value),
      },
    ];
  };
  const rewrite = (body: readonly Stmt[]): Stmt[] =>
    body.flatMap((stmt): Stmt[] => {
      if (stmt.kind === "store" && stmt.buffer === produced.name)
        return epilogue(stmt.index, stmt.value);
      if (stmt.kind === "loop") return [{ ...stmt, body: rewrite(stmt.body) }];
      if (stmt.kind === "if")
        return [{ ...stmt, body: rewrite(stmt.body), otherwise: rewrite(stmt.otherwise) }];
      return [stmt];
    });

  const kept = producer.kernel.buffers
    .map((buffer, i) => ({ buffer, tensor: producer.tensors[i] }))
    .filter((_, i) => i !== producedAt);
  const all = [...kept, ...added];
  return {
    node: `${producer.node} ${consumer.node}`,
    kernel: {
      name: `${producer.kernel.name}_${consumer.kernel.name}`,
      buffers: all.map((entry) => entry.buffer),
      body: rewrite(producer.kernel.body),
    },
    tensors: all.map((entry) => entry.tensor),
  };
}
