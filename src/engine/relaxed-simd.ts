/** Whether the WebAssembly engine here knows relaxed SIMD, an opt-in for speed. */
import { UserError } from "../base/errors.ts";
import { encodeModule, makeCode } from "../compiler/emit/wasm/encoder.ts";
import { SIMD, V128 } from "../compiler/emit/wasm/opcodes.ts";

/** A module with one function, x * y + z on four lanes. */
function probe(): Uint8Array<ArrayBuffer> {
  const code = makeCode([V128, V128, V128], [V128]);
  for (const parameter of [0, 1, 2]) code.get(parameter);
  code.simd(SIMD.f32x4RelaxedMadd);
  return encodeModule({ functions: [{ code }], memoryPages: 1 });
}

/**
 * @param validate asks the engine whether it accepts a module. @default WebAssembly.validate
 * @throws UserError `relaxed-simd` where it does not
 */
export function requireRelaxedSimd(
  validate: (bytes: Uint8Array<ArrayBuffer>) => boolean = WebAssembly.validate,
): void {
  if (validate(probe())) return;
  throw new UserError(
    "relaxed-simd",
    "wasm-relaxed: the WebAssembly engine must know relaxed SIMD, got one that does not",
    "use a newer engine (Node 22, Chrome 114, Firefox 145 or later) or the backend wasm",
  );
}
