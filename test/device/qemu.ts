/**
 * Runs a packaged C library on a Cortex-M in QEMU: builds it with our own start-up code, streams
 * windows through it and gives everything it wrote.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { PackedFile } from "../../src/deploy/c99.ts";
import type { LibraryInfo } from "../../src/deploy/library.ts";
import { harnessText, joinWindows } from "../../src/deploy/parity.ts";
import { runProgram, withDirectory } from "./c-compiler.ts";

export type Core = { readonly name: string; readonly machine: string; readonly flags: string };

/** ARMv6-M code runs on the Cortex-M3 board, of whose instructions it is a part. */
export const CORES: readonly Core[] = [
  {
    name: "Cortex-M4F",
    machine: "mps2-an386",
    flags: "-mcpu=cortex-m4 -mfpu=fpv4-sp-d16 -mfloat-abi=hard",
  },
  { name: "Cortex-M0+", machine: "mps2-an385", flags: "-mcpu=cortex-m0plus" },
];

const HERE = fileURLToPath(new URL(".", import.meta.url));

type File = { readonly path: string; readonly text: string };

/**
 * What a program writes on a device: our start-up code calls its `harness_run`.
 * @param options of the compiler
 * @param input what `harness_read` gives, from the start
 */
export function runInQemu(
  core: Core,
  options: string,
  files: readonly File[],
  input: Uint8Array,
): Uint8Array {
  return withDirectory((cwd) => {
    for (const { path, text } of files) writeFileSync(join(cwd, path), text);
    writeFileSync(join(cwd, "windows.bin"), input);
    const sources = files.filter(({ path }) => path.endsWith(".c")).map(({ path }) => path);
    const flags = `${core.flags} ${options} -mthumb -nostdlib -nostartfiles -Wl,--gc-sections`;
    runProgram(
      [
        "arm-none-eabi-gcc",
        ...flags.split(" "),
        ...["-ffunction-sections", "-fdata-sections", "-fno-tree-loop-distribute-patterns"],
        ...["-T", join(HERE, "mps2.ld"), join(HERE, "startup.c"), ...sources],
        ...["-lgcc", "-o", "program.elf"],
      ],
      { cwd },
    );
    const qemu = `qemu-system-arm -M ${core.machine} -nographic -monitor none -serial none`;
    const semihosting = "-semihosting-config enable=on,target=native -kernel program.elf";
    runProgram(`${qemu} ${semihosting}`.split(" "), { cwd });
    return new Uint8Array(readFileSync(join(cwd, "outputs.bin")));
  });
}

/** The outputs of all windows, as the harness of `runParity` writes them. */
export function runOnDevice(
  core: Core,
  options: string,
  files: readonly PackedFile[],
  info: LibraryInfo,
  windows: readonly Float32Array[],
): Uint8Array {
  const own = files.filter(({ path }) => /^[^/]+\.[ch]$/.test(path));
  const all = [...own, { path: "harness.c", text: harnessText(info) }];
  return runInQemu(core, options, all, joinWindows(windows));
}
