/** The packaged files: what they say, that they are the same twice, and that they build. */
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { COMPILERS, runProgram, withDirectory } from "../../test/device/c-compiler.ts";
import { expectedOutputs, referenceLibrary } from "../../test/device/reference-library.ts";
import { requirement } from "../../test/requirements.ts";
import { UserError } from "../base/errors.ts";
import type { PackedFile } from "./c99.ts";
import { packC99 } from "./c99.ts";

const PROJECT = "Möbel 2 */ \u202e/*";
const { program, info } = referenceLibrary({ project: PROJECT });
const files = packC99(program, info);

function write(directory: string, packed: readonly PackedFile[]): void {
  for (const { path, text } of packed) {
    mkdirSync(dirname(join(directory, path)), { recursive: true });
    writeFileSync(join(directory, path), text);
  }
}

test("every file states its licence and nothing of the machine", () => {
  const paths = files.map(({ path }) => path);
  const own = ["mo_bel_2.h", "mo_bel_2.c", "mo_bel_2_data.h", "mo_bel_2_data.c"];
  assert.deepEqual(paths, [...own, "example/main.c", "test/selftest.c", "Makefile"]);
  for (const { path, text } of files) {
    assert.match(text.split("\n")[0]!, /SPDX-License-Identifier: 0BSD/, path);
    assert.doesNotMatch(text, /\/(home|tmp|work|root)\b|\b20\d\d-\d\d/, path);
    assert.ok(text.endsWith("\n") && !/[ \t]$/m.test(text), path);
  }
});

test("the same program gives the same bytes", () => {
  const again = referenceLibrary({ project: PROJECT });
  assert.deepEqual(packC99(again.program, again.info), files);
});

test("the header names input, labels and threshold", () => {
  const header = files[0]!.text;
  assert.match(header, /100 rows of 3, one row every 20 ms \(50 Hz, 2 s\)/);
  assert.match(header, /accX \[m\/s2\], accY \[m\/s2\], accZ \[m\/s2\]/);
  assert.match(header, /MO_BEL_2_LABEL_CIRCLE_U = 2, \/\* circle ü \*\//);
  assert.match(header, /#define MO_BEL_2_ANOMALY_THRESHOLD 1\.25f/);
});

test("info that does not fit the program is refused", () => {
  const refused = (changes: object, message: RegExp): void =>
    assert.throws(
      () => packC99(program, { ...info, ...changes }),
      (error) => error instanceof UserError && message.test(error.message),
    );
  refused({ rows: 99 }, /must have 300 values, got 99 rows of 3 axes/);
  refused({ labels: ["a", "b"] }, /quantized must be int8\[2\], got int8 \[1, 3\]/);
  const tensors = { ...info.tensors, features: "nothing" };
  refused({ tensors }, /features must be float32, got no tensor "nothing"/);
});

for (const { name, command } of COMPILERS)
  test(`self-test and example: ${name}`, () => {
    withDirectory((cwd) => {
      write(cwd, files);
      const [compiler, ...options] = command;
      const make = ["make", "-s", `CC=${compiler}`, `CFLAGS=${options.join(" ")}`];
      const output = new TextDecoder().decode(runProgram([...make, "test"], { cwd }));
      assert.match(output, /3 windows, 0 values differ/);
      runProgram([...make, "all"], { cwd });
      const text = Array.from(info.golden[1]!.window).join(", ");
      const shown = runProgram([join(cwd, "example_mo_bel_2")], {
        input: new TextEncoder().encode(`x, y, z\n${text}\n`),
      });
      const [first] = info.golden[1]!.expected.probabilities;
      assert.match(
        new TextDecoder().decode(shown),
        new RegExp(`^window 1:  idle ${first!.toFixed(3)} .*circle ü .* anomaly`),
      );
    });
  });

test("values that are not finite are golden too", requirement("cc"), () => {
  const window = info.golden[0]!.window.slice();
  window.set([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 1e-45]);
  const [expected] = expectedOutputs({ program, info }, [window]);
  withDirectory((cwd) => {
    write(cwd, packC99(program, { ...info, golden: [{ window, expected: expected! }] }));
    const output = runProgram(["make", "-s", "CFLAGS=-std=c99 -O2 -Werror", "test"], { cwd });
    assert.match(new TextDecoder().decode(output), /1 windows, 0 values differ/);
  });
});

test("the self-test fails on one changed bit", requirement("cc"), () => {
  withDirectory((cwd) => {
    const golden = info.golden.map((g) => ({
      ...g,
      expected: { ...g.expected, anomaly: Math.fround(g.expected.anomaly! * 1.0000002) },
    }));
    write(cwd, packC99(program, { ...info, golden }));
    assert.throws(() => runProgram(["make", "-s", "test"], { cwd }), /3 values differ/);
  });
});

test("a compiler that may change results is refused", requirement("cc"), () => {
  withDirectory((cwd) => {
    write(cwd, files);
    const fast = ["make", "-s", "CFLAGS=-O2 -ffast-math", "test"];
    assert.throws(() => runProgram(fast, { cwd }), /without -ffast-math/);
  });
});
