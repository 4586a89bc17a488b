/** Every row of the op table on edge values: what C computes equals what the table says. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { COMPILERS, compileAndRun } from "../../../../test/device/c-compiler.ts";
import {
  assertSameBytes,
  interpretProgram,
  programOfKernels,
  standaloneC,
  withOneNaN,
} from "../../../../test/device/kernel-program.ts";
import { assertOpResults, OP_ARENA, OP_PROGRAM } from "../../../../test/device/op-kernels.ts";
import { requirement } from "../../../../test/requirements.ts";
import { buildKernel, op } from "../../../ir/build.ts";

for (const compiler of COMPILERS)
  test(`every op on edge values: ${compiler.name}`, () => {
    assertOpResults(compileAndRun(compiler, standaloneC(OP_PROGRAM), OP_ARENA));
  });

test("some compiler was tried", requirement("cc"), () => {
  assert.ok(COMPILERS.length > 0);
});

test("the software square root is correctly rounded", requirement("cc"), () => {
  // Undefining the macros that select the instruction leaves the integer version.
  const compiler = { name: "soft", command: ["cc", "-std=c99", "-O2"] };
  const kernel = buildKernel("roots", (k) => {
    const x = k.input("float32", 40000);
    const y = k.output("float32", 40000);
    k.parallel(40000, (i) => y.store(i, op("sqrtF", x.load(i))));
  });
  const roots = programOfKernels([kernel]);
  const memory = new Uint8Array(roots.arenaBytes);
  const x = new Uint32Array(memory.buffer, 0, 40000);
  for (let i = 0; i < x.length; i++) x[i] = Math.imul(i, 107374) ^ (i % 3 === 0 ? i : 0);
  const source = `#undef __SSE__\n#undef __ARM_FP\n#undef __aarch64__\n${standaloneC(roots)}`;
  const got = withOneNaN(roots, compileAndRun(compiler, source, memory));
  assertSameBytes(got, withOneNaN(roots, interpretProgram(roots, memory)), "roots");
});
