/**
 * Whether a kernel writes every element of a buffer exactly once. Fusion and running in place rest
 * on it. Convolutions with padding write their output with several stores, one for each part of the
 * border; the elements are counted in units, as large as the loops allow.
 */
import { affineOf } from "../ir/affine.ts";
import type { Buffer, Kernel, Stmt } from "../ir/kernel.ts";

type Axis = { readonly coefficient: number; readonly extent: number };
/** The elements constant + sum of coefficient * (0 … extent - 1). */
type Elements = { readonly constant: number; readonly axes: readonly Axis[] };

/** Larger buffers in smaller units are not counted, and count as not written once. */
const MAX_UNITS = 1 << 16;

/** Loads are not looked at. A store under a condition or in a loop with an `exit` does not count. */
export function writesOnce(kernel: Kernel, buffer: Buffer): boolean {
  const stores = storesTo(kernel.body, buffer.name, []);
  return stores !== undefined && stores.length > 0 && coversOnce(stores, buffer.length);
}

/** What the stores to a buffer write; undefined where that depends on data. */
function storesTo(
  body: readonly Stmt[],
  buffer: string,
  loops: readonly (Stmt & { kind: "loop" })[],
): readonly Elements[] | undefined {
  const found: Elements[] = [];
  for (const stmt of body) {
    if (stmt.kind === "exit" && loops.length > 0) return undefined;
    if (stmt.kind === "loop") {
      const inner = storesTo(stmt.body, buffer, [...loops, stmt]);
      if (inner === undefined && writes(stmt, buffer)) return undefined;
      found.push(...(inner ?? []));
    }
    if (stmt.kind === "if" && writes(stmt, buffer)) return undefined;
    if (stmt.kind !== "store" || stmt.buffer !== buffer) continue;
    const index = affineOf(stmt.index);
    if (!index) return undefined;
    const axes = loops
      .filter((loop) => loop.extent > 1)
      .map(({ axis, extent }) => ({ coefficient: index.coefficients.get(axis) ?? 0, extent }));
    if (axes.some((axis) => axis.coefficient <= 0)) return undefined;
    found.push({ constant: index.constant, axes });
  }
  return found;
}

function writes(stmt: Stmt, buffer: string): boolean {
  if (stmt.kind === "store") return stmt.buffer === buffer;
  const bodies = stmt.kind === "loop" ? stmt.body : [];
  const branches = stmt.kind === "if" ? [...stmt.body, ...stmt.otherwise] : [];
  return [...bodies, ...branches].some((inner) => writes(inner, buffer));
}

function coversOnce(stores: readonly Elements[], length: number): boolean {
  // An outermost axis that all share, as the images of a batch, need not be counted.
  let [rest, size] = [stores, length];
  for (;;) {
    const [first] = rest;
    const outer = first!.axes.find(({ coefficient, extent }) => coefficient * extent === size);
    if (!outer) break;
    const same = (axis: Axis): boolean =>
      axis.coefficient === outer.coefficient && axis.extent === outer.extent;
    if (!rest.every(({ axes }) => axes.some(same))) break;
    rest = rest.map(({ constant, axes }) => ({ constant, axes: without(axes, axes.find(same)!) }));
    size = outer.coefficient;
  }
  const runs = rest.map(({ constant, axes }) => runOf(constant, axes));
  const unit = runs.reduce(
    (divisor, { constant, run, axes }) =>
      [constant, run, ...axes.map((axis) => axis.coefficient)].reduce(greatestDivisor, divisor),
    size,
  );
  if (size / unit > MAX_UNITS) return false;
  const written = new Uint8Array(size / unit);
  let count = 0;
  for (const { constant, run, axes } of runs) {
    const starts = axes.reduce<readonly number[]>(
      (places, { coefficient, extent }) =>
        places.flatMap((at) => Array.from({ length: extent }, (_, i) => at + i * coefficient)),
      [constant],
    );
    count += (starts.length * run) / unit;
    if (count > written.length) return false;
    for (const at of starts) written.fill(1, at / unit, (at + run) / unit);
  }
  return count === written.length && !written.includes(0);
}

/** The elements as runs of neighbors: axes that walk on where others end are one. */
function runOf(constant: number, axes: readonly Axis[]): Elements & { readonly run: number } {
  let [run, rest] = [1, axes];
  for (;;) {
    const next = rest.find((axis) => axis.coefficient === run);
    if (!next) return { constant, axes: rest, run };
    run *= next.extent;
    rest = without(rest, next);
  }
}

const without = (axes: readonly Axis[], axis: Axis): readonly Axis[] =>
  axes.filter((other) => other !== axis);

const greatestDivisor = (a: number, b: number): number => (b === 0 ? a : greatestDivisor(b, a % b));
