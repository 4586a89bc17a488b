/** What SQLite's result codes mean to a person (https://www.sqlite.org/rescode.html). */
import { UserError } from "../../base/errors.ts";
import { damaged, diskFull, notWritable } from "../failures.ts";

const BUSY = 5;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;
/** The file that processes share cannot grow: SQLite has no other way to say that the disk is full. */
const IOERR_SHMSIZE = IOERR | (19 << 8);

/** The extended result code of an error of `node:sqlite`, or undefined for any other error. */
function codeOf(error: unknown): number | undefined {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  return typeof code === "number" ? code : undefined;
}

const primary = (code: number | undefined): number => (code ?? 0) & 0xff;

/** Whether another connection holds the lock. */
export function isBusy(error: unknown): boolean {
  return primary(codeOf(error)) === BUSY;
}

/** The UserError for an error of `node:sqlite` that a person can mend; any other as it is. */
export function sqliteFailure(error: unknown): unknown {
  const code = codeOf(error);
  if (code === IOERR_SHMSIZE) return diskFull(error);
  switch (primary(code)) {
    case BUSY:
      return new UserError(
        "store-busy",
        "store: a writer must give way within 10 s, got a database that stayed locked",
        "End the other tinsmith process, or wait for it",
      );
    case READONLY:
    case CANTOPEN:
      return notWritable(error);
    case IOERR:
      return new UserError(
        "disk-failed",
        `store: the disk of the home must work, got "${(error as Error).message}"`,
        "Check the disk, or choose another --home",
      );
    case CORRUPT:
    case NOTADB:
      return damaged((error as Error).message);
    case FULL:
      return diskFull(error);
    default:
      return error;
  }
}
