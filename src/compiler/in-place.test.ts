import assert from "node:assert/strict";
import { test } from "node:test";
import { add, addF, buildKernel, mul, mulF, sub, toFloat } from "../ir/build.ts";
import { interpret } from "../ir/interpret.ts";
import { canRunInPlace, mergeBuffers } from "./in-place.ts";

const double = buildKernel("double", (k) => {
  const x = k.input("float32", 6);
  const y = k.output("float32", 6);
  k.parallel(2, (i) =>
    k.parallel(3, (j) => {
      const at = add(mul(i, 3), j);
      y.store(at, mulF(x.load(at), 2));
    }),
  );
});

test("canRunInPlace() allows what reads each element just where it writes it", () => {
  assert.equal(canRunInPlace(double, "x", "y"), true);
});

test("mergeBuffers() gives a kernel that updates its input", () => {
  const merged = mergeBuffers(double, "x", "y");
  assert.deepEqual(
    merged.buffers.map((b) => [b.name, b.role]),
    [["y", "update"]],
  );
  const y = Float32Array.of(1, 2, 3, 4, 5, 6);
  interpret(merged, { y });
  assert.deepEqual([...y], [2, 4, 6, 8, 10, 12]);
});

test("canRunInPlace() refuses what reads another element", () => {
  const reversed = buildKernel("reversed", (k) => {
    const x = k.input("float32", 4);
    const y = k.output("float32", 4);
    k.parallel(4, (i) => y.store(i, x.load(sub(3, i))));
  });
  assert.equal(canRunInPlace(reversed, "x", "y"), false);
});

test("canRunInPlace() refuses an input that several iterations read", () => {
  const running = buildKernel("running", (k) => {
    const x = k.input("float32", 4);
    const y = k.output("float32", 4);
    k.loop(3, (n) => k.loop(4, (i) => y.store(i, mulF(addF(x.load(i), 1), toFloat(n)))));
  });
  assert.equal(canRunInPlace(running, "x", "y"), false);
});

test("canRunInPlace() refuses an input that a second nest reads", () => {
  const twice = buildKernel("twice", (k) => {
    const x = k.input("float32", 4);
    const y = k.output("float32", 4);
    const z = k.output("float32", 4, "z");
    k.parallel(4, (i) => y.store(i, x.load(i)));
    k.parallel(4, (i) => z.store(i, x.load(i)));
  });
  assert.equal(canRunInPlace(twice, "x", "y"), false);
});

test("canRunInPlace() refuses different sizes and types", () => {
  const narrow = buildKernel("narrow", (k) => {
    const x = k.input("int32", 4);
    const y = k.output("int8", 4);
    k.parallel(4, (i) => y.store(i, x.load(i)));
  });
  assert.equal(canRunInPlace(narrow, "x", "y"), false);
});
