/** Computed figures against the linker's, and what the objects ask from outside. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { HOST, runProgram, withDirectory } from "../../test/device/c-compiler.ts";
import { type ReferenceOptions, referenceLibrary } from "../../test/device/reference-library.ts";
import { requirement } from "../../test/requirements.ts";
import { ARM_FLAGS, ARM_GCC } from "./arm-gcc.ts";
import { packC99 } from "./c99.ts";
import { figuresOf, isMeasured, linkedFigures } from "./figures.ts";
import { fingerprint, routinesOf } from "./fingerprint.ts";
import { describeLibrary } from "./library.ts";

/** Sizes that the measured variations do not have. */
const CASES: readonly ReferenceOptions[] = [
  {
    params: { "fft-length": 64, "filter-type": "low" },
    layers: [
      { type: "dense", units: 24, activation: "relu" },
      { type: "dense", units: 11, activation: "relu" },
    ],
    labels: ["a", "b", "c", "d", "e", "f"],
    rows: 110,
  },
  { block: "raw", params: {}, axes: ["x", "y"], rows: 37, clusters: 0 },
  { block: "flatten", params: {}, axes: ["x"], rows: 51, clusters: 13 },
];

for (const options of CASES)
  test(`computed equals linked: ${options.block ?? "spectral"}`, requirement("arm"), async () => {
    const { program, info } = referenceLibrary({ ...options, golden: 1 });
    const computed = figuresOf(describeLibrary(program, info));
    const linked = await linkedFigures(HOST, info, packC99(program, info));
    assert.ok(linked);
    assert.equal(computed.ramBytes, linked.ramBytes);
    assert.equal(computed.constantBytes, linked.constantBytes);
    const difference = Math.abs(computed.codeBytes - linked.codeBytes);
    assert.ok(
      difference <= 0.03 * linked.codeBytes + 256,
      `computed ${computed.codeBytes}, linked ${linked.codeBytes}`,
    );
    assert.ok(linked.stackBytes !== null && linked.stackBytes > 0);
    const stack = computed.stackBytes ?? 0;
    assert.ok(stack >= linked.stackBytes - 64, `${stack}, linked ${linked.stackBytes}`);
  });

test("the code table knows the functions of today", () => {
  for (const options of CASES) {
    const { kernels } = referenceLibrary({ ...options, golden: 1 }).program;
    const unknown = [...kernels, ...routinesOf(kernels)].filter((unit) => !isMeasured(unit));
    const names = unknown.map(({ name }) => name);
    assert.deepEqual(names, [], "run scripts/measure-code.mjs");
  }
});

test("objects need nothing but memory functions and helpers", requirement("arm"), () => {
  const { program, info } = referenceLibrary({ golden: 1 });
  withDirectory((cwd) => {
    const files = packC99(program, info).filter(({ path }) => !path.includes("/"));
    for (const { path, text } of files) writeFileSync(join(cwd, path), text);
    const flags = [...ARM_FLAGS, "-c", "reference.c", "reference_data.c"];
    runProgram([ARM_GCC, ...flags], { cwd });
    const symbols = runProgram(["arm-none-eabi-nm", "-u", "reference.o", "reference_data.o"], {
      cwd,
    });
    const undefinedSymbols = [...new TextDecoder().decode(symbols).matchAll(/ U (\S+)/g)].map(
      ([, name]) => name!,
    );
    const allowed = /^(__aeabi_\w+|memcpy|memset|memmove|reference_data|reference_label_names)$/;
    assert.deepEqual(
      undefinedSymbols.filter((name) => !allowed.test(name)),
      [],
    );
  });
});

test("a fingerprint is of the structure, not of the values", () => {
  const kernel = referenceLibrary({ golden: 1 }).program.kernels[0]!;
  const { axis, body } = kernel.body.find((stmt) => stmt.kind === "loop")!;
  const extended = { kind: "loop", axis, body, extent: 77, parallel: false } as const;
  const renamed = { ...kernel, name: `${kernel.name}_3` };
  assert.equal(fingerprint(renamed), fingerprint(kernel));
  assert.notEqual(
    fingerprint({ ...kernel, body: [...kernel.body, extended] }),
    fingerprint(kernel),
  );
});
