/** The option that names a folder. */
import assert from "node:assert/strict";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { InvalidArgumentError } from "commander";
import { folder } from "./folder.ts";

test("a folder is absolute and has no slash at its end", () => {
  for (const text of ["out", "out/", "./out//", "a/../out"])
    assert.equal(folder(text), join(process.cwd(), "out"));
  assert.equal(folder("."), process.cwd());
  assert.equal(folder(".."), resolve(".."));
});

test("no name is refused", () => {
  for (const text of ["", "  "]) assert.throws(() => folder(text), InvalidArgumentError);
});
