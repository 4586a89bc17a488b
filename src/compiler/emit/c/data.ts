/**
 * The constants of a program as one C struct: a member for each block of data, named after its
 * graph tensor and laid out as rows. The struct lives in a translation unit of its own, so that no
 * compiler can fold or drop a part of it and its size is known from the layout rules of C.
 */
import { BYTES_PER_ELEMENT, type Shape } from "../../../tensor/tensor.ts";
import type { Program, ProgramConstant } from "../../program.ts";
import { C_TYPE, elementLiteral } from "./literals.ts";
import { makeScope } from "./names.ts";

export type DataSource = {
  /** Member name of each constant, in the order of `program.constants`. */
  readonly members: readonly string[];
  /** The struct type, `typedef struct { … } <type>;`; empty where there are no constants. */
  readonly type: string;
  /** The initialiser, `{ … }`. */
  readonly initializer: string;
  /** Size of the struct by the layout rules of C. */
  readonly bytes: number;
};

const LINE = 100;

export function emitData(program: Program, typeName: string): DataSource {
  const scope = makeScope();
  const members = program.constants.map((constant) => scope.name(constant.name));
  const declarations = program.constants.map((constant, i) => {
    const shape = constant.shape ? ` /* [${constant.shape.join(", ")}] */` : "";
    return `  ${C_TYPE[constant.dtype]} ${members[i]}[${constant.data.length}];${shape}\n`;
  });
  const values = program.constants.map((constant, i) => initializerText(constant, members[i]!));
  const empty = program.constants.length === 0;
  return {
    members,
    type: empty ? "" : `typedef struct {\n${declarations.join("")}} ${typeName};\n`,
    initializer: `{\n${values.join("")}}`,
    bytes: structBytes(program.constants),
  };
}

/** Each member starts at a multiple of its element size; the whole is a multiple of the largest. */
function structBytes(constants: readonly ProgramConstant[]): number {
  let offset = 0;
  let alignment = 1;
  for (const { dtype, data } of constants) {
    const size = BYTES_PER_ELEMENT[dtype];
    alignment = Math.max(alignment, size);
    offset = Math.ceil(offset / size) * size + size * data.length;
  }
  return Math.ceil(offset / alignment) * alignment;
}

function initializerText(constant: ProgramConstant, member: string): string {
  const values = Array.from(constant.data, (value) => elementLiteral(constant.dtype, value));
  const width = rowLength(constant.shape, values.length);
  const rows: string[] = [];
  for (let start = 0; start < values.length; start += width)
    rows.push(...wrapped(values.slice(start, start + width)));
  return `  .${member} = {\n${rows.join("\n")}\n  },\n`;
}

/** A row of text for each row of the last axis. */
function rowLength(shape: Shape | undefined, length: number): number {
  const last = shape?.at(-1) ?? length;
  return last > 1 ? last : length;
}

/** Values with commas, broken into lines that fit. */
function wrapped(values: readonly string[]): string[] {
  const lines: string[] = [];
  let line = "   ";
  for (const value of values) {
    if (line.length + value.length + 2 > LINE) {
      lines.push(line);
      line = "   ";
    }
    line += ` ${value},`;
  }
  return [...lines, line];
}
