/** WAV: every depth on one scale, odd chunks, and every refusal. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { UserError } from "../../base/errors.ts";
import { makeRng } from "../../base/rng.ts";
import { readWav } from "./wav.ts";

const ascii = (text: string) => [...text].map((letter) => letter.charCodeAt(0));
const u16 = (value: number) => [value & 255, (value >> 8) & 255];
const u32 = (value: number) => [...u16(value & 0xffff), ...u16(Math.floor(value / 65536))];

function chunk(id: string, body: readonly number[], size: number = body.length): number[] {
  return [...ascii(id), ...u32(size), ...body, ...(body.length % 2 === 1 ? [0] : [])];
}

type Header = {
  readonly tag?: number;
  readonly channels?: number;
  readonly rateHz?: number;
  readonly bits?: number;
  readonly frame?: number;
};

function format(header: Header = {}): number[] {
  const { tag = 1, channels = 1, rateHz = 16000, bits = 16 } = header;
  const frame = header.frame ?? (channels * bits) / 8;
  return [
    ...u16(tag),
    ...u16(channels),
    ...u32(rateHz),
    ...u32(rateHz * frame),
    ...u16(frame),
    ...u16(bits),
  ];
}

function riff(chunks: readonly number[], size: number = chunks.length + 4): Uint8Array {
  return Uint8Array.from([...ascii("RIFF"), ...u32(size), ...ascii("WAVE"), ...chunks]);
}

function wav(data: readonly number[], header: Header = {}): Uint8Array {
  return riff([...chunk("fmt ", format(header)), ...chunk("data", data)]);
}

function bytesOf(fill: (view: DataView) => void, length: number): number[] {
  const view = new DataView(new ArrayBuffer(length));
  fill(view);
  return [...new Uint8Array(view.buffer)];
}

const read = (bytes: Uint8Array) => readWav("a.wav", bytes)[0]!;

function refuses(bytes: Uint8Array, code: string, problem: RegExp | string): void {
  assert.throws(() => read(bytes), {
    name: "UserError",
    code,
    message: typeof problem === "string" ? `read a.wav: ${problem}` : problem,
  });
}

test("16-bit PCM is taken as it is, with the rate of the header", () => {
  const sample = read(wav([...u16(0), ...u16(1), ...u16(0xffff), ...u16(0x7fff), ...u16(0x8000)]));
  assert.deepEqual([...sample.values], [0, 1, -1, 32767, -32768]);
  assert.equal(sample.intervalMs, 0.0625);
  assert.deepEqual(sample.axes, [{ name: "audio", units: "wav" }]);
  assert.equal(sample.label, undefined);
  assert.equal(sample.name, "a.wav");
});

test("other depths are put on the scale of 16-bit PCM", () => {
  assert.deepEqual([...read(wav([0, 128, 255], { bits: 8 })).values], [-32768, 0, 32512]);
  const deep = [0, 0, 0x80, 0, 1, 0, 0xff, 0xff, 0x7f, 0, 0xff, 0xff];
  assert.deepEqual([...read(wav(deep, { bits: 24 })).values], [-32768, 1, 32767.99609375, -1]);
  const wide = [0, 0, 0, 0x80, 0, 0x80, 1, 0];
  assert.deepEqual([...read(wav(wide, { bits: 32 })).values], [-32768, 1.5]);
  const single = bytesOf((view) => {
    view.setFloat32(0, 0.5, true);
    view.setFloat32(4, -1.25, true);
  }, 8);
  assert.deepEqual([...read(wav(single, { tag: 3, bits: 32 })).values], [16384, -40960]);
  const double = bytesOf((view) => view.setFloat64(0, -0.25, true), 8);
  assert.deepEqual([...read(wav(double, { tag: 3, bits: 64 })).values], [-8192]);
});

test("each channel is an axis", () => {
  const sample = read(wav([1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 6, 0], { channels: 3 }));
  assert.deepEqual(
    sample.axes.map((axis) => axis.name),
    ["audio", "audio2", "audio3"],
  );
  assert.deepEqual([...sample.values], [1, 2, 3, 4, 5, 6]);
});

test("the extensible format names its own in a sub-format", () => {
  const tail = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];
  const extension = (tag: number, guid: readonly number[]) => [
    ...format({ tag: 0xfffe, bits: 16 }),
    ...u16(22),
    ...u16(16),
    ...u32(4),
    ...u16(tag),
    ...guid,
  ];
  const file = (body: readonly number[]) =>
    riff([...chunk("fmt ", body), ...chunk("data", [7, 0])]);
  assert.deepEqual([...read(file(extension(1, tail))).values], [7]);
  refuses(file(extension(3, tail)), "wav-format", /got format 3 with 16 bits$/);
  refuses(file(extension(1, tail.toReversed())), "wav-format", /got format 65534 with 16 bits$/);
  refuses(file(extension(1, tail).slice(0, 30)), "wav-format", /must have 40 bytes, got 30$/);
});

test("unknown chunks, odd sizes with a pad byte, and what follows are passed over", () => {
  const bytes = riff([
    ...chunk("LIST", [1, 2, 3]),
    ...chunk("fmt ", [...format(), 0, 0]),
    ...chunk("fact", [0, 0, 0, 0]),
    ...chunk("data", [5, 0]),
    ...chunk("LIST", [9]),
  ]);
  assert.deepEqual([...read(bytes).values], [5]);
  assert.deepEqual([...read(Uint8Array.from([...bytes, 1, 2, 3])).values], [5]);
  const odd = riff([...chunk("fmt ", format({ bits: 8 })), ...chunk("data", [200])]);
  assert.deepEqual([...read(odd).values], [72 * 256]);
});

test("files cut off and wrong sizes are refused", () => {
  const whole = wav([1, 0, 2, 0]);
  refuses(
    whole.subarray(0, 46),
    "wav-truncated",
    "must have the 48 bytes that its header states, got 46",
  );
  const head = chunk("fmt ", format());
  refuses(riff([...head, ...chunk("data", [1, 0], 8)]), "wav-truncated", /"data" must end within/);
  refuses(
    riff([...head, ...chunk("data", [1, 0], 0xffffffff)]),
    "wav-truncated",
    /got an end at 4294967339$/,
  );
  refuses(riff([...chunk("LIST", [], 0xfffffff0), ...head]), "wav-truncated", /"LIST" must end/);
  refuses(
    wav([1, 0, 2]),
    "wav-truncated",
    "data must be a whole number of frames of 2 bytes, got 3 bytes",
  );
});

test("no sound, no header, another format", () => {
  const head = chunk("fmt ", format());
  refuses(wav([]), "wav-empty", "must hold at least one sample of sound, got 0");
  refuses(riff(head), "wav-empty", 'must have a chunk "data", got none');
  refuses(
    riff(chunk("data", [1, 0])),
    "wav-syntax",
    'must have a chunk "fmt " before its data, got none',
  );
  refuses(riff([...head, ...head]), "wav-syntax", /got two$/);
  refuses(
    Uint8Array.from(ascii("RIFX....WAVE")),
    "wav-syntax",
    'must begin with RIFF and WAVE, got "RIFX"',
  );
  refuses(Uint8Array.of(1), "wav-syntax", /got 1 bytes$/);
  refuses(wav([1, 0], { tag: 85 }), "wav-format", /got format 85 with 16 bits$/);
  refuses(wav([1, 0], { bits: 12, frame: 2 }), "wav-format", /got format 1 with 12 bits$/);
  refuses(wav([1, 0], { channels: 0, frame: 2 }), "wav-format", "channels must be 1 to 32, got 0");
  refuses(wav([1, 0], { channels: 60000, frame: 2 }), "wav-format", /got 60000$/);
  refuses(wav([1, 0], { rateHz: 0 }), "wav-format", /got 0 Hz$/);
  refuses(wav([1, 0], { rateHz: 4_000_000_000 }), "wav-format", /got 4000000000 Hz$/);
  refuses(
    wav([1, 0], { frame: 4 }),
    "wav-format",
    "a frame of 1 x 16 bits must have 2 bytes, got 4",
  );
  refuses(
    riff([...chunk("fmt ", [1, 0]), ...chunk("data", [1, 0])]),
    "wav-format",
    /16 bytes, got 2$/,
  );
  const nan = bytesOf((view) => view.setFloat32(4, Number.NaN, true), 8);
  refuses(wav(nan, { tag: 3, bits: 32 }), "wav-value", "frame 2 must be a finite number, got NaN");
});

test("cut or mutated bytes are read or are a UserError, never another failure", () => {
  const whole = wav(Array.from({ length: 32 }, (_, i) => i * 7));
  const rng = makeRng(3);
  let refused = 0;
  for (let round = 0; round < 4000; round++) {
    const bytes = whole.slice(0, round < whole.length ? round : whole.length);
    if (round >= whole.length) bytes[rng.int(round % 3 === 0 ? bytes.length : 44)] = rng.int(256);
    try {
      assert.ok(read(bytes).values.every(Number.isFinite));
    } catch (error) {
      assert.ok(error instanceof UserError, String(error));
      refused++;
    }
  }
  assert.ok(refused > 500 && refused < 3900, String(refused));
});

const fixture = new URL(
  "../../../../shared/data/ei-format-fixtures/hadouken.01.wav",
  import.meta.url,
);

test("a real file in floating point", { skip: !existsSync(fixture) && "no ../shared" }, () => {
  const sample = read(new Uint8Array(readFileSync(fixture)));
  assert.equal(sample.axes.length, 1);
  assert.equal(sample.values.length * sample.intervalMs, 1000);
  const peak = sample.values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  assert.ok(peak > 1000 && peak <= 32768, String(peak));
});
