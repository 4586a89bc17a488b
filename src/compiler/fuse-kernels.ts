/**
 * Two kernels as one: the stores of the producer become the elementwise loop body of the consumer.
 * Which steps may be fused, `fuse.ts` decides.
 */
import { memoize } from "../base/memoize.ts";
import type { Buffer, Expr, Kernel, Stmt } from "../ir/kernel.ts";
import { everyExpr, everyStmt, mapExpr } from "../ir/walk.ts";

export type Elementwise = {
  readonly axis: string;
  readonly lets: readonly Stmt[];
  readonly store: Stmt & { kind: "store" };
};

/** How two kernels are wired, by numbers of buffers. */
export type Wiring = {
  /** The buffer of the producer and that of the consumer which fusion saves. */
  readonly producedAt: number;
  readonly consumedAt: number;
  /** For each buffer of the consumer, the input of the producer with the same tensor, or -1. */
  readonly shared: readonly number[];
};

/** The kernel as `for i: let …; out[i] = …` with every load at `i` or at a fixed place. */
export const elementwiseOf: (kernel: Kernel) => Elementwise | undefined = memoize((kernel) => {
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
});

const isAxis = (expr: Expr, axis: string): boolean => expr.kind === "axis" && expr.axis === axis;

const fusedOf = memoize((_producer: Kernel) =>
  memoize((_consumer: Kernel) => new Map<string, Kernel>()),
);

/**
 * The producer with the consumer as its epilogue, its buffers those of the producer, then those
 * that only the consumer has, without the saved ones. The same kernels wired alike give one kernel.
 */
export function fuseKernels(
  producer: Kernel,
  consumer: Kernel,
  form: Elementwise,
  wiring: Wiring,
): Kernel {
  const fused = fusedOf(producer)(consumer);
  const key = [wiring.producedAt, wiring.consumedAt, ...wiring.shared].join();
  const kernel = fused.get(key) ?? fuse(producer, consumer, form, wiring);
  fused.set(key, kernel);
  return kernel;
}

function fuse(
  producer: Kernel,
  consumer: Kernel,
  form: Elementwise,
  { producedAt, consumedAt, shared }: Wiring,
): Kernel {
  const produced = producer.buffers[producedAt]!;
  const consumed = consumer.buffers[consumedAt]!;
  const taken = new Set<string>(producer.buffers.map((b) => b.name));
  everyStmt(producer.body, (s) => {
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
  const added: Buffer[] = [];
  consumer.buffers.forEach((buffer, i) => {
    if (i === consumedAt) return;
    const source = producer.buffers[shared[i]!];
    const name = source?.name ?? fresh(buffer.name);
    buffers.set(buffer.name, name);
    if (!source) added.push({ ...buffer, name });
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
  return {
    name: `${producer.name}_${consumer.name}`,
    buffers: [...producer.buffers.filter((_, i) => i !== producedAt), ...added],
    body: rewrite(producer.body),
  };
}
