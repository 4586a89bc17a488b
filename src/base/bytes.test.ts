/** Bytes, SHA-256 and HMAC against literal answers and Node's own implementation. */
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { test } from "node:test";
import { equalConstantTime, fromHex, fromUtf8, indexOfBytes, toHex, utf8 } from "./bytes.ts";
import { hmacSha256 } from "./hmac.ts";
import { sha256Hex } from "./sha256.ts";

const pattern = (length: number) => Uint8Array.from({ length }, (_, i) => (i * 131 + 7) & 255);

test("hex there and back, and malformed hex is refused", () => {
  assert.equal(toHex(Uint8Array.of(0, 15, 255)), "000fff");
  assert.deepEqual(fromHex("000Fff"), Uint8Array.of(0, 15, 255));
  assert.equal(fromHex("0"), undefined);
  assert.equal(fromHex("0g"), undefined);
});

test("utf-8 drops the byte order mark and refuses other bytes", () => {
  assert.equal(fromUtf8(Uint8Array.of(0xef, 0xbb, 0xbf, 0x61)), "a");
  assert.equal(fromUtf8(Uint8Array.of(0xff, 0xfe)), undefined);
});

test("indexOfBytes finds the first occurrence, also after a false start", () => {
  assert.equal(indexOfBytes(utf8("aaab"), utf8("aab")), 1);
  assert.equal(indexOfBytes(utf8("abc"), utf8("c")), 2);
  assert.equal(indexOfBytes(utf8("abc"), utf8("cd")), -1);
});

test("equalConstantTime compares lengths and every byte", () => {
  assert.equal(equalConstantTime(utf8("abc"), utf8("abc")), true);
  assert.equal(equalConstantTime(utf8("abc"), utf8("abd")), false);
  assert.equal(equalConstantTime(utf8("abc"), utf8("ab")), false);
});

test("sha256 of 'abc' is the answer of FIPS 180-4", () => {
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
  assert.equal(sha256Hex(utf8("abc")), abc);
});

test("sha256 equals node:crypto at every length around the block borders", () => {
  for (let length = 0; length < 200; length++) {
    const bytes = pattern(length + 3).subarray(3);
    assert.equal(sha256Hex(bytes), createHash("sha256").update(bytes).digest("hex"), `${length}`);
  }
});

test("hmacSha256 equals node:crypto for short, block-long and longer keys", () => {
  for (const length of [0, 1, 32, 63, 64, 65, 200]) {
    const key = pattern(length);
    const expected = createHmac("sha256", key).update(pattern(100)).digest("hex");
    assert.equal(toHex(hmacSha256(key, pattern(100))), expected, `key of ${length}`);
  }
});
