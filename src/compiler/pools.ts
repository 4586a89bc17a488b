/**
 * What a program holds once however often it is used: constants and kernels, shared by content.
 */
import type { Kernel } from "../ir/kernel.ts";
import { verifyKernel } from "../ir/verify.ts";
import { BYTES_PER_ELEMENT, type DType, type Shape, type TypedArray } from "../tensor/tensor.ts";
import type { Place, ProgramConstant } from "./program.ts";

export type ConstantPool = {
  /** Until `finish`, the offset of a place is the number of the entry. */
  readonly add: (hint: string, dtype: DType, data: TypedArray, shape?: Shape) => Place;
  readonly finish: () => {
    readonly constants: readonly ProgramConstant[];
    /** Of each entry, in bytes. */
    readonly offsets: readonly number[];
    readonly bytes: number;
  };
};

/** Collects read-only data by content; the widest elements first, so that nothing is padded. */
export function constantPool(): ConstantPool {
  const entries: Omit<ProgramConstant, "offset">[] = [];
  const byArray = new Map<TypedArray, number>();
  const byHash = new Map<number, number[]>();
  const used = new Set<string>();
  return {
    add: (hint, dtype, data, shape) => {
      const known = byArray.get(data);
      if (known !== undefined && entries[known]!.dtype === dtype)
        return { region: "constants", offset: known };
      const bytes = bytesIn(data);
      const hash = hashOf(bytes);
      const alike = byHash.get(hash) ?? [];
      let entry = alike.find(
        (e) => entries[e]!.dtype === dtype && equalBytes(bytesIn(entries[e]!.data), bytes),
      );
      if (entry === undefined) {
        let name = hint;
        for (let n = 1; used.has(name); n++) name = `${hint}_${n}`;
        used.add(name);
        entry = entries.push({ name, dtype, data, ...(shape ? { shape } : {}) }) - 1;
        byHash.set(hash, [...alike, entry]);
      }
      byArray.set(data, entry);
      return { region: "constants", offset: entry };
    },
    finish: () => {
      const order = entries
        .map((_, i) => i)
        .sort((a, b) => bytesPer(entries[b]!) - bytesPer(entries[a]!) || a - b);
      const offsets = new Array<number>(entries.length);
      const constants: ProgramConstant[] = [];
      let bytes = 0;
      for (const i of order) {
        const entry = entries[i]!;
        offsets[i] = bytes;
        constants.push({ ...entry, offset: bytes });
        bytes += entry.data.length * bytesPer(entry);
      }
      return { constants, offsets, bytes: Math.ceil(bytes / 4) * 4 };
    },
  };
}

const bytesPer = (entry: { readonly dtype: DType }): number => BYTES_PER_ELEMENT[entry.dtype];

const bytesIn = (data: TypedArray): Uint8Array =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

/** FNV-1a over 32 bits; equal hashes are compared byte by byte. */
function hashOf(bytes: Uint8Array): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i]!, 0x01000193);
  return hash;
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

export type KernelPool = {
  readonly list: readonly Kernel[];
  /**
   * The number of a kernel in `list`.
   * @throws Error when the verifier refuses it
   */
  readonly add: (kernel: Kernel) => number;
};

/** Keeps each distinct kernel once; what its constants hold does not distinguish it. */
export function kernelPool(): KernelPool {
  const list: Kernel[] = [];
  const byObject = new Map<Kernel, number>();
  /** Those with the same buffers, with their first names. */
  const alike = new Map<string, { readonly kernel: Kernel; readonly index: number }[]>();
  const names = new Set<string>();
  const addContent = (kernel: Kernel): number => {
    const shape = kernel.buffers.map(({ dtype, length, role }) => `${dtype} ${length} ${role}`);
    const key = [kernel.name, ...shape].join();
    const candidates = alike.get(key) ?? [];
    const known = candidates.find((c) => isEqual(c.kernel, kernel));
    if (known) return known.index;
    verifyKernel(kernel);
    let name = kernel.name;
    for (let n = 1; names.has(name); n++) name = `${kernel.name}_${n}`;
    names.add(name);
    const index = list.push(name === kernel.name ? kernel : { ...kernel, name }) - 1;
    alike.set(key, [...candidates, { kernel, index }]);
    return index;
  };
  return {
    list,
    add: (kernel) => {
      const index = byObject.get(kernel) ?? addContent(kernel);
      byObject.set(kernel, index);
      return index;
    },
  };
}

/** Whether two kernels, or parts of them, are the same but for the data of their constants. */
function isEqual(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null)
    return Object.is(a, b);
  if (Array.isArray(a))
    return Array.isArray(b) && a.length === b.length && a.every((item, i) => isEqual(item, b[i]));
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  const [left, right] = [a, b] as { readonly [key: string]: unknown }[];
  return keys.every((key) => key === "data" || isEqual(left![key], right![key]));
}
