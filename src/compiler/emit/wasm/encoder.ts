/**
 * A small encoder of the WebAssembly binary format: function bodies instruction by instruction,
 * and the module around them. Follows the WebAssembly core specification 2.0, chapter 5 ("Binary
 * Format"). It knows nothing of kernels, and checks nothing: an engine validates what comes out.
 */

import { OP, SIMD, type ValueType } from "./opcodes.ts";

const EMPTY_BLOCK = 0x40;
const SIMD_PREFIX = 0xfd;

/** Unsigned LEB128 of an integer below 2^32. */
export function unsignedLeb(value: number): number[] {
  const out: number[] = [];
  let rest = value >>> 0;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    out.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return out;
}

/** Signed LEB128 of a safe integer. */
export function signedLeb(value: number): number[] {
  const out: number[] = [];
  let rest = BigInt(value);
  for (;;) {
    const low = Number(BigInt.asUintN(7, rest));
    rest >>= 7n;
    const signBit = (low & 0x40) !== 0;
    if ((rest === 0n && !signBit) || (rest === -1n && signBit)) {
      out.push(low);
      return out;
    }
    out.push(low | 0x80);
  }
}

function float32Bytes(value: number): number[] {
  const view = new DataView(new ArrayBuffer(4));
  view.setFloat32(0, value, true);
  return [0, 1, 2, 3].map((i) => view.getUint8(i));
}

/**
 * The offset of a load or store: a number, or the address of a symbol, which `bindCode` gives, plus
 * a number.
 */
export type Offset = number | { readonly symbol: number; readonly plus: number };

/** Where the offset of an access is to be filled in: 5 bytes, as LEB128 is at most long. */
export type Relocation = { readonly at: number; readonly symbol: number; readonly plus: number };

/** A function being written. Parameters are the first locals. */
export type Code = {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
  readonly locals: readonly ValueType[];
  readonly bytes: readonly number[];
  readonly relocations: readonly Relocation[];
  /** A local of the type: a released one or a new one. */
  readonly local: (type: ValueType) => number;
  /** Gives a local back for another use. */
  readonly release: (local: number) => void;
  readonly op: (...bytes: readonly number[]) => void;
  readonly simd: (opcode: number, ...immediates: readonly number[]) => void;
  readonly get: (local: number) => void;
  readonly set: (local: number) => void;
  readonly tee: (local: number) => void;
  readonly i32: (value: number) => void;
  readonly i64: (value: number) => void;
  readonly f32: (value: number) => void;
  /** A vector with the same 32 bits in each lane. */
  readonly splatBits: (bits: number) => void;
  readonly lanes: (values: readonly number[]) => void;
  readonly load: (opcode: number, alignLog2: number, offset: Offset) => void;
  readonly simdMemory: (opcode: number, alignLog2: number, offset: Offset, lane?: number) => void;
  readonly call: (functionIndex: number) => void;
  /** Opens a block, a loop or an if (condition on the stack) and returns its label. */
  readonly open: (kind: "block" | "loop" | "if") => number;
  readonly otherwise: () => void;
  readonly end: () => void;
  /** Branches to a label when the top of the stack is not 0. */
  readonly branchIf: (label: number) => void;
};

export function makeCode(params: readonly ValueType[], results: readonly ValueType[]): Code {
  const bytes: number[] = [];
  const relocations: Relocation[] = [];
  const locals: ValueType[] = [];
  const free = new Map<ValueType, number[]>();
  let depth = 0;
  // As `unsignedLeb` and `signedLeb`, without a list for each number.
  const pushUnsigned = (value: number): void => {
    let rest = value >>> 0;
    for (; rest > 0x7f; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest);
  };
  const pushSigned = (value: number): void => {
    let rest = value | 0;
    for (; rest < -0x40 || rest > 0x3f; rest >>= 7) bytes.push((rest & 0x7f) | 0x80);
    bytes.push(rest & 0x7f);
  };
  const simd = (opcode: number, ...immediates: readonly number[]): void => {
    bytes.push(SIMD_PREFIX);
    pushUnsigned(opcode);
    if (immediates.length > 0) bytes.push(...immediates);
  };
  const memory = (alignLog2: number, offset: Offset): void => {
    bytes.push(alignLog2);
    if (typeof offset === "number") pushUnsigned(offset);
    else {
      relocations.push({ at: bytes.length, symbol: offset.symbol, plus: offset.plus });
      bytes.push(0, 0, 0, 0, 0);
    }
  };
  const lanes = (values: readonly number[]): void => {
    simd(SIMD.const);
    for (const v of values) bytes.push(v & 255, (v >> 8) & 255, (v >> 16) & 255, (v >> 24) & 255);
  };
  const indexed = (opcode: number, index: number): void => {
    bytes.push(opcode);
    pushUnsigned(index);
  };
  return {
    params,
    results,
    locals,
    bytes,
    relocations,
    local: (type) => {
      const released = free.get(type)?.pop();
      if (released !== undefined) return released;
      locals.push(type);
      return params.length + locals.length - 1;
    },
    release: (local) => {
      const type = locals[local - params.length]!;
      const list = free.get(type) ?? [];
      list.push(local);
      free.set(type, list);
    },
    op: (...list) => {
      bytes.push(...list);
    },
    simd,
    get: (local) => indexed(OP.localGet, local),
    set: (local) => indexed(OP.localSet, local),
    tee: (local) => indexed(OP.localTee, local),
    i32: (value) => {
      bytes.push(OP.i32Const);
      pushSigned(value);
    },
    i64: (value) => {
      bytes.push(OP.i64Const);
      bytes.push(...signedLeb(value));
    },
    f32: (value) => {
      bytes.push(OP.f32Const);
      bytes.push(...float32Bytes(value));
    },
    splatBits: (bits) => lanes([bits, bits, bits, bits]),
    lanes,
    load: (opcode, alignLog2, offset) => {
      bytes.push(opcode);
      memory(alignLog2, offset);
    },
    simdMemory: (opcode, alignLog2, offset, lane) => {
      simd(opcode);
      memory(alignLog2, offset);
      if (lane !== undefined) bytes.push(lane);
    },
    call: (index) => indexed(OP.call, index),
    open: (kind) => {
      bytes.push(OP[kind], EMPTY_BLOCK);
      return depth++;
    },
    otherwise: () => bytes.push(OP.else),
    end: () => {
      bytes.push(OP.end);
      depth--;
    },
    branchIf: (label) => indexed(OP.brIf, depth - 1 - label),
  };
}

/** The bytes of a function with the addresses of its symbols filled in. */
export function bindCode(
  { bytes, relocations }: Pick<Code, "relocations"> & { readonly bytes: ArrayLike<number> },
  addresses: readonly number[],
): Uint8Array {
  const bound = new Uint8Array(bytes);
  for (let n = 0; n < relocations.length; n++) {
    const { at, symbol, plus } = relocations[n]!;
    const address = (addresses[symbol]! + plus) >>> 0;
    bound[at] = address | 0x80;
    bound[at + 1] = (address >>> 7) | 0x80;
    bound[at + 2] = (address >>> 14) | 0x80;
    bound[at + 3] = (address >>> 21) | 0x80;
    bound[at + 4] = address >>> 28;
  }
  return bound;
}

export type ModuleFunction = {
  readonly code: Pick<Code, "params" | "results" | "locals"> & {
    readonly bytes: ArrayLike<number>;
  };
  /** The name under which it is exported, if it is. */
  readonly exported?: string;
};

export type ModuleSpec = {
  /** Function indices are positions in this list. */
  readonly functions: readonly ModuleFunction[];
  /** The one memory, imported as `env.memory`; at least so many pages of 64 KiB. */
  readonly memoryPages: number;
  /** Whether threads share the memory, which is then exactly so large. @default false */
  readonly sharedMemory?: boolean;
};

const SECTION = { type: 1, import: 2, function: 3, export: 7, code: 10 } as const;
const FUNCTION_TYPE = 0x60;
const KIND_FUNCTION = 0x00;
const KIND_MEMORY = 0x02;
const LIMITS_MINIMUM = 0x00;
/** Minimum and maximum, shared between threads. */
const LIMITS_SHARED = 0x03;

const vector = (items: readonly (readonly number[])[]): number[] => [
  ...unsignedLeb(items.length),
  ...items.flat(),
];

const text = (value: string): number[] => {
  const encoded = new TextEncoder().encode(value);
  return [...unsignedLeb(encoded.length), ...encoded];
};

/** Runs of equal local types, as the format counts them. */
function localRuns(locals: readonly ValueType[]): number[][] {
  const runs: [number, ValueType][] = [];
  for (const type of locals) {
    const last = runs[runs.length - 1];
    if (last && last[1] === type) last[0]++;
    else runs.push([1, type]);
  }
  return runs.map(([count, type]) => [...unsignedLeb(count), type]);
}

/** The bytes of a module. */
export function encodeModule(spec: ModuleSpec): Uint8Array<ArrayBuffer> {
  const types: string[] = [];
  const typeBytes: number[][] = [];
  const typeOf = spec.functions.map(({ code }) => {
    const bytes = [
      FUNCTION_TYPE,
      ...vector(code.params.map((t) => [t])),
      ...vector(code.results.map((t) => [t])),
    ];
    const known = types.indexOf(bytes.join());
    if (known >= 0) return known;
    typeBytes.push(bytes);
    return types.push(bytes.join()) - 1;
  });
  const exported = spec.functions.flatMap((f, index) =>
    f.exported === undefined ? [] : [[...text(f.exported), KIND_FUNCTION, ...unsignedLeb(index)]],
  );
  const memory = [
    ...text("env"),
    ...text("memory"),
    KIND_MEMORY,
    spec.sharedMemory ? LIMITS_SHARED : LIMITS_MINIMUM,
    ...unsignedLeb(spec.memoryPages),
    ...(spec.sharedMemory ? unsignedLeb(spec.memoryPages) : []),
  ];
  const bodies = spec.functions.map(({ code }): ArrayLike<number>[] => {
    const locals = vector(localRuns(code.locals));
    return [unsignedLeb(locals.length + code.bytes.length + 1), locals, code.bytes, [OP.end]];
  });
  const count = unsignedLeb(bodies.length);
  const codeSize = bodies.flat().reduce((sum, part) => sum + part.length, count.length);
  const section = (id: number, content: readonly number[]): readonly number[] => [
    id,
    ...unsignedLeb(content.length),
    ...content,
  ];
  const parts: ArrayLike<number>[] = [
    [0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    section(SECTION.type, vector(typeBytes)),
    section(SECTION.import, vector([memory])),
    section(SECTION.function, vector(typeOf.map(unsignedLeb))),
    section(SECTION.export, vector(exported)),
    [SECTION.code, ...unsignedLeb(codeSize)],
    count,
    ...bodies.flat(),
  ];
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
