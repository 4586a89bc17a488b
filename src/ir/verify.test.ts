import assert from "node:assert/strict";
import { test } from "node:test";
import { add, addF, and, buildKernel, clamp, f32, lt, min, mul, shl, sub } from "./build.ts";
import { interpret } from "./interpret.ts";
import type { Kernel } from "./kernel.ts";
import { verifyKernel } from "./verify.ts";

const refuses = (kernel: Kernel, rule: RegExp): void =>
  assert.throws(() => verifyKernel(kernel), rule);

test("verifyKernel() accepts indices that it can prove", () => {
  const kernel = buildKernel("gather", (k) => {
    const indices = k.input("int32", 4);
    const table = k.input("float32", 8);
    const y = k.output("float32", 4);
    k.parallel(4, (i) => y.store(i, table.load(clamp(indices.load(i), 0, 7))));
  });
  verifyKernel(kernel);
  const y = new Float32Array(4);
  interpret(kernel, {
    x: Int32Array.of(-5, 2, 7, 99),
    x_1: Float32Array.of(0, 1, 2, 3, 4, 5, 6, 7),
    y,
  });
  assert.deepEqual([...y], [0, 2, 7, 7]);
});

test("verifyKernel() refuses an index that may leave its buffer", () => {
  refuses(
    buildKernel("off_by_one", (k) => {
      const x = k.input("float32", 4);
      const y = k.output("float32", 4);
      k.parallel(4, (i) => y.store(i, x.load(add(i, 1))));
    }),
    /index of "x" must be within 0 to 3, got 1 to 4/,
  );
  refuses(
    buildKernel("unclamped", (k) => {
      const x = k.input("int32", 4);
      const y = k.output("int32", 4);
      k.parallel(4, (i) => y.store(i, x.load(x.load(i))));
    }),
    /index of "x" must be within/,
  );
});

test("verifyKernel() proves masks, shifts and differences", () => {
  verifyKernel(
    buildKernel("masks", (k) => {
      const x = k.input("int32", 16);
      const y = k.output("int32", 16);
      k.parallel(16, (i) => y.store(i, x.load(and(mul(x.load(i), 31), 15))));
      k.loop(4, (i) => y.store(shl(1, min(i, 3)), x.load(sub(15, i))));
    }),
  );
});

test("verifyKernel() refuses what a parallel loop must not do", () => {
  refuses(
    buildKernel("carried", (k) => {
      const x = k.input("float32", 4);
      const y = k.output("float32", 4);
      const sum = k.register(0);
      k.parallel(4, (i) => {
        sum.set(addF(sum.get, x.load(i)));
        y.store(i, sum.get);
      });
    }),
    /carries over iterations/,
  );
  refuses(
    buildKernel("same_place", (k) => {
      const x = k.input("float32", 4);
      const y = k.output("float32", 1);
      k.parallel(4, (i) => y.store(0, x.load(i)));
    }),
    /every iteration writes the same "y"/,
  );
  refuses(
    buildKernel("leaves", (k) => {
      const y = k.output("int32", 4);
      k.parallel(4, (i) => {
        k.exitIf(lt(i, 2));
        y.store(i, 1);
      });
    }),
    /exit must be inside a serial loop/,
  );
});

test("verifyKernel() refuses roles, types, scopes and names that do not fit", () => {
  refuses(
    buildKernel("writes_input", (k) => {
      const x = k.input("float32", 1);
      k.output("float32", 1).store(0, f32(0));
      x.store(0, f32(1));
    }),
    /input "x" must not be written/,
  );
  refuses(
    buildKernel("forgets", (k) => {
      k.output("float32", 1);
    }),
    /output "y" is never written/,
  );
  refuses(
    buildKernel("wrong_type", (k) => {
      k.output("float32", 1).store(0, k.input("int32", 1).load(0));
    }),
    /store to "y" has the wrong type/,
  );
  refuses({ name: "2x", buffers: [], body: [] }, /its name is not an identifier/);
  refuses(
    {
      name: "scope",
      buffers: [{ name: "y", dtype: "float32", length: 1, role: "output" }],
      body: [
        {
          kind: "store",
          buffer: "y",
          index: { kind: "const", type: "int32", value: 0 },
          value: { kind: "register", type: "float32", name: "r" },
        },
      ],
    },
    /register "r" of type float32 is not in scope/,
  );
});
