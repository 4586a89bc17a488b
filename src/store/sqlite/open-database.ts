/** Opens the database file of a home and brings it to the newest version. */
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import { migrate } from "../sql/migrations.ts";
import type { Tables } from "../sql/tables.ts";
import { nodeSqliteDialect, whenFree } from "./dialect.ts";

/**
 * Write-ahead logging lets readers go on while one writes; `synchronous = full` makes a commit
 * survive a power cut.
 */
const SETTINGS = "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;";

/** @throws UserError `disk-full`, `home-not-writable`, `store-damaged`, `store-newer` */
export async function openDatabase(path: string): Promise<Kysely<Tables>> {
  const database = await whenFree(() => new DatabaseSync(path, { timeout: 0 }));
  try {
    await whenFree(() => database.exec(SETTINGS));
    const db = new Kysely<Tables>({ dialect: nodeSqliteDialect(database) });
    await migrate(db);
    return db;
  } catch (error) {
    database.close();
    throw error;
  }
}
