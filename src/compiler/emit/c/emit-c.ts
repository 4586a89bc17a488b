/**
 * Writes a program as C99: one static function for each distinct kernel and routine, one static
 * arena, one struct of constants, and for each entry the calls in order. The packagers of `deploy`
 * put the pieces into files. The text depends on the program only.
 */
import type { Routine } from "../../../ir/kernel.ts";
import { BYTES_PER_ELEMENT, type DType } from "../../../tensor/tensor.ts";
import type { Call, Place, Program } from "../../program.ts";
import { type DataSource, emitData } from "./data.ts";
import { type FileContext, kernelText, routineText, type Sharing } from "./function.ts";
import { GUARDS, HELPER_NAMES, helperText, SHARED_TYPES } from "./helpers.ts";
import { C_TYPE } from "./literals.ts";
import { makeScope } from "./names.ts";

export type CSource = {
  /** Includes and guards, for the top of the file that holds the functions. */
  readonly guards: string;
  /** Helpers, routines and kernels, in an order in which they compile. */
  readonly functions: string;
  /** The C name of each function, in the order of the text: for measuring. */
  readonly kernelNames: readonly string[];
  /** The definition of the arena and of the macro that addresses it. */
  readonly arena: string;
  /** Bytes of static memory. */
  readonly arenaBytes: number;
  readonly data: DataSource;
  /** The statements of each entry, indented by two spaces. */
  readonly entries: readonly { readonly name: string; readonly statements: string }[];
  /** A pointer of C type `type` to a place in the arena or in the constants. */
  readonly pointer: (place: Place, dtype: DType, constant?: boolean) => string;
};

/**
 * @param options.prefix starts every name with external linkage: `<prefix>_data`
 * @param options.exported names after the prefix that the surrounding file declares itself
 * @throws Error when a state does not start as zeros, which a static arena cannot express
 */
export function emitC(
  program: Program,
  options: { readonly prefix: string; readonly exported?: readonly string[] },
): CSource {
  const { prefix } = options;
  for (const state of program.states)
    if (state.initial.some((value) => value !== 0 || Object.is(value, -0)))
      throw new Error(`c: a state must start as zeros, "${state.name}" does not`);

  const exported = ["data", "data_t", ...(options.exported ?? [])].map((n) => `${prefix}_${n}`);
  const scope = makeScope([...HELPER_NAMES, ...exported]);
  const helpers = new Set<string>();
  const routines = routineTable(scope.name);
  const file: FileContext = {
    routineName: (routine) => routines.name(routine, file),
    useHelper: (name) => helpers.add(name),
  };
  const kernelNames = program.kernels.map((kernel) => scope.name(kernel.name));
  const sharing = program.kernels.map((_, index) => sharingOf(program, index));
  const kernels = program.kernels.map((kernel, i) =>
    kernelText(kernel, kernelNames[i]!, sharing[i]!, file),
  );
  const mixed = sharing.some((kinds) => kinds.includes("mixed"));

  const data = emitData(program, `${prefix}_data_t`);
  const pointer = makePointer(program, data, prefix);
  const arenaBytes = Math.max(4, Math.ceil(program.arenaBytes / 4) * 4);
  return {
    guards: GUARDS,
    functions: [mixed ? SHARED_TYPES : "", helperText(helpers), ...routines.texts(), ...kernels]
      .filter((text) => text !== "")
      .join("\n"),
    kernelNames,
    arena: [
      "/* Everything that changes: the window, all values in between, the results. */",
      `static uint32_t arena[${arenaBytes / 4}];`,
      "#define TS_AT(type, offset) ((type *)(void *)((uint8_t *)arena + (offset)))",
      "",
    ].join("\n"),
    arenaBytes,
    data,
    entries: program.entries.map((entry) => ({
      name: entry.name,
      statements: entry.calls
        .map((call) => callText(program, call, kernelNames[call.kernel]!, pointer))
        .join(""),
    })),
    pointer,
  };
}

/** Names routines as they are met and keeps their texts, callees first. */
function routineTable(unique: (hint: string) => string): {
  readonly name: (routine: Routine, file: FileContext) => string;
  readonly texts: () => readonly string[];
} {
  const names = new Map<string, string>();
  const known = new Map<Routine, string>();
  const texts: string[] = [];
  return {
    texts: () => texts,
    name: (routine, file) => {
      const cached = known.get(routine);
      if (cached) return cached;
      // Equal text is one function, also where a copy of the routine took another way here.
      const content = JSON.stringify([routine.name, routine.body, routine.result]);
      let name = names.get(content);
      if (!name) {
        name = unique(`ts_${routine.name}`);
        names.set(content, name);
        texts.push(routineText(routine, name, file));
      }
      known.set(routine, name);
      return name;
    },
  };
}

const bytesOfBuffer = (buffer: { dtype: DType; length: number }): number =>
  buffer.length * BYTES_PER_ELEMENT[buffer.dtype];

/** For each buffer of a kernel, whether any call gives it memory that another one uses too. */
function sharingOf(program: Program, kernel: number): readonly Sharing[] {
  const { buffers } = program.kernels[kernel]!;
  const sharing: Sharing[] = buffers.map(() => "alone");
  const calls = program.entries.flatMap((e) => e.calls).filter((c) => c.kernel === kernel);
  for (const { places } of calls)
    for (const [i, a] of buffers.entries())
      for (const [j, b] of buffers.entries()) {
        const [p, q] = [places[i]!, places[j]!];
        if (i === j || p.region !== "arena" || q.region !== "arena") continue;
        const apart =
          p.offset + bytesOfBuffer(a) <= q.offset || q.offset + bytesOfBuffer(b) <= p.offset;
        const onlyRead = a.role === "input" && b.role === "input";
        if (apart || (onlyRead && a.dtype === b.dtype)) continue;
        if (a.dtype !== b.dtype) sharing[i] = "mixed";
        else if (sharing[i] === "alone") sharing[i] = "shared";
      }
  return sharing;
}

function makePointer(program: Program, data: DataSource, prefix: string): CSource["pointer"] {
  return (place, dtype, constant = false) => {
    const type = `${constant ? "const " : ""}${C_TYPE[dtype]}`;
    if (place.region === "arena") return `TS_AT(${type}, ${place.offset})`;
    const index = program.constants.findLastIndex((c) => c.offset <= place.offset);
    const block = program.constants[index];
    if (!block) throw new Error(`c: no constant at offset ${place.offset}`);
    const elements = (place.offset - block.offset) / BYTES_PER_ELEMENT[block.dtype];
    const member = `${prefix}_data.${data.members[index]}`;
    const address = elements === 0 ? member : `&${member}[${elements}]`;
    return block.dtype === dtype ? address : `(const ${C_TYPE[dtype]} *)(const void *)${address}`;
  };
}

function callText(program: Program, call: Call, name: string, pointer: CSource["pointer"]): string {
  const { buffers } = program.kernels[call.kernel]!;
  const args = buffers.map((buffer, i) =>
    pointer(call.places[i]!, buffer.dtype, buffer.role === "input" || buffer.role === "constant"),
  );
  const node = call.node.replaceAll("*/", "");
  const line = `  ${name}(${args.join(", ")});`;
  return `  /* ${node} */\n${line.length <= 100 ? line : `  ${name}(\n      ${args.join(",\n      ")});`}\n`;
}
