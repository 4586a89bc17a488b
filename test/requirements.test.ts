/** The skips themselves: a reason where something is missing, a failure where it was promised. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { requirement } from "./requirements.ts";

/** Runs `body` with these environment variables and puts the old ones back. */
function withEnvironment(values: { readonly [name: string]: string }, body: () => void): void {
  const before = { ...process.env };
  Object.assign(process.env, values);
  try {
    body();
  } finally {
    process.env = before;
  }
}

test("requirement gives the reason when a program is missing", () => {
  withEnvironment({ PATH: "", TINSMITH_REQUIRE: "shared" }, () => {
    assert.deepEqual(requirement("cc"), { skip: "no C compiler on PATH" });
    assert.deepEqual(requirement("cc", "clang"), {
      skip: "no C compiler on PATH, no clang on PATH",
    });
  });
});

test("requirement finds an executable on PATH, not a plain file", () => {
  const folder = mkdtempSync(join(tmpdir(), "tinsmith-path-"));
  try {
    writeFileSync(join(folder, "gcc"), "", { mode: 0o755 });
    writeFileSync(join(folder, "clang"), "", { mode: 0o644 });
    withEnvironment({ PATH: folder, TINSMITH_REQUIRE: "" }, () => {
      assert.deepEqual(requirement("cc"), { skip: false });
      assert.deepEqual(requirement("clang"), { skip: "no clang on PATH" });
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("requirement throws when TINSMITH_REQUIRE names what is missing", () => {
  withEnvironment({ PATH: "", TINSMITH_REQUIRE: "qemu, cc" }, () => {
    assert.throws(() => requirement("cc"), {
      message: 'requirement "cc" is named in TINSMITH_REQUIRE, got no C compiler on PATH',
    });
    assert.deepEqual(requirement("arm"), { skip: "no arm-none-eabi-gcc on PATH" });
  });
});

test("requirement throws when TINSMITH_REQUIRE has a name that nothing checks", () => {
  withEnvironment({ TINSMITH_REQUIRE: "cc,gnu" }, () => {
    assert.throws(() => requirement("cc"), /each name must be one of cc, .*, got "gnu"/);
  });
});
