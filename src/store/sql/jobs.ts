/**
 * The table of jobs. Every change of state is one conditional UPDATE, so that of two processes which
 * try the same, one succeeds and the other sees that it did not.
 */
import type { Selectable, Transaction, Updateable } from "kysely";
import type { Claim, Job, JobQueue, JobStatus } from "../store.ts";
import { type Db, requireProject, type SqlContext, toJson } from "./context.ts";
import type { JobTable, Tables } from "./tables.ts";

export type JobRow = Selectable<JobTable>;

const CAN_BE_CANCELLED: readonly JobStatus[] = ["queued", "running", "interrupted"];
const CAN_BE_QUEUED: readonly JobStatus[] = ["failed", "cancelled", "interrupted"];

export function sqlJobs(context: SqlContext): JobQueue {
  const { db, now } = context;

  /** Marks running jobs as interrupted: those with a lease before `untilMs`, or all. */
  const interrupt = async (on: Db, untilMs?: number): Promise<string[]> => {
    let query = on
      .updateTable("jobs")
      .set({ status: "interrupted", lease_until: null, ended_at: now() })
      .where("status", "=", "running");
    if (untilMs !== undefined) query = query.where("lease_until", "<", untilMs);
    return (await query.returning("id").execute()).map((row) => row.id);
  };

  const change = async (
    id: string,
    from: readonly JobStatus[],
    values: Updateable<JobTable>,
  ): Promise<boolean> => {
    const { numUpdatedRows } = await db
      .updateTable("jobs")
      .set(values)
      .where("id", "=", id)
      .where("status", "in", from)
      .executeTakeFirstOrThrow();
    return numUpdatedRows === 1n;
  };

  return {
    enqueue: (project, kind, request) =>
      db.transaction().execute(async (transaction) => {
        return jobOf(await insertJob(context, transaction, project, kind, request));
      }),
    get: async (id) => {
      const row = await db.selectFrom("jobs").selectAll().where("id", "=", id).executeTakeFirst();
      return row && jobOf(row);
    },
    list: async (status) => {
      let query = db.selectFrom("jobs").selectAll().orderBy("id");
      if (status) query = query.where("status", "=", status);
      return (await query.execute()).map(jobOf);
    },
    claim: (worker, leaseMs, kinds) =>
      db.transaction().execute(async (transaction) => {
        await interrupt(transaction, now());
        let oldest = transaction
          .selectFrom("jobs")
          .select("id")
          .where("status", "=", "queued")
          .orderBy("id")
          .limit(1);
        if (kinds) oldest = oldest.where("kind", "in", kinds);
        const row = await transaction
          .updateTable("jobs")
          .set((column) => ({
            status: "running",
            worker,
            lease_until: now() + leaseMs,
            attempts: column("attempts", "+", 1),
            started_at: now(),
          }))
          .where("id", "=", oldest)
          .where("status", "=", "queued")
          .returningAll()
          .executeTakeFirst();
        return row && jobOf(row);
      }),
    heartbeat: (claim, leaseMs, progress) =>
      changeClaimed(db, claim, {
        lease_until: now() + leaseMs,
        ...(progress && { phase: progress.phase, done: progress.done, message: progress.message }),
      }),
    complete: (claim) => changeClaimed(db, claim, ended("done", now())),
    fail: (claim, error) =>
      changeClaimed(db, claim, { ...ended("failed", now()), error: toJson(error) }),
    cancel: (id) => change(id, CAN_BE_CANCELLED, ended("cancelled", now())),
    requeue: (id) =>
      change(id, CAN_BE_QUEUED, {
        status: "queued",
        phase: "",
        done: 0,
        message: "",
        error: null,
        worker: null,
        started_at: null,
        ended_at: null,
      }),
    expire: () => interrupt(db, now()),
    interruptAll: () => interrupt(db),
  };
}

/** Columns of a job that has come to its end. */
export const ended = (status: JobStatus, endedAt: number): Updateable<JobTable> => ({
  status,
  lease_until: null,
  ended_at: endedAt,
});

/** Changes a job that is still running under `claim`; false when it is not. */
export async function changeClaimed(
  db: Db,
  claim: Claim,
  values: Updateable<JobTable>,
): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable("jobs")
    .set(values)
    .where("id", "=", claim.id)
    .where("worker", "=", claim.worker)
    .where("attempts", "=", claim.attempts)
    .where("status", "=", "running")
    .executeTakeFirstOrThrow();
  return numUpdatedRows === 1n;
}

/** Inserts a queued job. @throws UserError `project-missing` */
export async function insertJob(
  { now, newId }: SqlContext,
  transaction: Transaction<Tables>,
  project: string,
  kind: string,
  request: unknown,
): Promise<JobRow> {
  await requireProject(transaction, project);
  return transaction
    .insertInto("jobs")
    .values({
      id: newId(),
      project,
      kind,
      request: toJson(request),
      status: "queued",
      created_at: now(),
    })
    .returningAll()
    .executeTakeFirstOrThrow();
}

export function jobOf(row: JobRow): Job {
  return {
    id: row.id,
    project: row.project,
    kind: row.kind,
    request: JSON.parse(row.request),
    status: row.status,
    phase: row.phase,
    done: row.done,
    message: row.message,
    error: row.error === null ? null : JSON.parse(row.error),
    worker: row.worker,
    leaseUntil: row.lease_until,
    attempts: row.attempts,
    createdAt: row.created_at,
    startedAt: row.started_at,
    endedAt: row.ended_at,
  };
}
