/**
 * Kysely on `node:sqlite`: one connection, which Kysely hands to one query or transaction at a time.
 * Transactions take the write lock when they begin, so that what they have read stays true. Waiting
 * for another process is done with timers instead of SQLite's own busy handler, which would stop
 * the event loop and everything that is served from it.
 */
import type { DatabaseSync, SQLInputValue } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CompiledQuery,
  type DatabaseConnection,
  type Dialect,
  type Driver,
  type QueryResult,
  SqliteAdapter,
  SqliteIntrospector,
  SqliteQueryCompiler,
} from "kysely";
import { isBusy, sqliteFailure } from "./errors.ts";

const BUSY_TIMEOUT_MS = 10_000;
const LONGEST_PAUSE_MS = 5;

/** The dialect over an open database (with `timeout: 0`), which Kysely's `destroy` closes. */
export function nodeSqliteDialect(database: DatabaseSync): Dialect {
  const connection = connect(database);
  const run = (sql: string): Promise<unknown> => connection.executeQuery(CompiledQuery.raw(sql));
  const driver: Driver = {
    init: async () => {},
    acquireConnection: async () => connection,
    beginTransaction: async () => void (await run("begin immediate")),
    commitTransaction: async () => void (await run("commit")),
    // SQLite has rolled back already after some failures, such as a full disk.
    rollbackTransaction: async () => void (database.isTransaction && (await run("rollback"))),
    releaseConnection: async () => {},
    destroy: async () => database.close(),
  };
  return {
    createDriver: () => driver,
    createAdapter: () => new SqliteAdapter(),
    createQueryCompiler: () => new SqliteQueryCompiler(),
    createIntrospector: (db) => new SqliteIntrospector(db),
  };
}

function connect(database: DatabaseSync): DatabaseConnection {
  return {
    executeQuery: <R>({ sql, parameters }: CompiledQuery) =>
      whenFree(() => execute<R>(database, sql, parameters as readonly SQLInputValue[])),
    streamQuery: () => {
      throw new Error("streamQuery: not used by the store");
    },
  };
}

function execute<R>(
  database: DatabaseSync,
  sql: string,
  parameters: readonly SQLInputValue[],
): QueryResult<R> {
  const statement = database.prepare(sql);
  if (statement.columns().length > 0) return { rows: statement.all(...parameters) as R[] };
  const { changes } = statement.run(...parameters);
  return { rows: [], numAffectedRows: BigInt(changes) };
}

/**
 * Runs `work` again while another process holds the lock, for up to 10 s.
 * @throws UserError for what SQLite reports of the disk and the file
 */
export async function whenFree<T>(work: () => T): Promise<T> {
  const endMs = performance.now() + BUSY_TIMEOUT_MS;
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
    try {
      return work();
    } catch (error) {
      if (!isBusy(error) || performance.now() > endMs) throw sqliteFailure(error);
    }
    await sleep(pauseMs);
  }
}
