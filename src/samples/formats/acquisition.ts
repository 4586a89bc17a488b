/**
 * Reader of the data acquisition format: one signed object per recording, as JSON or CBOR, which
 * Edge Impulse clients write. Content decides which of the two it is, not the file's extension.
 *
 *   {protected: {ver: "v1", alg: "HS256" | "none", iat?}, signature: 64 hex digits,
 *    payload: {device_name?, device_type, interval_ms, sensors: [{name, units}], values,
 *              structured_labels?: [{startIndex, endIndex, label}]}}
 *
 * `values` is a list of rows, or for one axis also a flat list. The signature is the HMAC-SHA256 of
 * the file as it is, with sixty-four zeros in place of the signature.
 */
import { decode } from "cborg";
import { equalConstantTime, fromHex, fromUtf8, indexOfBytes, utf8 } from "../../base/bytes.ts";
import { hmacSha256 } from "../../base/hmac.ts";
import { type Axis, rowsOf, type Sample } from "../sample.ts";
import { segmentsFrom, withSegments } from "../segments.ts";
import { describe, type ReadOptions, unreadable } from "./reader.ts";
import { parseIntervals } from "./structured-labels.ts";

const UNSIGNED = "0".repeat(64);

type Fields = { readonly [key: string]: unknown };

/** Whether bytes look like acquisition data: `{` opens JSON, a map opens CBOR. */
export function isAcquisition(bytes: Uint8Array): boolean {
  return isCborMap(bytes[0]) || firstVisible(bytes) === 0x7b;
}

/**
 * Reads one acquisition file into one sample.
 * @throws UserError `acquisition-syntax`, `acquisition-shape`, `acquisition-value`,
 *   `structured-labels` or `label-intervals`
 */
export function readAcquisition(name: string, bytes: Uint8Array, options: ReadOptions): Sample[] {
  const root = fieldsOf(
    name,
    "the file",
    isCborMap(bytes[0]) ? fromCbor(name, bytes) : fromJson(name, bytes),
  );
  const header = fieldsOf(name, "protected", root.protected);
  const payload = fieldsOf(name, "payload", root.payload);
  if (header.ver !== "v1") throw shape(name, `protected.ver must be "v1"`, header.ver);
  if (header.alg !== "HS256" && header.alg !== "none") {
    throw shape(name, `protected.alg must be "HS256" or "none"`, header.alg);
  }
  if (header.iat !== undefined && numberOf(header.iat) === undefined) {
    throw shape(name, "protected.iat must be a number", header.iat);
  }

  const intervalMs = numberOf(payload.interval_ms);
  const isSingle = Array.isArray(payload.values) && payload.values.length === 1;
  const isInterval =
    intervalMs !== undefined && Number.isFinite(intervalMs) && intervalMs >= (isSingle ? 0 : 1e-9);
  if (!isInterval) {
    throw shape(
      name,
      "payload.interval_ms must be a number greater than 0 (0 for a single row)",
      payload.interval_ms,
    );
  }
  const axes = axesOf(name, payload.sensors);
  const sample: Sample = {
    name,
    label: undefined,
    category: undefined,
    axes,
    intervalMs,
    values: valuesOf(name, axes, payload.values),
    signatureValidates: verify(name, bytes, root.signature, header.alg, options.hmacKey),
    metadata: metadataOf(name, payload),
  };
  if (payload.structured_labels === undefined) return [sample];
  const intervals = parseIntervals(name, "payload.structured_labels", payload.structured_labels);
  return [withSegments(sample, segmentsFrom(intervals, rowsOf(sample), name))];
}

function isCborMap(first: number | undefined): boolean {
  return first !== undefined && ((first >= 0xa0 && first <= 0xbb) || first === 0xbf);
}

/** The first byte that is neither white space nor part of a byte order mark. */
function firstVisible(bytes: Uint8Array): number | undefined {
  return bytes.find((byte) => byte > 0x20 && byte !== 0xef && byte !== 0xbb && byte !== 0xbf);
}

function fromCbor(name: string, bytes: Uint8Array): unknown {
  try {
    // NaN and huge integers are let through so that their row can be named.
    return decode(bytes, { allowUndefined: false, rejectDuplicateMapKeys: true });
  } catch (error) {
    const reason = String((error as Error).message).replace(/^CBOR decode error:?\s*/, "");
    throw unreadable(
      "acquisition-syntax",
      name,
      `must be one whole CBOR object, got ${describe(reason)}`,
      "The file may have been cut off while it was written or copied.",
    );
  }
}

function fromJson(name: string, bytes: Uint8Array): unknown {
  const text = fromUtf8(bytes);
  if (text === undefined) {
    throw unreadable("acquisition-syntax", name, "must be UTF-8, got other bytes");
  }
  try {
    return JSON.parse(text);
  } catch (error) {
    // Some writers print NaN, which JSON does not have; as text it is refused with its row.
    const quoted = text.replace(/(?<=[[,:\s])(NaN|-?Infinity)(?=[\],\s}])/g, '"$1"');
    try {
      if (quoted !== text) return JSON.parse(quoted);
    } catch {
      // Broken in another way as well: the first error tells it.
    }
    throw unreadable(
      "acquisition-syntax",
      name,
      `must be one whole JSON object, got ${describe((error as Error).message)}`,
    );
  }
}

function shape(name: string, rule: string, got: unknown): Error {
  return unreadable("acquisition-shape", name, `${rule}, got ${describe(got)}`);
}

function fieldsOf(name: string, what: string, value: unknown): Fields {
  if (value !== null && typeof value === "object" && !Array.isArray(value)) {
    if (!(value instanceof Uint8Array)) return value as Fields;
  }
  throw shape(name, `${what} must be an object`, value);
}

/** Numbers of any width; CBOR gives integers beyond 2^53 as bigint. */
function numberOf(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  return typeof value === "bigint" ? Number(value) : undefined;
}

function axesOf(name: string, sensors: unknown): Axis[] {
  if (!Array.isArray(sensors) || sensors.length === 0) {
    throw shape(name, "payload.sensors must list at least one sensor", sensors);
  }
  return sensors.map((sensor, index) => {
    const fields = fieldsOf(name, `payload.sensors[${index}]`, sensor);
    if (typeof fields.name !== "string" || typeof fields.units !== "string") {
      throw shape(name, `payload.sensors[${index}] must have name and units as text`, sensor);
    }
    return { name: fields.name, units: fields.units };
  });
}

/** All three layouts: rows, rows of one, and flat for one axis. */
function valuesOf(name: string, axes: readonly Axis[], rows: unknown): Float32Array {
  if (!Array.isArray(rows) || rows.length === 0) {
    throw shape(name, "payload.values must be a list of at least one row", rows);
  }
  const flat = !Array.isArray(rows[0]);
  if (flat && axes.length > 1) {
    throw shape(name, `payload.values must have rows of ${axes.length} numbers`, rows[0]);
  }
  const values = new Float32Array(rows.length * axes.length);
  let at = 0;
  for (const [index, row] of rows.entries()) {
    const cells: readonly unknown[] = flat ? [row] : row;
    if (!Array.isArray(cells) || cells.length !== axes.length) {
      const expected = axes.length === 1 ? "1 number" : `${axes.length} numbers`;
      throw shape(name, `row ${index + 1} must have ${expected}`, row);
    }
    for (const [column, cell] of cells.entries()) {
      const value = numberOf(cell);
      if (value === undefined || !Number.isFinite(Math.fround(value))) {
        throw unreadable(
          "acquisition-value",
          name,
          `row ${index + 1}, axis ${describe(axes[column]!.name)} must be a finite number, got ${describe(cell)}`,
        );
      }
      values[at++] = value;
    }
  }
  return values;
}

function metadataOf(name: string, payload: Fields): { [key: string]: string } {
  if (typeof payload.device_type !== "string") {
    throw shape(name, "payload.device_type must be text", payload.device_type);
  }
  if (payload.device_name === undefined) return { device_type: payload.device_type };
  if (typeof payload.device_name !== "string") {
    throw shape(name, "payload.device_name must be text", payload.device_name);
  }
  return { device_name: payload.device_name, device_type: payload.device_type };
}

/**
 * Verifies a signature over the received bytes: null when unsigned or without a key. Clients take
 * the key as text; the Go client decodes its hexadecimal digits first, so both readings hold.
 */
function verify(
  name: string,
  bytes: Uint8Array,
  signature: unknown,
  algorithm: "HS256" | "none",
  key: string | undefined,
): boolean | null {
  if (typeof signature !== "string" || !/^[0-9a-f]{64}$/.test(signature)) {
    const length = typeof signature === "string" ? ` (${signature.length} characters)` : "";
    throw unreadable(
      "acquisition-shape",
      name,
      `signature must be 64 lower-case hexadecimal digits, got ${describe(signature)}${length}`,
    );
  }
  if (key === undefined || algorithm === "none" || signature === UNSIGNED) return null;
  const at = indexOfBytes(bytes, utf8(signature));
  if (at < 0) return false; // written with escapes, which no client does
  const unsigned = bytes.slice();
  unsigned.fill(0x30, at, at + 64);
  const expected = fromHex(signature)!;
  const readings = [utf8(key), fromHex(key)];
  return readings.some(
    (reading) =>
      reading !== undefined && equalConstantTime(hmacSha256(reading, unsigned), expected),
  );
}
