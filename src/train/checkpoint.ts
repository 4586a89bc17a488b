/**
 * Where a training stands at the end of an epoch, as bytes: everything that the epochs to come
 * depend on. Magic, length of a JSON header, header, arrays one after another, SHA-256 of all that
 * (little-endian). A checkpoint belongs to one training: its fingerprint covers graph, data, rows
 * and options. Reading trusts nothing, and changes nothing when it refuses.
 */
import { equalConstantTime, fromUtf8, toHex, utf8 } from "../base/bytes.ts";
import { UserError } from "../base/errors.ts";
import type { Rng, RngState } from "../base/rng.ts";
import { sha256, sha256Hex } from "../base/sha256.ts";
import type { Graph } from "../graph/graph.ts";
import { serializeGraph } from "../graph/serialize.ts";
import type { TypedArray } from "../tensor/tensor.ts";
import type { EpochMetrics } from "./epoch-metrics.ts";
import type { EpochReport } from "./epoch-report.ts";

/** What a training changes from epoch to epoch; restored in place. */
export type TrainingState = {
  readonly history: EpochReport[];
  readonly rngs: readonly Rng[];
  /** The training rows in the order of the last epoch. */
  readonly order: Int32Array;
  /** Parameters, moments and whatever else the optimizer keeps, and the best parameters. */
  readonly arrays: readonly TypedArray[];
};

const MAGIC = utf8("TINCKPT1");
const HEAD_BYTES = MAGIC.length + 4;
const HASH_BYTES = 32;

/**
 * Names a training: two that are equal in this go through the same states.
 * @param step the graph of a step, with its data and initial parameters
 * @param options all else that has a say; functions in it do not count
 */
export function fingerprintOf(
  step: Graph,
  rows: readonly Int32Array[],
  options: { readonly [name: string]: unknown },
): string {
  const { json, weights } = serializeGraph(step);
  const sorted = Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1));
  const parts = [utf8(json), weights, ...rows.map(bytesOf), utf8(JSON.stringify(sorted))];
  return sha256Hex(utf8(parts.map((part) => toHex(sha256(part))).join(" ")));
}

/** Writes the state; the same state gives the same bytes. */
export function writeCheckpoint(fingerprint: string, state: TrainingState): Uint8Array {
  const header = utf8(
    JSON.stringify({
      fingerprint,
      rngs: state.rngs.map((rng) => rng.save()),
      history: state.history.map((report) => [
        ...[report.loss, report.validationLoss, report.validationAccuracy].map(encodeNumber),
        ...(report.metrics ? [encodeMetrics(report.metrics)] : []),
      ]),
    }),
  );
  const arrays = arraysOf(state);
  const size = arrays.reduce((sum, array) => sum + array.byteLength, 0);
  const bytes = new Uint8Array(HEAD_BYTES + header.length + size + HASH_BYTES);
  bytes.set(MAGIC);
  new DataView(bytes.buffer).setUint32(MAGIC.length, header.length, true);
  bytes.set(header, HEAD_BYTES);
  let at = HEAD_BYTES + header.length;
  for (const array of arrays) {
    bytes.set(bytesOf(array), at);
    at += array.byteLength;
  }
  bytes.set(sha256(bytes.subarray(0, at)), at);
  return bytes;
}

/**
 * Puts a training back where a checkpoint of it was written.
 * @param state of the training's beginning, with an empty history
 * @throws UserError `checkpoint`: broken bytes, or those of another training
 */
export function readCheckpoint(bytes: Uint8Array, fingerprint: string, state: TrainingState): void {
  const end = bytes.length - HASH_BYTES;
  if (end < HEAD_BYTES || MAGIC.some((byte, i) => bytes[i] !== byte))
    throw refusal("the bytes must begin and end as a checkpoint does", `${bytes.length} bytes`);
  if (!equalConstantTime(sha256(bytes.subarray(0, end)), bytes.subarray(end)))
    throw refusal("the checksum must fit the content", "another");
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headerEnd = HEAD_BYTES + view.getUint32(MAGIC.length, true);
  const header = parseHeader(bytes.subarray(HEAD_BYTES, Math.min(headerEnd, end)));
  if (header.fingerprint !== fingerprint)
    throw new UserError(
      "checkpoint",
      "resume: model, data and options must be those of the checkpoint, got others",
      "Start the training anew, or resume it with what it was started with.",
    );
  const arrays = arraysOf(state);
  const size = arrays.reduce((sum, array) => sum + array.byteLength, 0);
  if (headerEnd + size !== end)
    throw refusal(`the arrays must have ${size} bytes`, `${end - headerEnd}`);
  if (header.rngs.length !== state.rngs.length)
    throw refusal(`there must be ${state.rngs.length} generators`, `${header.rngs.length}`);
  const order = new Int32Array(bytes.slice(headerEnd, headerEnd + state.order.byteLength).buffer);
  const [sorted, expected] = [order.toSorted(), state.order.toSorted()];
  if (sorted.some((row, i) => row !== expected[i]))
    throw refusal("the order must hold the training rows", "other rows");
  let at = headerEnd;
  for (const array of arrays) {
    bytesOf(array).set(bytes.subarray(at, at + array.byteLength));
    at += array.byteLength;
  }
  for (const [i, rng] of state.rngs.entries()) rng.restore(header.rngs[i]!);
  state.history.push(...header.history);
}

type Header = {
  readonly fingerprint: string;
  readonly rngs: readonly RngState[];
  readonly history: readonly EpochReport[];
};

function parseHeader(bytes: Uint8Array): Header {
  const broken = refusal("the header must be that of a checkpoint", "another");
  let root: unknown;
  try {
    root = JSON.parse(fromUtf8(bytes) ?? "");
  } catch {
    throw broken;
  }
  if (typeof root !== "object" || root === null) throw broken;
  const { fingerprint, rngs, history } = root as { readonly [name: string]: unknown };
  if (typeof fingerprint !== "string" || !Array.isArray(rngs) || !Array.isArray(history))
    throw broken;
  if (history.length === 0 || !rngs.every(isRngState)) throw broken;
  return {
    fingerprint,
    rngs,
    history: history.map((entry: unknown, i) => {
      if (!Array.isArray(entry) || entry.length < 3 || entry.length > 4) throw broken;
      const [loss, validationLoss, validationAccuracy] = entry.slice(0, 3).map(decodeNumber);
      if (typeof loss !== "number" || validationLoss === undefined) throw broken;
      if (validationAccuracy === undefined) throw broken;
      const metrics = entry.length === 4 ? decodeMetrics(entry[3]) : undefined;
      if (metrics === null) throw broken;
      const report = { epoch: i + 1, loss, validationLoss, validationAccuracy };
      return metrics ? { ...report, metrics } : report;
    }),
  };
}

function isRngState(value: unknown): value is RngState {
  const isWord = (word: unknown): boolean => typeof word === "number" && word === word >>> 0;
  return Array.isArray(value) && value.length === 4 && value.every(isWord) && value.some(Boolean);
}

const NOT_FINITE = ["NaN", "Infinity", "-Infinity"];

/** JSON has no numbers that are not finite; a loss may be one. */
const encodeNumber = (value: number | null): number | string | null =>
  value === null || Number.isFinite(value) ? value : String(value);

/** Undefined when it is none of ours. */
function decodeNumber(value: unknown): number | null | undefined {
  if (typeof value === "string" && NOT_FINITE.includes(value)) return Number(value);
  return value === null || typeof value === "number" ? value : undefined;
}

const encodeMetrics = (metrics: EpochMetrics): { readonly [name: string]: unknown } =>
  Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, encodeNumber(value)]));

/** Null when they are none of ours. */
function decodeMetrics(value: unknown): EpochMetrics | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  const entries = Object.entries(value).map(([name, held]) => [name, decodeNumber(held)] as const);
  const areNumbers = entries.every(([, held]) => typeof held === "number");
  return areNumbers ? (Object.fromEntries(entries) as EpochMetrics) : null;
}

const arraysOf = ({ order, arrays }: TrainingState): TypedArray[] => [order, ...arrays];

const bytesOf = (array: TypedArray): Uint8Array =>
  new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const refusal = (rule: string, got: string): UserError =>
  new UserError(
    "checkpoint",
    `resume: ${rule}, got ${got}`,
    "Use an earlier checkpoint of the same training, or start it anew.",
  );
