/**
 * Packages a program as a C99 library: a header that reads like documentation, the model, its
 * constants, an example, a self-test and a Makefile. The same program gives the same bytes.
 */
import type { Program } from "../compiler/program.ts";
import { headerText } from "./c99/header.ts";
import { exampleText, makefileText, selfTestText } from "./c99/programs.ts";
import { dataHeaderText, dataText, modelText } from "./c99/sources.ts";
import { figuresOf } from "./figures.ts";
import { describeLibrary, type LibraryInfo } from "./library.ts";

export type PackedFile = { readonly path: string; readonly text: string };

/**
 * The files of the library, in a fixed order, paths with `/`.
 * @param program compiled with `{alignment: 4}`, its pipeline in the entry "run"
 * @throws UserError `library-tensor`, `library-window` when `info` does not fit the program
 */
export function packC99(program: Program, info: LibraryInfo): readonly PackedFile[] {
  const library = describeLibrary(program, info);
  const { prefix } = library;
  const hasData = library.source.data.bytes > 0;
  return [
    { path: `${prefix}.h`, text: headerText(library, figuresOf(library)) },
    { path: `${prefix}.c`, text: modelText(library) },
    ...(hasData ? [{ path: `${prefix}_data.h`, text: dataHeaderText(library) }] : []),
    { path: `${prefix}_data.c`, text: dataText(library) },
    { path: "example/main.c", text: exampleText(library) },
    { path: "test/selftest.c", text: selfTestText(library) },
    { path: "Makefile", text: makefileText(library) },
  ];
}
