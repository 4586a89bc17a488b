/**
 * The Store port: what survives a restart. Projects hold samples, one recipe and runs; a run is the
 * result of a job, and jobs are worked on under leases. SQLite with blobs on disk serves one machine,
 * PostgreSQL with S3 a team; `store.contract.ts` is what both promise. Recipes, requests, reports
 * and details are opaque JSON here.
 *
 * What a method has acknowledged (its promise resolved) survives kill -9 and a power cut. A method
 * that fails changes nothing. Ids are opaque text, safe in a URL, and sort by creation. Times are
 * milliseconds since 1970. Any method may throw the UserErrors `disk-full`, `disk-failed`,
 * `home-not-writable`, `store-damaged` and `store-busy`.
 */
import type { UserError } from "../base/errors.ts";
import type { Category, Sample, Segment } from "../samples/sample.ts";
import type { BlobStore } from "./blobs.ts";

export type Store = {
  readonly projects: ProjectStore;
  readonly samples: SampleStore;
  readonly recipes: RecipeStore;
  readonly jobs: JobQueue;
  readonly runs: RunStore;
  readonly artefacts: ArtefactStore;
  readonly blobs: BlobStore;
  /**
   * Deletes blobs that nothing refers to; safe while others put.
   * @param options.graceMs blobs that were put more recently stay. @default 600 000 (10 minutes)
   */
  collectGarbage(options?: { readonly graceMs?: number }): Promise<Freed>;
  close(): Promise<void>;
};

export type Freed = { readonly blobs: number; readonly bytes: number };

export type Project = { readonly id: string; readonly name: string; readonly createdAt: number };

export type ProjectStore = {
  /** @throws UserError `project-name` (empty, longer than 200), `project-exists` (names are unique) */
  create(name: string): Promise<Project>;
  get(id: string): Promise<Project | undefined>;
  findByName(name: string): Promise<Project | undefined>;
  /** By time of creation. */
  list(): Promise<readonly Project[]>;
  /**
   * Deletes a project with all it holds and frees its blobs. Workers on its jobs learn of it from
   * their next heartbeat.
   * @throws UserError `project-missing`
   */
  delete(id: string): Promise<void>;
};

/** A sample without its values. */
export type StoredSample = Omit<Sample, "values"> & {
  readonly id: string;
  readonly project: string;
  readonly rows: number;
  /** Blob of the values: float32, little-endian, row-major, [rows, axes.length]. */
  readonly blob: string;
  readonly createdAt: number;
};

export type AddOutcome =
  | { readonly sample: StoredSample; readonly added: boolean }
  | { readonly problem: UserError };

export type SampleChange = {
  /** Null takes the label away. A new label applies to all rows and removes segments. */
  readonly label?: string | null;
  readonly segments?: readonly Segment[] | null;
  readonly category?: Category | null;
};

export type SampleStore = {
  /**
   * Adds samples, all of them or none: one upload is one call. A name that is there with the same
   * signal gives the sample that is there, with its edits; a name that is there with another
   * signal gives a problem (UserError `sample-exists`) and leaves the others alone.
   * @returns one outcome for each sample, in order
   * @throws UserError `project-missing`
   */
  add(project: string, samples: readonly Sample[]): Promise<readonly AddOutcome[]>;
  get(id: string): Promise<StoredSample | undefined>;
  /** Of a project, by name (in the order of code points). */
  list(project: string): Promise<readonly StoredSample[]>;
  /**
   * Values of a sample, verified against their hash.
   * @throws UserError `sample-missing`, `blob-missing`, `blob-damaged`
   */
  values(id: string): Promise<Float32Array>;
  /** All samples of a project with their values, by name, as the pipeline takes them. */
  load(project: string): Promise<readonly Sample[]>;
  /** @throws UserError `sample-missing` */
  update(id: string, change: SampleChange): Promise<StoredSample>;
  /** @throws UserError `sample-missing` */
  delete(id: string): Promise<void>;
};

export type RecipeStore = {
  /** Undefined when the designer chooses. */
  get(project: string): Promise<unknown>;
  /** @throws UserError `project-missing` */
  put(project: string, recipe: unknown): Promise<void>;
  delete(project: string): Promise<void>;
};

/**
 * queued → running → done | failed | cancelled | interrupted. `interrupted` is a job whose worker
 * died: its lease expired. All but `done` can be queued again.
 */
export type JobStatus = "queued" | "running" | "done" | "failed" | "cancelled" | "interrupted";

export type Progress = {
  readonly phase: string;
  /** Share of the phase, 0 to 1. */
  readonly done: number;
  readonly message: string;
};

/** Why a job failed: the fields of a UserError, or `internal` for a defect. */
export type Failure = { readonly code: string; readonly message: string; readonly hint?: string };

export type Job = Progress & {
  readonly id: string;
  readonly project: string;
  /** What is to be done, `run` for a run; workers may claim some kinds only. */
  readonly kind: string;
  /** What the job was given: opaque JSON. */
  readonly request: unknown;
  readonly status: JobStatus;
  readonly error: Failure | null;
  /** Who works on it, or did so last. */
  readonly worker: string | null;
  /** While it runs: when the worker counts as dead unless it sends a heartbeat. */
  readonly leaseUntil: number | null;
  /** How often it has been claimed. */
  readonly attempts: number;
  readonly createdAt: number;
  readonly startedAt: number | null;
  readonly endedAt: number | null;
};

/** What a worker shows to act on a job: the job as `claim` gave it. */
export type Claim = Pick<Job, "id" | "worker" | "attempts">;

/**
 * Work under leases. `heartbeat`, `complete` and `fail` act only while the job is running under
 * that claim, and give false when it no longer is (cancelled, expired, claimed again, deleted):
 * then the worker stops and drops what it has.
 */
export type JobQueue = {
  /** @throws UserError `project-missing` */
  enqueue(project: string, kind: string, request: unknown): Promise<Job>;
  get(id: string): Promise<Job | undefined>;
  /** By time of creation. @param status only those. @default all */
  list(status?: JobStatus): Promise<readonly Job[]>;
  /**
   * Marks expired leases as interrupted, then takes the oldest queued job.
   * @param kinds only those. @default all
   */
  claim(worker: string, leaseMs: number, kinds?: readonly string[]): Promise<Job | undefined>;
  /** Extends the lease to now + `leaseMs` and records progress; once in a second is plenty. */
  heartbeat(claim: Claim, leaseMs: number, progress?: Progress): Promise<boolean>;
  /** For jobs without a result; a run ends with `RunStore.finish`. */
  complete(claim: Claim): Promise<boolean>;
  fail(claim: Claim, error: Failure): Promise<boolean>;
  /** Takes effect at once when queued, running or interrupted; false when it had ended already. */
  cancel(id: string): Promise<boolean>;
  /** Queues a failed, cancelled or interrupted job again; false in any other state. */
  requeue(id: string): Promise<boolean>;
  /** Marks running jobs whose lease has expired as interrupted; gives their ids. */
  expire(): Promise<readonly string[]>;
  /**
   * Marks every running job as interrupted; gives their ids. Only for the one process that holds
   * the home (`lockHome`), before it starts workers: whoever worked on them is dead.
   */
  interruptAll(): Promise<readonly string[]>;
};

/** A run is a job of kind `run` (the ids are equal) with a seed and, when done, a result. */
export type Run = Omit<Job, "kind"> & { readonly seed: number };

export type RunResult = {
  /** Opaque JSON: the report of the pipeline. */
  readonly report: unknown;
  /** Opaque JSON, may be large: training history, scatter; null when there is none. */
  readonly details: unknown;
};

export type ArtefactFile = {
  /** Relative, with `/`, no empty, `.` or `..` part. */
  readonly path: string;
  readonly bytes: Uint8Array;
};

export type RunStore = {
  /** Creates a run and queues its job. @throws UserError `project-missing` */
  create(
    project: string,
    options: { readonly seed: number; readonly request?: unknown },
  ): Promise<Run>;
  get(id: string): Promise<Run | undefined>;
  /** Of a project, by time of creation. */
  list(project: string): Promise<readonly Run[]>;
  /**
   * Stores result and artefacts and completes the job, all or nothing.
   * @returns false as `JobQueue.complete` does, and then nothing was stored
   * @throws UserError `artefact-path`
   */
  finish(
    claim: Claim,
    result: RunResult & { readonly artefacts: readonly ArtefactFile[] },
  ): Promise<boolean>;
  /** Undefined unless done. */
  result(id: string): Promise<RunResult | undefined>;
  /** Deletes a run with its job, result and artefacts. @throws UserError `run-missing` */
  delete(id: string): Promise<void>;
};

export type Artefact = {
  readonly run: string;
  readonly path: string;
  /** Size in bytes. */
  readonly size: number;
  readonly blob: string;
};

export type ArtefactStore = {
  /** By path. */
  list(run: string): Promise<readonly Artefact[]>;
  /** Bytes of a file, verified against their hash; undefined when the run has no such file. */
  read(run: string, path: string): Promise<Uint8Array | undefined>;
};
