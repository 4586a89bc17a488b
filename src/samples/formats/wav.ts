/**
 * Reader of WAV: RIFF chunks, of which `fmt ` and `data` count. PCM of 8, 16, 24 and 32 bits and
 * floating point of 32 and 64 bits, plain or as WAVE_FORMAT_EXTENSIBLE. The rate comes from the
 * header; the axes are `audio`, `audio2`, ... one a channel, usually one.
 *
 * Values have the scale of 16-bit PCM, as in the acquisition format, whatever the file stores:
 * 8-bit (v - 128) * 256, 24-bit v / 256, 32-bit v / 65536, floating point v * 32768. So one design
 * suits files of any depth.
 */
import type { Sample } from "../sample.ts";
import { describe, unreadable } from "./reader.ts";

const PCM = 1;
const FLOAT = 3;
const EXTENSIBLE = 0xfffe;

/** Bytes 2 to 15 of the sub-format of WAVE_FORMAT_EXTENSIBLE; bytes 0 and 1 are the format. */
const SUBFORMAT_TAIL = [0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xaa, 0, 0x38, 0x9b, 0x71];

const MAX_CHANNELS = 32;
const MAX_RATE_HZ = 1_000_000;

/** One stored number at a byte offset, on the scale of 16-bit PCM. */
type Decode = (view: DataView, at: number) => number;

const DECODERS: { readonly [format: number]: { readonly [bits: number]: Decode } } = {
  [PCM]: {
    8: (view, at) => (view.getUint8(at) - 128) * 256,
    16: (view, at) => view.getInt16(at, true),
    24: (view, at) => view.getInt16(at + 1, true) + view.getUint8(at) / 256,
    32: (view, at) => view.getInt32(at, true) / 65536,
  },
  [FLOAT]: {
    32: (view, at) => view.getFloat32(at, true) * 32768,
    64: (view, at) => view.getFloat64(at, true) * 32768,
  },
};

type Format = {
  readonly channels: number;
  readonly rateHz: number;
  readonly bytes: number;
  readonly decode: Decode;
};

type Chunk = { readonly id: string; readonly start: number; readonly end: number };

/**
 * Reads one WAV file into one sample.
 * @throws UserError `wav-syntax`, `wav-truncated`, `wav-format`, `wav-empty` or `wav-value`
 */
export function readWav(name: string, bytes: Uint8Array): Sample[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const chunks = chunksOf(name, view);
  const header = chunks.find((chunk) => chunk.id === "fmt ");
  if (header === undefined) {
    throw unreadable("wav-syntax", name, `must have a chunk "fmt " before its data, got none`);
  }
  const format = formatOf(name, view, header);
  const data = chunks.find((chunk) => chunk.id === "data");
  if (data === undefined) throw unreadable("wav-empty", name, `must have a chunk "data", got none`);
  const size = data.end - data.start;
  const frame = format.channels * format.bytes;
  if (size === 0) {
    throw unreadable("wav-empty", name, "must hold at least one sample of sound, got 0");
  }
  if (size % frame !== 0) {
    throw unreadable(
      "wav-truncated",
      name,
      `data must be a whole number of frames of ${frame} bytes, got ${size} bytes`,
    );
  }
  return [
    {
      name,
      label: undefined,
      category: undefined,
      axes: Array.from({ length: format.channels }, (_, channel) => ({
        name: channel === 0 ? "audio" : `audio${channel + 1}`,
        units: "wav",
      })),
      intervalMs: 1000 / format.rateHz,
      values: valuesOf(name, view, data, format),
      signatureValidates: null,
      metadata: {},
    },
  ];
}

/** The chunks up to the data; what follows it says nothing about the sound. */
function chunksOf(name: string, view: DataView): Chunk[] {
  if (view.byteLength < 12 || idAt(view, 0) !== "RIFF" || idAt(view, 8) !== "WAVE") {
    const got = view.byteLength < 4 ? `${view.byteLength} bytes` : describe(idAt(view, 0));
    throw unreadable("wav-syntax", name, `must begin with RIFF and WAVE, got ${got}`);
  }
  const end = 8 + view.getUint32(4, true);
  if (end > view.byteLength) {
    throw unreadable(
      "wav-truncated",
      name,
      `must have the ${end} bytes that its header states, got ${view.byteLength}`,
      "The file was cut off, or the program that wrote it did not finish it.",
    );
  }
  const chunks: Chunk[] = [];
  let at = 12;
  while (at + 8 <= end) {
    const id = idAt(view, at);
    const chunk = { id, start: at + 8, end: at + 8 + view.getUint32(at + 4, true) };
    if (chunk.end > end) {
      throw unreadable(
        "wav-truncated",
        name,
        `chunk ${describe(id)} must end within the file (${end} bytes), got an end at ${chunk.end}`,
        "The file was cut off, or the program that wrote it did not finish it.",
      );
    }
    if (id === "fmt " && chunks.some((other) => other.id === id)) {
      throw unreadable("wav-syntax", name, `must have one chunk "fmt ", got two`);
    }
    chunks.push(chunk);
    if (id === "data") break;
    at = chunk.end + (chunk.end & 1); // chunks begin at even offsets
  }
  return chunks;
}

function formatOf(name: string, view: DataView, { start, end }: Chunk): Format {
  const refuse = (rule: string, got: string | number): Error =>
    unreadable("wav-format", name, `${rule}, got ${got}`);
  const size = end - start;
  if (size < 16) throw refuse(`chunk "fmt " must have at least 16 bytes`, size);
  let tag = view.getUint16(start, true);
  if (tag === EXTENSIBLE) {
    if (size < 40) throw refuse(`chunk "fmt " of an extensible format must have 40 bytes`, size);
    const known = SUBFORMAT_TAIL.every((byte, i) => view.getUint8(start + 26 + i) === byte);
    tag = known ? view.getUint16(start + 24, true) : EXTENSIBLE;
  }
  const channels = view.getUint16(start + 2, true);
  const rateHz = view.getUint32(start + 4, true);
  const frame = view.getUint16(start + 12, true);
  const bits = view.getUint16(start + 14, true);
  const decode = DECODERS[tag]?.[bits];
  if (decode === undefined) {
    throw unreadable(
      "wav-format",
      name,
      `sound must be PCM of 8, 16, 24 or 32 bits or floating point of 32 or 64 bits, got format ${tag} with ${bits} bits`,
      "Convert it to 16-bit PCM.",
    );
  }
  if (channels < 1 || channels > MAX_CHANNELS) {
    throw refuse(`channels must be 1 to ${MAX_CHANNELS}`, channels);
  }
  if (rateHz < 1 || rateHz > MAX_RATE_HZ) {
    throw refuse(`rate must be 1 to ${MAX_RATE_HZ} Hz`, `${rateHz} Hz`);
  }
  if (frame !== (channels * bits) / 8) {
    throw refuse(
      `a frame of ${channels} x ${bits} bits must have ${(channels * bits) / 8} bytes`,
      frame,
    );
  }
  return { channels, rateHz, bytes: bits / 8, decode };
}

function valuesOf(name: string, view: DataView, data: Chunk, format: Format): Float32Array {
  const { bytes, channels, decode } = format;
  const values = new Float32Array((data.end - data.start) / bytes);
  for (let i = 0, at = data.start; i < values.length; i++, at += bytes) {
    values[i] = decode(view, at);
    if (!Number.isFinite(values[i])) {
      throw unreadable(
        "wav-value",
        name,
        `frame ${Math.floor(i / channels) + 1} must be a finite number, got ${values[i]}`,
      );
    }
  }
  return values;
}

function idAt(view: DataView, at: number): string {
  return String.fromCharCode(...Array.from({ length: 4 }, (_, i) => view.getUint8(at + i)));
}
