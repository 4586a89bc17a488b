/** What the emitter writes: the inner loop that engines keep in registers, and shared functions. */
import assert from "node:assert/strict";
import { test } from "node:test";
import wabt from "wabt";
import { add, addF, buildKernel, call, mul, mulF } from "../../../ir/build.ts";
import type { Kernel } from "../../../ir/kernel.ts";
import { exp } from "../../../ir/routines/exp.ts";
import type { Place, Program } from "../../program.ts";
import type { Schedule } from "../../schedule.ts";
import { emitWasm, memoryLayout } from "./emit.ts";

const [M, K, N] = [8, 33, 16];

const product = buildKernel("product", (k) => {
  const a = k.input("float32", M * K, "a");
  const b = k.input("float32", K * N, "b");
  const c = k.output("float32", M * N, "c");
  k.parallel(M, (m) =>
    k.parallel(N, (n) => {
      const sum = k.register(0, "sum");
      k.loop(K, (q) => {
        const left = a.load(add(mul(m, K), q));
        sum.set(addF(sum.get, mulF(left, b.load(add(mul(q, N), n)))));
      });
      c.store(add(mul(m, N), n), sum.get);
    }),
  );
});

const at = (offset: number): Place => ({ region: "arena", offset });

function programOf(kernel: Kernel, schedule: Schedule, places: readonly Place[][]): Program {
  const calls = places.map((p) => ({ kernel: 0, places: p, node: kernel.name }));
  return {
    entries: [{ name: "main", calls, inputs: [], outputs: [] }],
    kernels: [kernel],
    schedules: [schedule],
    constants: [],
    constantBytes: 20,
    arenaBytes: 70000,
    arenaBound: 70000,
    states: [],
  };
}

async function textOf(program: Program): Promise<string> {
  const { readWasm } = await wabt();
  const module = readWasm(emitWasm(program), { simd: true });
  const text = module.toText({ foldExprs: false });
  module.destroy();
  return text;
}

const count = (text: string, part: string): number => text.split(part).length - 1;

test("a product in 4 by 8 holds 8 sums, 2 vectors of B and 1 element of A", async () => {
  const schedule: Schedule = { i: { kind: "tile", by: 4 }, i_1: { kind: "vector", by: 8 } };
  const text = await textOf(programOf(product, schedule, [[at(0), at(2048), at(8192)]]));
  const loops = text.split("loop ");
  assert.equal(loops.length - 1, 3, "one loop over each axis");
  const inner = loops[3]!.split("br_if")[0]!;
  assert.equal(count(inner, "v128.load "), 2);
  assert.equal(count(inner, "v128.load32_splat"), 4);
  assert.equal(count(inner, "f32x4.mul"), 8);
  assert.equal(count(inner, "f32x4.add"), 8);
  // Two pointers and the axis advance, and nothing else is computed on integers.
  assert.equal(count(inner, "i32.add"), 3);
  assert.equal(count(inner, "i32.mul"), 0);
  const locals = /\(local ([^)]*)\)/.exec(text)![1]!;
  assert.equal(count(locals, "v128"), 8 + 2 + 1);
});

test("equal calls share a function, and the arena lies behind the constants", async () => {
  const double = buildKernel("double", (k) => {
    const x = k.input("float32", 100);
    const y = k.output("float32", 100);
    k.parallel(100, (i) => y.store(i, addF(x.load(i), x.load(i))));
  });
  const places = [at(0), at(2048)];
  const program = programOf(double, {}, [places, places, [at(0), at(8192)]]);
  assert.deepEqual(memoryLayout(program), { arenaAddress: 32, pages: 2 });
  const text = await textOf(program);
  assert.equal(count(text, "(func "), 2 + 1 + 1, "two kernels, one entry, one export");
  assert.ok(text.includes("f32.store offset=8224"));
  assert.match(text, /call 0\s+call 0\s+call 1/);
});

test("calls that work long share a function at all places, and give it the addresses", async () => {
  const places = [at(0), at(2048), at(8192)];
  const text = await textOf(programOf(product, {}, [places, [at(0), at(2048), at(16384)]]));
  assert.equal(count(text, "(func "), 1 + 1 + 1 + 1, "one kernel, its type, one entry, one export");
  assert.match(
    text,
    /i32.const 8224\s+call 0\s+i32.const 32\s+i32.const 2080\s+i32.const 16416\s+call 0/,
  );
  const once = await textOf(programOf(product, {}, [places, places]));
  assert.ok(once.includes("f32.store offset=8224"), "a place that is the only one is written in");
});

test("a routine is written once for scalars and once for vectors, as far as it is used", async () => {
  const kernel = buildKernel("exponentials", (k) => {
    const x = k.input("float32", 9);
    const y = k.update("float32", 9);
    k.parallel(9, (i) => y.store(i, addF(y.load(i), call(exp, x.load(i)))));
  });
  const places = [at(0), at(64)];
  const both = await textOf(programOf(kernel, { i: { kind: "vector", by: 8 } }, [places]));
  assert.equal(count(both, "(param v128) (result v128)"), 2, "its type and itself");
  assert.equal(count(both, "(param f32) (result f32)"), 2, "its type and itself");
  const scalar = await textOf(programOf(kernel, {}, [places]));
  assert.equal(count(scalar, "v128"), 0);
});

test("what is walked backwards is reached in every lane, also at the lowest address", () => {
  const length = 10;
  const turned = buildKernel("turned", (k) => {
    const x = k.input("float32", length);
    const y = k.output("float32", length, "y");
    k.parallel(length, (i) => {
      const squared = mulF(
        x.load(add(mul(i, -1), length - 1)),
        x.load(add(mul(i, -1), length - 1)),
      );
      y.store(i, squared);
    });
  });
  const axis = (turned.body[0] as { readonly axis: string }).axis;
  for (const places of [
    [[at(0), at(64)]],
    [
      [at(0), at(64)],
      [at(128), at(256)],
    ],
  ]) {
    const program = {
      ...programOf(turned, { [axis]: { kind: "tile", by: 4 } }, places),
      constantBytes: 0,
    };
    const memory = new WebAssembly.Memory({ initial: memoryLayout(program).pages });
    const numbers = new Float32Array(memory.buffer);
    for (let i = 0; i < length; i++) numbers[i] = i;
    const module = new WebAssembly.Module(emitWasm(program));
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    (exports.entry_main as () => void)();
    assert.deepEqual([...numbers.slice(16, 26)], [81, 64, 49, 36, 25, 16, 9, 4, 1, 0]);
  }
});
