/** Random kernels through C against the interpreter, names and sharing, and a golden text. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ALLOW_NEEDLESS, COMPILERS, compileAndRun } from "../../../../test/device/c-compiler.ts";
import {
  assertSameBytes,
  interpretProgram,
  programOfKernels,
  standaloneC,
  withOneNaN,
} from "../../../../test/device/kernel-program.ts";
import { randomArray, randomKernel } from "../../../../test/device/random-kernel.ts";
import { makeRng } from "../../../base/rng.ts";
import { add, addF, buildKernel, max, mul, mulF, shr, toFloat } from "../../../ir/build.ts";
import { verifyKernel } from "../../../ir/verify.ts";
import { BYTES_PER_ELEMENT } from "../../../tensor/tensor.ts";
import { emitC } from "./emit-c.ts";

const rng = makeRng(20);
const kernels = Array.from({ length: 24 }, (_, i) => randomKernel(rng, i));
const program = programOfKernels(kernels);

/** Inputs of every kernel, filled at random. */
function randomArena(): Uint8Array {
  const arena = new Uint8Array(program.arenaBytes);
  for (const { calls } of program.entries)
    for (const { kernel, places } of calls)
      kernels[kernel]!.buffers.forEach((buffer, i) => {
        if (buffer.role !== "input") return;
        const data = randomArray(rng, buffer.dtype, buffer.length);
        arena.set(new Uint8Array(data.buffer), places[i]!.offset);
      });
  return arena;
}

test("the random kernels are valid and differ", () => {
  for (const kernel of kernels) verifyKernel(kernel);
  assert.equal(new Set(kernels.map((k) => JSON.stringify(k.body))).size, kernels.length);
});

for (const compiler of COMPILERS)
  test(`random kernels equal the interpreter: ${compiler.name}`, () => {
    const arena = randomArena();
    const expected = withOneNaN(program, interpretProgram(program, arena));
    const got = withOneNaN(
      program,
      compileAndRun(compiler, standaloneC(program), arena, ALLOW_NEEDLESS),
    );
    for (const { name, calls } of program.entries) {
      const { kernel, places } = calls[0]!;
      kernels[kernel]!.buffers.forEach((buffer, i) => {
        const from = places[i]!.offset;
        const to = from + buffer.length * BYTES_PER_ELEMENT[buffer.dtype];
        if (buffer.role === "output")
          assertSameBytes(
            got.subarray(from, to),
            expected.subarray(from, to),
            `${name} ${buffer.name}`,
          );
      });
    }
  });

/** A small int8 layer: what one emitted file looks like. */
const LAYER = buildKernel("layer", (k) => {
  const x = k.input("int8", 4);
  const weights = k.constant(Int8Array.of(1, -2, 3, -4, 5, -6, 7, -128), "int8", "weights");
  const y = k.output("float32", 2);
  k.parallel(2, (i) => {
    const sum = k.register(0, "sum", "int32");
    k.loop(4, (j) => sum.set(add(sum.get, mul(x.load(j), weights.load(add(mul(i, 4), j))))));
    const positive = k.value(max(shr(sum.get, 3), 0), "positive");
    y.store(i, addF(mulF(toFloat(positive), 0.1), 1e-40));
  });
});

test("the text of a layer is the golden one", () => {
  const source = emitC(programOfKernels([LAYER]), { prefix: "demo" });
  const text = [source.data.type, source.functions, source.entries[0]!.statements].join("\n");
  const golden = new URL("../../../../test/golden/text/layer.c", import.meta.url);
  assert.equal(text, readFileSync(golden, "utf8"));
  assert.equal(source.data.bytes, 8);
});

test("buffers that share memory are not declared apart", () => {
  const shared = programOfKernels([LAYER]);
  const [call] = shared.entries[0]!.calls;
  const places = call!.places.map((place) => ({ ...place, offset: 0 }));
  const overlapping = {
    ...shared,
    entries: [{ ...shared.entries[0]!, calls: [{ ...call!, places }] }],
  };
  const { functions } = emitC(overlapping, { prefix: "demo" });
  assert.match(functions, /const int8_t \*x, ts_shared_float \*y, const int8_t \*restrict weights/);
});
