import assert from "node:assert/strict";
import { test } from "node:test";
import { add, addF, buildKernel, maxF, mul, mulF } from "../ir/build.ts";
import { interpret } from "../ir/interpret.ts";
import { verifyKernel } from "../ir/verify.ts";
import { fuseSteps } from "./fuse.ts";
import type { Step } from "./steps.ts";

/** y[i] = x[i] * 2, over rows and columns. */
const double = (from: string, to: string): Step => ({
  node: "double",
  tensors: [from, to],
  kernel: buildKernel("double", (k) => {
    const x = k.input("float32", 6);
    const y = k.output("float32", 6);
    k.parallel(2, (i) =>
      k.parallel(3, (j) => {
        const at = add(mul(i, 3), j);
        y.store(at, mulF(x.load(at), 2));
      }),
    );
  }),
});

/** y[i] = max(t[i], 0) + o[i] */
const reluPlus = (t: string, other: string, to: string): Step => ({
  node: "relu_plus",
  tensors: [t, other, to],
  kernel: buildKernel("relu_plus", (k) => {
    const x = k.input("float32", 6);
    const o = k.input("float32", 6);
    const y = k.output("float32", 6);
    k.parallel(6, (i) => {
      const positive = k.value(maxF(x.load(i), 0));
      y.store(i, addF(positive, o.load(i)));
    });
  }),
});

const none: ReadonlySet<string> = new Set();
const names = (steps: readonly Step[]): string[] => steps.map((step) => step.kernel.name);

test("fuseSteps() makes an elementwise consumer the epilogue of its producer", () => {
  const [step, ...rest] = fuseSteps([double("a", "t"), reluPlus("t", "o", "y")], none);
  assert.equal(rest.length, 0);
  assert.deepEqual(step!.tensors, ["a", "o", "y"]);
  verifyKernel(step!.kernel);
  const buffers = Object.fromEntries(
    step!.kernel.buffers.map((b, i) => [
      b.name,
      [Float32Array.of(-1, 2, -3, 4, -5, 6), new Float32Array(6).fill(10), new Float32Array(6)][i]!,
    ]),
  );
  interpret(step!.kernel, buffers);
  assert.deepEqual([...Object.values(buffers)[2]!], [10, 14, 10, 18, 10, 22]);
});

test("fuseSteps() reads a tensor that both need through one buffer", () => {
  const [step] = fuseSteps([double("a", "t"), reluPlus("t", "a", "y")], none);
  assert.deepEqual(step!.tensors, ["a", "y"]);
});

test("fuseSteps() keeps a tensor that somebody else needs", () => {
  const chain = [double("a", "t"), reluPlus("t", "o", "y")];
  assert.equal(fuseSteps(chain, new Set(["t"])).length, 2);
  assert.equal(fuseSteps([...chain, double("t", "z")], none).length, 3);
});

test("fuseSteps() does not move a consumer before what it also reads", () => {
  const steps = [double("a", "t"), double("b", "o"), reluPlus("t", "o", "y")];
  const fused = fuseSteps(steps, none);
  // `t` must not be merged: `o` is written after it. `o` may be.
  assert.deepEqual(names(fused), ["double", "double_relu_plus"]);
  assert.deepEqual(fused[1]!.tensors, ["b", "t", "y"]);
});

test("fuseSteps() leaves a producer alone that writes an element more than once", () => {
  const accumulates: Step = {
    node: "accumulates",
    tensors: ["a", "t"],
    kernel: buildKernel("accumulates", (k) => {
      const x = k.input("float32", 6);
      const y = k.output("float32", 6);
      k.loop(6, (i) => {
        const sum = k.register(0);
        k.loop(3, () => {
          sum.set(addF(sum.get, x.load(i)));
          y.store(i, sum.get);
        });
      });
    }),
  };
  assert.equal(fuseSteps([accumulates, reluPlus("t", "o", "y")], none).length, 2);
});

test("fuseSteps() leaves a consumer alone that reads its neighbors", () => {
  const reversed: Step = {
    node: "reversed",
    tensors: ["t", "y"],
    kernel: buildKernel("reversed", (k) => {
      const x = k.input("float32", 6);
      const y = k.output("float32", 6);
      k.parallel(2, (i) =>
        k.parallel(3, (j) => y.store(add(mul(i, 3), j), x.load(add(mul(j, 2), i)))),
      );
    }),
  };
  assert.equal(fuseSteps([double("a", "t"), reversed], none).length, 2);
});

test("fuseSteps() fuses into every store of a producer with a border", () => {
  const bordered: Step = {
    node: "bordered",
    tensors: ["a", "t"],
    kernel: buildKernel("bordered", (k) => {
      const x = k.input("float32", 6);
      const y = k.output("float32", 6);
      k.parallel(2, (i) => y.store(mul(i, 3), x.load(mul(i, 3))));
      k.parallel(2, (i) =>
        k.parallel(2, (j) => {
          const at = add(add(mul(i, 3), j), 1);
          y.store(at, mulF(x.load(at), 2));
        }),
      );
    }),
  };
  const [step, ...rest] = fuseSteps([bordered, reluPlus("t", "o", "y")], none);
  assert.equal(rest.length, 0);
  verifyKernel(step!.kernel);
  const contents = [Float32Array.of(-1, 2, -3, 4, -5, 6), new Float32Array(6).fill(10)];
  const y = new Float32Array(6);
  const buffers = Object.fromEntries(
    step!.kernel.buffers.map((b, i) => [b.name, [...contents, y][i]!]),
  );
  interpret(step!.kernel, buffers);
  assert.deepEqual([...y], [10, 14, 10, 14, 10, 22]);
});
