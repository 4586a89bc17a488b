/** The training engines of the server's machine: their names for a person, and how many threads. */
import type { BackendName, BackendState } from "../src/server/api.ts";
import { plural } from "./format.ts";

export type Choice = {
  readonly value: string;
  readonly label: string;
  readonly disabled?: boolean;
};

export const ENGINE_NAMES: { readonly [name in BackendName]: string } = {
  wasm: "WebAssembly",
  "wasm-relaxed": "WebAssembly, relaxed SIMD",
  native: "native code",
  interpreter: "interpreter (slow)",
};

export const DEFAULT_ENGINE: BackendName = "wasm";

/** WebAssembly is there on every machine, also while the others are not known yet. */
export function engineChoices(states: readonly BackendState[] | undefined): readonly Choice[] {
  return (states ?? [{ name: DEFAULT_ENGINE, missing: null }]).map(({ name, missing }) => ({
    value: name,
    label: missing === null ? ENGINE_NAMES[name] : `${ENGINE_NAMES[name]}: not on this machine`,
    disabled: missing !== null,
  }));
}

/** Automatic, and each number that an engine can use; empty where it has one thread only. */
export function threadChoices(
  states: readonly BackendState[] | undefined,
  engine: BackendName,
): readonly Choice[] {
  const most = states?.find(({ name }) => name === engine)?.threads ?? 1;
  if (most < 2) return [];
  const counts = Array.from({ length: most }, (_, i) => i + 1);
  return [
    { value: "", label: "threads: auto" },
    ...counts.map((n) => ({ value: String(n), label: plural(n, "thread") })),
  ];
}
