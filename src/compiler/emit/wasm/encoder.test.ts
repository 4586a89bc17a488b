/** The encoder against the engine's validator and wabt's reader, an independent implementation. */
import assert from "node:assert/strict";
import { test } from "node:test";
import wabt from "wabt";
import { encodeModule, makeCode, signedLeb, unsignedLeb } from "./encoder.ts";
import { I32, OP, SIMD, V128 } from "./opcodes.ts";

test("LEB128 of the specification's borders", () => {
  assert.deepEqual(unsignedLeb(0), [0]);
  assert.deepEqual(unsignedLeb(127), [0x7f]);
  assert.deepEqual(unsignedLeb(128), [0x80, 1]);
  assert.deepEqual(unsignedLeb(624485), [0xe5, 0x8e, 0x26]);
  assert.deepEqual(unsignedLeb(4294967295), [0xff, 0xff, 0xff, 0xff, 0x0f]);
  assert.deepEqual(signedLeb(63), [0x3f]);
  assert.deepEqual(signedLeb(64), [0xc0, 0]);
  assert.deepEqual(signedLeb(-64), [0x40]);
  assert.deepEqual(signedLeb(-123456), [0xc0, 0xbb, 0x78]);
  assert.deepEqual(signedLeb(-2147483648), [0x80, 0x80, 0x80, 0x80, 0x78]);
});

/** Sums 32-bit integers from address 16 on, four at a time, until the count is used up. */
function sumModule(): Uint8Array<ArrayBuffer> {
  const code = makeCode([I32], [I32]);
  const sum = code.local(V128);
  const pointer = code.local(I32);
  code.splatBits(0);
  code.set(sum);
  const leave = code.open("block");
  const again = code.open("loop");
  code.get(0);
  code.op(0x45); // i32.eqz
  code.branchIf(leave);
  code.get(sum);
  code.get(pointer);
  code.simdMemory(SIMD.load, 2, 16);
  code.simd(SIMD.i32x4Add);
  code.set(sum);
  code.get(pointer);
  code.i32(16);
  code.op(OP.i32Add);
  code.set(pointer);
  code.get(0);
  code.i32(-4);
  code.op(OP.i32Add);
  code.tee(0);
  code.branchIf(again);
  code.end();
  code.end();
  for (let lane = 0; lane < 4; lane++) {
    code.get(sum);
    code.simd(SIMD.i32x4ExtractLane, lane);
    if (lane > 0) code.op(OP.i32Add);
  }
  const caller = makeCode([], [I32]);
  caller.i32(200);
  caller.call(0);
  return encodeModule({
    functions: [{ code }, { code: caller, exported: "sum" }],
    memoryPages: 1,
  });
}

test("a module with locals, control flow, SIMD and a call runs", () => {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const numbers = new Int32Array(memory.buffer, 16, 200);
  for (let i = 0; i < numbers.length; i++) numbers[i] = i * i;
  const module = new WebAssembly.Module(sumModule());
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const sum = numbers.reduce((total, n) => total + n, 0);
  assert.equal((exports["sum"] as () => number)(), sum);
});

test("wabt reads the module and finds in it what was written", async () => {
  const { readWasm } = await wabt();
  const module = readWasm(sumModule(), { simd: true });
  module.validate();
  const text = module.toText({ foldExprs: false });
  for (const expected of [
    '(import "env" "memory" (memory (;0;) 1))',
    '(export "sum" (func 1))',
    "v128.load offset=16 align=4",
    "i32x4.extract_lane 3",
    "i32.const -4",
    "br_if 1",
    "call 0",
  ])
    assert.ok(text.includes(expected), `${expected} in\n${text}`);
  module.destroy();
});

test("released locals are used again, types apart", () => {
  const code = makeCode([I32], []);
  const first = code.local(V128);
  code.release(first);
  assert.notEqual(code.local(I32), first);
  assert.equal(code.local(V128), first);
  assert.deepEqual(code.locals, [V128, I32]);
});
