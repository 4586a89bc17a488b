/** The packaged library on Cortex-M4F and M0+ gives the bits that WASM gives on this machine. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { packC99 } from "../../src/deploy/c99.ts";
import { compareOutputs } from "../../src/deploy/parity.ts";
import { requirement } from "../requirements.ts";
import { standaloneC } from "./kernel-program.ts";
import { assertOpResults, OP_ARENA, OP_PROGRAM } from "./op-kernels.ts";
import { CORES, runInQemu, runOnDevice } from "./qemu.ts";
import { expectedOutputs, randomWindows, referenceLibrary } from "./reference-library.ts";

const reference = referenceLibrary({ params: { "fft-length": 64, "filter-type": "low" } });
const { program, info } = reference;
const files = packC99(program, info);
const windows = randomWindows(info.rows * info.axes.length, 40, 11);

for (const core of CORES)
  for (const options of ["-std=c99 -O2", "-std=gnu11 -O3"])
    test(`${core.name} equals WASM to the bit: ${options}`, requirement("arm", "qemu"), () => {
      const output = runOnDevice(core, options, files, info, windows);
      assert.deepEqual(compareOutputs(output, expectedOutputs(reference, windows)), {
        windows: windows.length,
        int8Mismatches: 0,
        float32MaxUlp: 0,
        featureMaxUlp: 0,
        anomalyMaxUlp: 0,
      });
    });

for (const core of CORES)
  test(`every op on edge values: ${core.name}`, requirement("arm", "qemu"), () => {
    const files = [{ path: "ops.c", text: standaloneC(OP_PROGRAM, "harness") }];
    assertOpResults(runInQemu(core, "-std=c99 -O2 -Wall -Wextra -Werror", files, OP_ARENA));
  });
