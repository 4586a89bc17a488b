/** For tests of the native back end: a compiler whose modules are removed after the tests of a file. */
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import type { NativeCompiler } from "../../src/engine/native.ts";
import { type NativeOptions, nativeCompiler } from "../../src/host/native.ts";
import { requirement } from "../requirements.ts";

export const cacheDirectory: string = mkdtempSync(join(tmpdir(), "tinsmith-native-"));
after(() => rmSync(cacheDirectory, { recursive: true }));

export const compilerFor = (options: NativeOptions = {}): NativeCompiler =>
  nativeCompiler({ cacheDirectory, ...options });

const HEADER = join(dirname(dirname(process.execPath)), "include", "node", "node_api.h");
const { skip } = requirement("cc");

/** Options for tests that build: skipped without a C compiler or without Node's headers. */
export const NATIVE: { readonly skip: string | false } = {
  skip: skip || (existsSync(HEADER) ? false : `no ${HEADER}`),
};
