/**
 * The NativeCompiler port on Node: a C file becomes a module by the user's own compiler and is
 * loaded into this process. Modules are kept in a folder under a name that stands for the text, the
 * compiler, its flags and what the processor can do, so each is built once.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { toHex, utf8 } from "../base/bytes.ts";
import { UserError } from "../base/errors.ts";
import { sha256 } from "../base/sha256.ts";
import type { NativeCompiler, NativeModule } from "../engine/native.ts";

/** The text has its vectors, tiles and unrolling already, so -O3 would only take longer. */
const FLAGS: readonly string[] = [
  ..."-O2 -march=native -fno-math-errno -fwrapv -fno-strict-aliasing".split(" "),
  ..."-fvisibility=hidden -w -shared -fPIC".split(" "),
  ...(process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : []),
];

const load = createRequire(import.meta.url);

export type NativeOptions = {
  /** Folder of built modules; `<key>.node` each. @default ~/.tinsmith/cache/native */
  readonly cacheDirectory?: string;
  /** Programs to try, in order. @default gcc, clang, cc */
  readonly compilers?: readonly string[];
  /**
   * Rounds each product before its sum, as the interpreter does: the same bits, at half the speed.
   * @default false
   */
  readonly exact?: boolean;
  /** Folder of `node_api.h`. @default include/node of the running Node */
  readonly headers?: string;
  /** Told of each module, before it is built (some seconds for a large network) and loaded. */
  readonly onModule?: (module: {
    readonly path: string;
    readonly isCached: boolean;
    /** What builds it. */
    readonly compiler: string;
  }) => void;
};

/**
 * Finds a compiler and the headers of Node.
 * @throws UserError `native-compiler-missing` or `native-headers-missing`
 */
export function nativeCompiler(options: NativeOptions = {}): NativeCompiler {
  const { compilers = ["gcc", "clang", "cc"], onModule } = options;
  const cache = options.cacheDirectory ?? join(homedir(), ".tinsmith", "cache", "native");
  const headers = resolve(
    options.headers ?? join(dirname(dirname(process.execPath)), "include", "node"),
  );
  const { compiler, macros } = findCompiler(compilers);
  if (!existsSync(join(headers, "node_api.h")))
    throw new UserError(
      "native-headers-missing",
      `native: the headers of Node must be installed, got no node_api.h in ${headers}`,
      "run through npm, whose Node brings its headers, or use the wasm back end",
    );
  const lanes = /__AVX512F__/.test(macros) ? 16 : /__AVX__/.test(macros) ? 8 : 4;
  const flags = [
    ...FLAGS,
    `-ffp-contract=${options.exact ? "off" : "fast"}`,
    // Compilers are shy of the widest registers, for processors that slow down with them.
    ...(lanes === 16 ? ["-mprefer-vector-width=512"] : []),
  ];
  return {
    lanes,
    load: (source) => {
      const key = toHex(sha256(utf8([...flags, process.arch, macros, source].join("\n"))));
      const path = join(cache, `${key}.node`);
      const isCached = existsSync(path);
      onModule?.({ path, isCached, compiler });
      if (!isCached) build(compiler, [...flags, `-I${headers}`], source, cache, path);
      return load(path) as NativeModule;
    },
  };
}

/** The first compiler that answers, with the macros that tell its version and the processor. */
function findCompiler(compilers: readonly string[]): {
  readonly compiler: string;
  readonly macros: string;
} {
  for (const compiler of compilers) {
    const { code, output } = run(compiler, ["-march=native", "-dM", "-E", "-xc", "/dev/null"]);
    if (code === 0) return { compiler, macros: output };
  }
  throw new UserError(
    "native-compiler-missing",
    `native: a C compiler must be installed, found none of ${compilers.join(", ")}`,
    "install gcc or clang, or use the wasm back end",
  );
}

/** Characters from which on two compilers side by side are faster than one. */
const LARGE_SOURCE = 200_000;

const hasShell = process.platform !== "win32";

/** The compiler and its flags are the arguments. */
const HALVES = `
"$0" "$@" -c -DTS_PART=1 module.c -o first.o & first=$!
"$0" "$@" -c -DTS_PART=2 module.c -o second.o; second=$?
wait $first && [ $second -eq 0 ] && "$0" "$@" first.o second.o -o module.node`;

/** Builds beside the final place and renames, so that a module is whole or not there. */
function build(
  compiler: string,
  flags: readonly string[],
  source: string,
  cache: string,
  path: string,
): void {
  mkdirSync(cache, { recursive: true, mode: 0o700 });
  const directory = mkdtempSync(join(cache, "build-"));
  try {
    writeFileSync(join(directory, "module.c"), source);
    const inHalves = source.length > LARGE_SOURCE && availableParallelism() > 1 && hasShell;
    const { code, output } = inHalves
      ? run("sh", ["-c", HALVES, compiler, ...flags], directory)
      : run(compiler, [...flags, "module.c", "-o", "module.node"], directory);
    if (code !== 0)
      throw new UserError(
        "native-compiler",
        `native: ${compiler} must compile the program, got: ${output.trim().split("\n")[0]}`,
        "use the wasm back end, and report this with the version of the compiler",
      );
    renameSync(join(directory, "module.node"), path);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

/** Runs a program; `code` is not 0 where it fails or is not there. Output is stdout, or stderr. */
function run(
  command: string,
  args: readonly string[],
  directory?: string,
): { readonly code: number; readonly output: string } {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: "utf8",
    maxBuffer: 1 << 26,
    ...(directory === undefined ? {} : { cwd: directory }),
  });
  if (error) return { code: 1, output: error.message };
  return status === 0 ? { code: 0, output: stdout } : { code: 1, output: stderr };
}
