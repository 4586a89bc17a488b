/** Failures of disks and folders as UserErrors, the same for SQLite and for blobs. */
import { UserError } from "../base/errors.ts";

export function diskFull(cause: unknown): UserError {
  return withCause(
    new UserError(
      "disk-full",
      "store: writing needs free space, got a full disk; nothing stored was lost",
      "Free some space on the disk of the home and try again",
    ),
    cause,
  );
}

export function notWritable(cause: unknown): UserError {
  return withCause(
    new UserError(
      "home-not-writable",
      `store: the home must be writable, got "${messageOf(cause)}"`,
      "Choose a folder of your own with --home",
    ),
    cause,
  );
}

export function damaged(what: string): UserError {
  return new UserError(
    "store-damaged",
    `store: the database must be intact, got "${what}"`,
    "Restore tinsmith.sqlite from a copy, or start with another --home",
  );
}

/** The UserError for an error of `node:fs` that a person can mend; any other as it is. */
export function fileFailure(error: unknown): unknown {
  switch ((error as { code?: unknown } | null)?.code) {
    case "ENOSPC":
    case "EDQUOT":
      return diskFull(error);
    case "EACCES":
    case "EPERM":
    case "EROFS":
      return notWritable(error);
    default:
      return error;
  }
}

function withCause(error: UserError, cause: unknown): UserError {
  error.cause = cause;
  return error;
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : `${error}`);
