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

/** Sums of neighbours first, then each element less its sum. */
const centered = (late: boolean) =>
  buildKernel("centered", (k) => {
    const x = k.input("float32", 4);
    const y = k.output("float32", 4);
    const z = k.output("float32", 4, "z");
    const sums = k.scratch("float32", 2, "sums");
    k.parallel(2, (i) => sums.store(i, addF(x.load(i), x.load(add(i, 2)))));
    k.parallel(2, (n) =>
      k.parallel(2, (i) => {
        const at = add(mul(n, 2), i);
        if (!late) z.store(at, x.load(at));
        y.store(at, addF(x.load(at), sums.load(i)));
        if (late) z.store(at, x.load(at));
      }),
    );
  });

test("canRunInPlace() lets nests before the one that writes read anything", () => {
  const kernel = centered(false);
  assert.equal(canRunInPlace(kernel, "x", "y"), true);
  const [y, z] = [Float32Array.of(1, 2, 3, 4), new Float32Array(4)];
  interpret(mergeBuffers(kernel, "x", "y"), { y, z });
  assert.deepEqual([...y, ...z], [5, 8, 7, 10, 1, 2, 3, 4]);
});

test("canRunInPlace() refuses an element that is read after it was written", () => {
  assert.equal(canRunInPlace(centered(true), "x", "y"), false);
});

test("canRunInPlace() allows several nests that write a part each", () => {
  const parts = (second: number) =>
    buildKernel("parts", (k) => {
      const x = k.input("float32", 4);
      const y = k.output("float32", 4);
      k.parallel(2, (i) => y.store(i, mulF(x.load(i), 2)));
      k.parallel(2, (i) => y.store(add(i, 2), mulF(x.load(add(i, second)), 3)));
    });
  assert.equal(canRunInPlace(parts(2), "x", "y"), true);
  assert.equal(canRunInPlace(parts(1), "x", "y"), false);
});
