/**
 * Builds a C library for Cortex-M4F and reads what came out: the sections of our own objects that
 * the linker kept, helpers of the compiler, and the deepest stack over the call graph.
 */
import { runTool, type ToolHost, withFiles } from "./tool-host.ts";

export const ARM_GCC = "arm-none-eabi-gcc";

/** The settings of all device figures. */
export const ARM_FLAGS: readonly string[] = [
  ..."-std=c99 -O2 -mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard".split(" "),
  ..."-ffunction-sections -fdata-sections -fcallgraph-info=su".split(" "),
];

type File = { readonly path: string; readonly text: string };

/** A section of one of our objects. */
export type Section = {
  /** `.text.gestures_run` */
  readonly name: string;
  readonly bytes: number;
};

export type Build = {
  readonly sections: readonly Section[];
  /** Code and constants of the compiler's own helpers. */
  readonly helperBytes: number;
  /** Own frame of each function. */
  readonly frames: ReadonlyMap<string, number>;
  readonly calls: ReadonlyMap<string, readonly string[]>;
};

/** What a program must bring that has no C library. */
const SUPPORT = `#include <stddef.h>
void *memcpy(void *to, const void *from, size_t n) {
  char *d = to; const char *s = from;
  while (n--) *d++ = *s++;
  return to;
}
void *memmove(void *to, const void *from, size_t n) {
  char *d = to; const char *s = from;
  if (d <= s) return memcpy(to, from, n);
  while (n--) d[n] = s[n];
  return to;
}
void *memset(void *to, int value, size_t n) {
  char *d = to;
  while (n--) *d++ = (char)value;
  return to;
}
`;

/**
 * Compiles and links.
 * @param files sources and headers; directories are left out
 * @param main text of a C file with `int main(void)`, which does not count
 * @throws Error when a tool fails
 */
export async function buildForArm(
  host: ToolHost,
  files: readonly File[],
  main: string,
): Promise<Build> {
  const own = files.filter(({ path }) => /^[^/]+\.[ch]$/.test(path));
  const support = [
    { path: "support_main.c", text: main },
    { path: "support_memory.c", text: SUPPORT },
  ];
  return withFiles(host, [...own, ...support], async (directory) => {
    const sources = own.filter(({ path }) => path.endsWith(".c")).map(({ path }) => path);
    const options = "-Os -ffreestanding -fno-tree-loop-distribute-patterns".split(" ");
    const names = support.map(({ path }) => path);
    await Promise.all([
      runTool(host, directory, ARM_GCC, [...ARM_FLAGS, "-c", ...sources]),
      runTool(host, directory, ARM_GCC, [...ARM_FLAGS, ...options, "-c", ...names]),
    ]);
    const objects = [...sources, ...names].map((path) => path.replace(/c$/, "o"));
    const link = "-nostdlib -Wl,--gc-sections,-Map=map,-e,main -o program".split(" ");
    await runTool(host, directory, ARM_GCC, [...ARM_FLAGS, ...link, ...objects, "-lgcc"]);
    const read = async (path: string) =>
      new TextDecoder().decode(await host.readFile(`${directory}/${path}`));
    const graphs = await Promise.all(sources.map((path) => read(path.replace(/c$/, "ci"))));
    return { ...parseMap(await read("map")), ...parseCallGraph(graphs.join("\n")) };
  });
}

/** Input sections that the linker kept; a name too long for its column stands on its own line. */
function parseMap(map: string): Pick<Build, "sections" | "helperBytes"> {
  const kept = map.slice(map.indexOf("Linker script and memory map"));
  const line = /^ (\.[\w.]+|COMMON)\s+0x[0-9a-f]+\s+0x([0-9a-f]+)\s+(\S+)$/gm;
  const sections: Section[] = [];
  let helperBytes = 0;
  for (const [, name, size, file] of kept.matchAll(line)) {
    const bytes = Number.parseInt(size!, 16);
    if (!/^\.(text|rodata|data|bss)/.test(name!) && name !== "COMMON") continue;
    if (/libgcc\.a/.test(file!)) helperBytes += bytes;
    else if (!/support_\w+\.o$/.test(file!) && bytes > 0) sections.push({ name: name!, bytes });
  }
  return { sections, helperBytes };
}

/** Reads the VCG text of `-fcallgraph-info=su`. */
function parseCallGraph(text: string): Pick<Build, "frames" | "calls"> {
  const plain = (title: string): string => title.slice(title.lastIndexOf(":") + 1);
  const frames = new Map<string, number>();
  const calls = new Map<string, string[]>();
  for (const [, title, bytes] of text.matchAll(
    /node: \{ title: "([^"]+)" label: "[^"]*?(\d+) bytes/g,
  ))
    frames.set(plain(title!), Number(bytes));
  for (const [, source, target] of text.matchAll(
    /edge: \{ sourcename: "([^"]+)" targetname: "([^"]+)"/g,
  ))
    calls.set(plain(source!), [...(calls.get(plain(source!)) ?? []), plain(target!)]);
  return { frames, calls };
}

/** Bytes of stack below `root`, itself included; generated code has no recursion. */
export function deepestStack(build: Pick<Build, "frames" | "calls">, root: string): number {
  const below = (build.calls.get(root) ?? []).map((callee) => deepestStack(build, callee));
  return (build.frames.get(root) ?? 0) + Math.max(0, ...below);
}

/** The sum of the sections whose names start with one of `prefixes`. */
export function sumSections(build: Build, ...prefixes: readonly string[]): number {
  return build.sections
    .filter(({ name }) => prefixes.some((p) => name === p || name.startsWith(`${p}.`)))
    .reduce((sum, { bytes }) => sum + bytes, 0);
}
