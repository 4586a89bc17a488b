/**
 * What a test may need from the machine. `test("...", requirement("cc"), () => ...)` skips with the
 * reason where it is missing; where TINSMITH_REQUIRE (names with commas between) lists it, the file
 * fails instead, so that a machine that is meant to run everything cannot pass by skipping.
 */
import { accessSync, constants, existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of reference material beside the repository: data sets, goldens' origins. */
export const SHARED: string = fileURLToPath(new URL("../../shared", import.meta.url));

/** The path of an executable on PATH, or undefined. */
export function findProgram(name: string): string | undefined {
  for (const folder of (process.env["PATH"] ?? "").split(delimiter)) {
    const path = join(folder, name);
    try {
      accessSync(path, constants.X_OK);
      return path;
    } catch {
      // Not in this folder.
    }
  }
  return undefined;
}

const onPath = (...names: readonly string[]): boolean =>
  names.some((name) => findProgram(name) !== undefined);

export type Requirement = "cc" | "clang" | "arm" | "qemu" | "chromium" | "shared" | "node26";

/** Each requirement: whether it is there, and what to say where it is not. */
const REQUIREMENTS: {
  readonly [R in Requirement]: { readonly present: () => boolean; readonly missing: string };
} = {
  cc: { present: () => onPath("cc", "gcc", "clang"), missing: "no C compiler on PATH" },
  clang: { present: () => onPath("clang"), missing: "no clang on PATH" },
  arm: { present: () => onPath("arm-none-eabi-gcc"), missing: "no arm-none-eabi-gcc on PATH" },
  qemu: { present: () => onPath("qemu-system-arm"), missing: "no qemu-system-arm on PATH" },
  chromium: { present: () => onPath("chromium"), missing: "no chromium on PATH" },
  shared: { present: () => existsSync(SHARED), missing: "no folder shared beside the repository" },
  node26: { present: () => onPath("node26"), missing: "no node26 on PATH" },
};

/**
 * Options for `test`: `skip` is false when all of `names` are there, otherwise the reason.
 * Throws when one is missing that TINSMITH_REQUIRE names, and when that has an unknown name.
 */
export function requirement(...names: readonly Requirement[]): { skip: string | false } {
  const required = (process.env["TINSMITH_REQUIRE"] ?? "").split(/[\s,]+/).filter(Boolean);
  const unknown = required.find((name) => !Object.hasOwn(REQUIREMENTS, name));
  if (unknown !== undefined) {
    const known = Object.keys(REQUIREMENTS).join(", ");
    throw new Error(`TINSMITH_REQUIRE: each name must be one of ${known}, got "${unknown}"`);
  }
  const reasons: string[] = [];
  for (const name of names) {
    const { present, missing } = REQUIREMENTS[name];
    if (present()) continue;
    if (required.includes(name)) {
      throw new Error(`requirement "${name}" is named in TINSMITH_REQUIRE, got ${missing}`);
    }
    reasons.push(missing);
  }
  return { skip: reasons.length > 0 && reasons.join(", ") };
}
