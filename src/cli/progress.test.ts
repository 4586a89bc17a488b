/** Progress: a line for each phase in a file, a bar that is rewritten on a screen. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { progressPrinter } from "./progress.ts";

function shown(isTTY: boolean): string {
  let text = "";
  const print = progressPrinter({ isTTY, write: (more) => (text += more) });
  print({ phase: "read", done: 0 });
  print({ phase: "read", done: 0.5, message: "half" });
  print({ phase: "read", done: 1, message: "25 recordings" });
  print({ phase: "verify", done: 1 });
  return text;
}

test("what takes seconds is said at once, in a file as well", () => {
  let text = "";
  const print = progressPrinter({ write: (more) => (text += more) });
  print({ phase: "train", done: 0, message: "compiling …", waits: true });
  print({ phase: "train", done: 0.5, message: "epoch 1" });
  assert.equal(text, "5/9 train     compiling …\n");
});

test("a file gets one line for each phase that has ended", () => {
  assert.equal(shown(false), "1/9 read      25 recordings\n9/9 verify    \n");
});

test("a screen gets a bar that the end of the phase replaces", () => {
  const [before, half, ended, verify] = shown(true).split("\r\x1b[2K").slice(1);
  assert.equal(before, `1/9 read      ${"░".repeat(24)} `);
  assert.equal(half, `1/9 read      ${"█".repeat(12)}${"░".repeat(12)} half`);
  assert.equal(ended, "1/9 read      25 recordings\n");
  assert.equal(verify, "9/9 verify    \n");
});
