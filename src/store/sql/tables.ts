/**
 * The tables, in the part of SQL that SQLite and PostgreSQL share: text ids, times and sizes as
 * integers, JSON as text. `migrations.ts` makes them.
 */
import type { Generated } from "kysely";
import type { JobStatus } from "../store.ts";

export type Tables = {
  readonly version: { number: number };
  readonly projects: { id: string; name: string; created_at: number };
  readonly samples: {
    id: string;
    project: string;
    name: string;
    label: string | null;
    /** JSON. */
    segments: string | null;
    category: string | null;
    /** JSON. */
    axes: string;
    interval_ms: number;
    rows: number;
    /** JSON. */
    metadata: string;
    /** 0, 1 or null. */
    signature_validates: number | null;
    blob: string;
    created_at: number;
  };
  readonly recipes: { project: string; recipe: string };
  readonly jobs: JobTable;
  readonly runs: {
    /** That of the job. */
    id: string;
    seed: number;
    /** JSON. */
    report: string | null;
    /** Blob of JSON. */
    details: string | null;
  };
  readonly artefacts: { run: string; path: string; size: number; blob: string };
};

export type JobTable = {
  id: string;
  project: string;
  kind: string;
  /** JSON. */
  request: string;
  status: JobStatus;
  phase: Generated<string>;
  done: Generated<number>;
  message: Generated<string>;
  /** JSON. */
  error: string | null;
  worker: string | null;
  lease_until: number | null;
  attempts: Generated<number>;
  created_at: number;
  started_at: number | null;
  ended_at: number | null;
};
