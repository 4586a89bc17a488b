/** The table of samples; their values are blobs. */
import type { Selectable, Transaction } from "kysely";
import { UserError } from "../../base/errors.ts";
import { type Category, rowsOf, type Sample } from "../../samples/sample.ts";
import type { AddOutcome, SampleChange, SampleStore, StoredSample } from "../store.ts";
import {
  freeBlobs,
  missing,
  requireProject,
  type SqlContext,
  toJson,
  withBlobs,
} from "./context.ts";
import type { Tables } from "./tables.ts";

type Row = Selectable<Tables["samples"]>;

export function sqlSamples(context: SqlContext): SampleStore {
  const { db, blobs } = context;
  const get = async (id: string): Promise<StoredSample | undefined> => {
    const row = await db.selectFrom("samples").selectAll().where("id", "=", id).executeTakeFirst();
    return row && sampleOf(row);
  };
  const list = async (project: string): Promise<StoredSample[]> => {
    const rows = await db
      .selectFrom("samples")
      .selectAll()
      .where("project", "=", project)
      .orderBy("name")
      .execute();
    return rows.map(sampleOf);
  };
  const valuesOf = async (sample: StoredSample): Promise<Float32Array> =>
    toFloats(await blobs.get(sample.blob, { verify: true }));
  return {
    get,
    list,
    add: (project, samples) =>
      withBlobs(context, samples.map(bytesOf), async (transaction, hashes) => {
        await requireProject(transaction, project);
        const outcomes: AddOutcome[] = [];
        for (const [i, sample] of samples.entries()) {
          outcomes.push(await addOne(context, transaction, project, sample, hashes[i]!));
        }
        return outcomes;
      }),
    values: async (id) => {
      const sample = await get(id);
      if (!sample) throw missing("sample", id);
      return valuesOf(sample);
    },
    load: async (project) => {
      const samples: Sample[] = [];
      for (const stored of await list(project)) {
        const { id, project: _, rows, blob, createdAt, ...sample } = stored;
        samples.push({ ...sample, values: await valuesOf(stored) });
      }
      return samples;
    },
    update: async (id, change) => {
      const row = await db
        .updateTable("samples")
        // The id is set so that a change without any field is a statement as well.
        .set({ id, ...columnsOf(change) })
        .where("id", "=", id)
        .returningAll()
        .executeTakeFirst();
      if (!row) throw missing("sample", id);
      return sampleOf(row);
    },
    delete: async (id) => {
      const row = await db
        .deleteFrom("samples")
        .where("id", "=", id)
        .returning("blob")
        .executeTakeFirst();
      if (!row) throw missing("sample", id);
      await freeBlobs(context, [row.blob]);
    },
  };
}

async function addOne(
  { now, newId }: SqlContext,
  transaction: Transaction<Tables>,
  project: string,
  sample: Sample,
  blob: string,
): Promise<AddOutcome> {
  const row: Row = {
    id: newId(),
    project,
    name: sample.name,
    label: sample.label ?? null,
    segments: sample.segments ? toJson(sample.segments) : null,
    category: sample.category ?? null,
    axes: toJson(sample.axes.map(({ name, units }) => ({ name, units }))),
    interval_ms: sample.intervalMs,
    rows: rowsOf(sample),
    metadata: toJson(sample.metadata),
    signature_validates: sample.signatureValidates === null ? null : +sample.signatureValidates,
    blob,
    created_at: now(),
  };
  const present = await transaction
    .selectFrom("samples")
    .selectAll()
    .where("project", "=", project)
    .where("name", "=", sample.name)
    .executeTakeFirst();
  if (!present) {
    await transaction.insertInto("samples").values(row).execute();
    return { sample: sampleOf(row), added: true };
  }
  const same =
    present.blob === row.blob &&
    present.axes === row.axes &&
    present.interval_ms === row.interval_ms;
  if (same) return { sample: sampleOf(present), added: false };
  const problem = new UserError(
    "sample-exists",
    `sample: a name must be new in its project, got "${sample.name}" with another signal`,
    "Delete the one that is there first, or rename the file",
  );
  return { problem };
}

function columnsOf(change: SampleChange): Partial<Row> {
  const columns: Partial<Row> = {};
  if (change.label !== undefined) {
    columns.label = change.label;
    if (change.label !== null) columns.segments = null;
  }
  if (change.segments !== undefined) {
    columns.segments = change.segments && toJson(change.segments);
  }
  if (change.category !== undefined) columns.category = change.category;
  return columns;
}

function sampleOf(row: Row): StoredSample {
  return {
    id: row.id,
    project: row.project,
    name: row.name,
    label: row.label ?? undefined,
    ...(row.segments === null ? {} : { segments: JSON.parse(row.segments) }),
    category: (row.category as Category | null) ?? undefined,
    axes: JSON.parse(row.axes),
    intervalMs: row.interval_ms,
    rows: row.rows,
    metadata: JSON.parse(row.metadata),
    signatureValidates: row.signature_validates === null ? null : row.signature_validates === 1,
    blob: row.blob,
    createdAt: row.created_at,
  };
}

/** The values as they lie in memory: every machine that Node 24 runs on here is little-endian. */
const bytesOf = ({ values }: Sample): Uint8Array =>
  new Uint8Array(values.buffer, values.byteOffset, values.byteLength);

function toFloats(bytes: Uint8Array): Float32Array {
  const aligned = bytes.byteOffset % Float32Array.BYTES_PER_ELEMENT === 0 ? bytes : bytes.slice();
  return new Float32Array(
    aligned.buffer as ArrayBuffer,
    aligned.byteOffset,
    aligned.byteLength / Float32Array.BYTES_PER_ELEMENT,
  );
}
