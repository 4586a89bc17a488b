/** The acquisition format: all layouts, signatures, and every way a hostile file can be wrong. */
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { encode } from "cborg";
import { UserError } from "../../base/errors.ts";
import { makeRng } from "../../base/rng.ts";
import type { Sample } from "../sample.ts";
import { readAcquisition } from "./acquisition.ts";

const KEY = "0123456789abcdef0123456789abcdef";
const ZEROS = "0".repeat(64);
const SENSORS = ["accX", "accY"].map((name) => ({ name, units: "m/s2" }));

type Message = { protected: object; signature: unknown; payload: { [key: string]: unknown } };

function message(payload: { [key: string]: unknown } = {}, alg = "none"): Message {
  return {
    protected: { ver: "v1", alg, iat: 1564128599.25 },
    signature: ZEROS,
    payload: {
      device_name: "ac:87:a3:0a:2d:1b",
      device_type: "TEST",
      interval_ms: 16,
      sensors: SENSORS,
      values: [
        [1, 2.5],
        [3, -4],
        [5, 6],
      ],
      ...payload,
    },
  };
}

const json = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
const read = (bytes: Uint8Array, hmacKey?: string): Sample =>
  readAcquisition("wave.1.cbor", bytes, hmacKey === undefined ? {} : { hmacKey })[0]!;

/** Signs as a client does: over the bytes with zeros, then in place. */
function sign(bytes: Uint8Array, key: string | Buffer): Uint8Array {
  const signature = createHmac("sha256", key).update(bytes).digest("hex");
  const at = Buffer.from(bytes).indexOf(ZEROS);
  const signed = bytes.slice();
  signed.set(Buffer.from(signature), at);
  return signed;
}

function refuses(bytes: Uint8Array, code: string, expected: string): void {
  assert.throws(() => read(bytes), { name: "UserError", code, message: expected });
}

test("JSON and CBOR of the same message give the same sample, whatever the extension", () => {
  const fromCbor = read(encode(message()));
  assert.deepEqual(read(json(message())), fromCbor);
  assert.deepEqual([...fromCbor.values], [1, 2.5, 3, -4, 5, 6]);
  assert.equal(fromCbor.intervalMs, 16);
  assert.deepEqual(fromCbor.axes, SENSORS);
  assert.deepEqual(fromCbor.metadata, { device_name: "ac:87:a3:0a:2d:1b", device_type: "TEST" });
  assert.equal(fromCbor.label, undefined);
});

test("one axis may be flat or rows of one", () => {
  const sensors = [{ name: "audio", units: "wav" }];
  const flat = read(json(message({ sensors, values: [1, -2, 3], interval_ms: 0.0625 })));
  const rows = read(encode(message({ sensors, values: [[1], [-2], [3]], interval_ms: 0.0625 })));
  assert.deepEqual([...flat.values], [1, -2, 3]);
  assert.deepEqual(rows, flat);
});

test("indefinite-length values, as devices stream them, are read", () => {
  const bytes = encode(message({ values: [] }));
  const at = Buffer.from(bytes).indexOf("values") + 6;
  assert.equal(bytes[at], 0x80);
  const rows = [0x82, 0x01, 0x20, 0x82, 0xfb, 0x3f, 0xf8, 0, 0, 0, 0, 0, 0, 0x18, 0x05]; // 5 overlong
  const streamed = Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from([0x9f, ...rows, 0xff]),
    bytes.subarray(at + 1),
  ]);
  assert.deepEqual([...read(streamed).values], [1, -1, 1.5, 5]);
});

test("a white-space or byte-order-mark start is JSON still", () => {
  const text = `\uFEFF\n ${JSON.stringify(message())}`;
  assert.equal(read(new TextEncoder().encode(text)).values.length, 6);
});

test("signatures: right, wrong, unsigned, without key, and the hex reading of the key", () => {
  for (const bytes of [json(message({}, "HS256")), encode(message({}, "HS256"))]) {
    const signed = sign(bytes, KEY);
    assert.equal(read(signed, KEY).signatureValidates, true);
    assert.equal(read(sign(bytes, Buffer.from(KEY, "hex")), KEY).signatureValidates, true);
    assert.equal(read(signed, "another key").signatureValidates, false);
    assert.equal(read(signed).signatureValidates, null);
    assert.equal(read(bytes, KEY).signatureValidates, null);
    const changed = Buffer.from(signed);
    changed[changed.indexOf("TEST")] = 0x58;
    assert.equal(read(changed, KEY).signatureValidates, false);
  }
  assert.equal(read(json(message()), KEY).signatureValidates, null);
});

test("a signature of the wrong length or alphabet is refused", () => {
  const signed = (signature: unknown) => json({ ...message(), signature });
  refuses(
    signed("00ff"),
    "acquisition-shape",
    'read wave.1.cbor: signature must be 64 lower-case hexadecimal digits, got "00ff" (4 characters)',
  );
  for (const signature of [`${ZEROS}0`, "G".repeat(64), "A".repeat(64), 7, null, undefined]) {
    assert.throws(() => read(signed(signature)), { code: "acquisition-shape" });
  }
});

test("values that are not finite numbers name row and axis", () => {
  const bad = (cell: unknown) =>
    encode(
      message({
        values: [
          [1, 2],
          [3, cell],
        ],
      }),
    );
  const start = 'read wave.1.cbor: row 2, axis "accY" must be a finite number, got ';
  refuses(bad(Number.NaN), "acquisition-value", `${start}NaN`);
  refuses(bad(Number.NEGATIVE_INFINITY), "acquisition-value", `${start}-Infinity`);
  refuses(bad(1e39), "acquisition-value", `${start}1e+39`);
  refuses(bad("7"), "acquisition-value", `${start}"7"`);
  refuses(bad(null), "acquisition-value", `${start}null`);
  refuses(bad([1]), "acquisition-value", `${start}a list of 1`);
  const text = JSON.stringify(message()).replace("-4", "NaN");
  refuses(new TextEncoder().encode(text), "acquisition-value", `${start}"NaN"`);
});

test("ragged rows and unknown shapes name what is wrong", () => {
  const start = "read wave.1.cbor: ";
  const with_ = (payload: { [key: string]: unknown }) => json(message(payload));
  const shape = "acquisition-shape";
  refuses(
    with_({ values: [[1, 2], [3]] }),
    shape,
    `${start}row 2 must have 2 numbers, got a list of 1`,
  );
  refuses(with_({ values: [[1, 2], 3] }), shape, `${start}row 2 must have 2 numbers, got 3`);
  refuses(
    with_({ values: [1, 2] }),
    shape,
    `${start}payload.values must have rows of 2 numbers, got 1`,
  );
  refuses(
    with_({ values: [] }),
    shape,
    `${start}payload.values must be a list of at least one row, got a list of 0`,
  );
  refuses(
    with_({ values: "x" }),
    shape,
    `${start}payload.values must be a list of at least one row, got "x"`,
  );
  refuses(
    with_({ sensors: [] }),
    shape,
    `${start}payload.sensors must list at least one sensor, got a list of 0`,
  );
  refuses(
    with_({ sensors: [{ name: 1 }] }),
    shape,
    `${start}payload.sensors[0] must have name and units as text, got an object`,
  );
  refuses(with_({ device_type: 5 }), shape, `${start}payload.device_type must be text, got 5`);
  for (const interval of [0, -16, "16", undefined]) {
    assert.throws(() => read(with_({ interval_ms: interval })), {
      code: shape,
      message: /interval_ms/,
    });
  }
  refuses(
    json({ ...message(), payload: undefined }),
    shape,
    `${start}payload must be an object, got nothing`,
  );
  refuses(
    json({ ...message(), protected: { ver: "v2" } }),
    shape,
    `${start}protected.ver must be "v1", got "v2"`,
  );
  refuses(
    json({ ...message(), protected: { ver: "v1", alg: "RS1" } }),
    shape,
    `${start}protected.alg must be "HS256" or "none", got "RS1"`,
  );
});

test("a repeated key in CBOR is refused", () => {
  const bytes = encode({ a: 1, b: 2 });
  bytes[Buffer.from(bytes).indexOf("b")] = "a".charCodeAt(0);
  assert.throws(() => read(bytes), { code: "acquisition-syntax", message: /repeat map key/ });
});

test("broken JSON is one sentence", () => {
  assert.throws(() => read(new TextEncoder().encode('{"protected":')), {
    code: "acquisition-syntax",
    message: /^read wave\.1\.cbor: must be one whole JSON object, got /,
  });
  assert.throws(() => read(Uint8Array.of(0x7b, 0xff)), { code: "acquisition-syntax" });
  assert.throws(() => read(new TextEncoder().encode(`{"a":${"[".repeat(200000)}`)), {
    name: "UserError",
  });
});

test("CBOR cut off at every byte is a UserError", () => {
  const bytes = encode(message());
  for (let length = 1; length < bytes.length; length++) {
    assert.throws(
      () => read(bytes.subarray(0, length)),
      { code: "acquisition-syntax" },
      `${length}`,
    );
  }
  assert.throws(() => read(Uint8Array.of(...bytes, 0)), { code: "acquisition-syntax" });
});

test("mutated CBOR is read or is a UserError, never another failure", () => {
  const rng = makeRng(3);
  const bytes = encode(message({}, "HS256"));
  let refused = 0;
  for (let round = 0; round < 4000; round++) {
    const mutant = bytes.slice();
    for (let i = 0; i <= rng.int(3); i++) mutant[rng.int(mutant.length)] = rng.int(256);
    mutant[0] = 0xa3;
    try {
      assert.ok(read(mutant, KEY).values.every(Number.isFinite));
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 1000);
});

test("CBOR that nests without end does not overflow the stack", () => {
  const deep = new Uint8Array(300000).fill(0x9f);
  deep.set([0xa1, 0x61, 0x61]);
  assert.throws(() => read(deep), { code: "acquisition-syntax" });
});

const fixtures = new URL("../../../../shared/data/ei-format-fixtures/", import.meta.url);

test("real files of the format", { skip: !existsSync(fixtures) && "no ../shared" }, () => {
  const fixture = (name: string) => new Uint8Array(readFileSync(new URL(name, fixtures)));
  const fromJson = read(fixture("wave.01.json"), KEY);
  const fromCbor = read(fixture("wave.01.cbor"), KEY);
  assert.deepEqual(fromCbor.values, fromJson.values);
  assert.equal(fromJson.axes.length, 3);
  assert.equal(fromJson.intervalMs, 10);
  assert.equal(fromJson.signatureValidates, false);
  const idle = fixture("idle.0.wrong-extension");
  assert.equal(read(idle).intervalMs, 16);
  for (let length = 1; length < idle.length; length += 97) {
    assert.throws(() => read(idle.subarray(0, length)), { name: "UserError" });
  }
});
