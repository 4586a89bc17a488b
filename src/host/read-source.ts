/**
 * Finds the files of a source: a folder with everything below it, an archive, or a single file.
 * Archives within are opened too; each counts as a folder of its name. Files of a folder are read
 * only when asked for. Symbolic links are not followed, so nothing outside the folder is ever read.
 * What the files mean is the matter of `samples/formats/read-files.ts`, which takes the result.
 */
import { lstat, readdir, readFile, realpath, stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { CancelledError, UserError } from "../base/errors.ts";
import { isArchiveName, openArchive, withoutArchiveExtension } from "./archives.ts";
import { type ArchiveLimits, archiveError, type Budget, makeBudget } from "./budget.ts";

export type SourceFile = {
  /** Path within the source, with `/`; unique. */
  readonly path: string;
  /** Reads the file. @throws UserError `file-unreadable` */
  readonly bytes: () => Promise<Uint8Array>;
};

export type Source = {
  /** Name of the folder, archive or file, without extension. */
  readonly name: string;
  /** Sorted by path, within an archive in its order. */
  readonly files: readonly SourceFile[];
  /** What could not be opened, each as one sentence. */
  readonly problems: readonly { readonly file: string; readonly message: string }[];
  /** Paths left out: links and hidden files. */
  readonly skipped: readonly string[];
};

export type ReadSourceOptions = {
  readonly signal?: AbortSignal;
  /** Limits on archives and on the size of single files; default `ARCHIVE_LIMITS`. */
  readonly limits?: Partial<ArchiveLimits>;
};

type Walk = {
  readonly files: SourceFile[];
  /** Paths of `files`; a gzipped file and its unpacked twin would share one. */
  readonly seen: Set<string>;
  readonly problems: { file: string; message: string }[];
  readonly skipped: string[];
  readonly budget: Budget;
  readonly signal: AbortSignal | undefined;
};

/**
 * Lists the files of a source.
 * @param path a folder, an archive or a file
 * @throws UserError `source-missing`, `source-empty`, and for an archive those of `openArchive`;
 *   CancelledError
 */
export async function readSource(path: string, options: ReadSourceOptions = {}): Promise<Source> {
  const walk: Walk = {
    files: [],
    seen: new Set(),
    problems: [],
    skipped: [],
    budget: makeBudget(options.limits),
    signal: options.signal,
  };
  const root = await rootOf(path);
  const base = basename(root.path);
  if (root.isFolder) {
    await walkFolder(walk, root.path, "");
  } else if (isArchiveName(base)) {
    await addArchive(walk, await readWithin(root.path, base, walk.budget), base, "", 1);
  } else {
    addFile(walk, diskFile(root.path, base, walk.budget));
  }
  if (walk.files.length === 0 && walk.problems.length === 0) {
    throw new UserError(
      "source-empty",
      `read ${path}: source must hold recordings, got ${root.isFolder ? "an empty folder" : "an empty archive"}`,
      "Name the folder or archive that holds the recordings.",
    );
  }
  const isTable = !root.isFolder && (isLoneGzip(base) || !isArchiveName(base));
  const stem = root.isFolder ? base : withoutArchiveExtension(base);
  const name = isTable ? stem.replace(/(?<=.)\.[^.]+$/, "") : stem;
  return { name, files: walk.files, problems: walk.problems, skipped: walk.skipped };
}

async function rootOf(path: string): Promise<{ path: string; isFolder: boolean }> {
  try {
    const real = await realpath(path);
    const found = await stat(real);
    if (found.isDirectory() || found.isFile()) return { path: real, isFolder: found.isDirectory() };
  } catch (error) {
    throw new UserError(
      "source-missing",
      `read ${path}: source must be a folder, an archive or a file, got ${codeOf(error)}`,
    );
  }
  throw new UserError(
    "source-missing",
    `read ${path}: source must be a folder, an archive or a file, got a device`,
  );
}

/** Adds what a folder holds, sorted by code unit so that the order is the same everywhere. */
async function walkFolder(walk: Walk, folder: string, prefix: string): Promise<void> {
  const names = await readdir(folder).catch((error: unknown) => {
    const file = prefix === "" ? folder : prefix;
    walk.problems.push({
      file,
      message: `read ${file}: folder must be readable, got ${codeOf(error)}`,
    });
    return [];
  });
  for (const name of names.sort()) {
    if (walk.signal?.aborted) throw new CancelledError();
    const path = prefix + name;
    const onDisk = join(folder, name);
    const found = await lstat(onDisk).catch(() => undefined);
    if (name.startsWith(".") || found === undefined) {
      walk.skipped.push(path);
    } else if (found.isDirectory()) {
      await walkFolder(walk, onDisk, `${path}/`);
    } else if (!found.isFile()) {
      const kind = found.isSymbolicLink() ? "a symbolic link, which is not followed" : "a device";
      walk.problems.push({ file: path, message: `read ${path}: must be a file, got ${kind}` });
    } else if (isArchiveName(name)) {
      await orProblem(walk, path, async () =>
        addArchive(walk, await readWithin(onDisk, path, walk.budget), path, folderFor(path), 1),
      );
    } else {
      await orProblem(walk, path, async () => addFile(walk, diskFile(onDisk, path, walk.budget)));
    }
  }
}

/** Adds the files of an archive, and those of archives within it down to the depth limit. */
async function addArchive(
  walk: Walk,
  bytes: Uint8Array,
  name: string,
  prefix: string,
  depth: number,
): Promise<void> {
  const { limits } = walk.budget;
  if (depth > limits.depth) {
    throw archiveError(
      "archive-depth",
      name,
      `archives may be nested ${limits.depth} deep, got ${depth}`,
      "Unpack the inner archives, and name the folder.",
    );
  }
  for (const entry of await openArchive(bytes, name, walk.budget, walk.signal)) {
    const path = prefix + entry.path;
    await orProblem(walk, path, async () => {
      if (isArchiveName(path)) {
        await addArchive(walk, entry.bytes, path, folderFor(path), depth + 1);
      } else {
        addFile(walk, { path, bytes: async () => entry.bytes });
      }
    });
  }
}

/** An archive counts as a folder of its name; a lone gzipped file stays where it is. */
function folderFor(path: string): string {
  return isLoneGzip(path) ? path.slice(0, path.lastIndexOf("/") + 1) : `${path}/`;
}

function isLoneGzip(path: string): boolean {
  return /\.gz$/i.test(path) && !/\.tar\.gz$/i.test(path);
}

function addFile(walk: Walk, file: SourceFile): void {
  if (walk.seen.has(file.path)) {
    throw new UserError("file-twice", `read ${file.path}: file must occur once, got it twice`);
  }
  walk.seen.add(file.path);
  walk.files.push(file);
}

/** Runs a step of the walk; a failure that a person can mend becomes a problem of that file. */
async function orProblem(walk: Walk, file: string, step: () => Promise<void>): Promise<void> {
  try {
    await step();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    walk.problems.push({ file, message: error.message });
  }
}

function diskFile(onDisk: string, path: string, budget: Budget): SourceFile {
  return { path, bytes: () => readWithin(onDisk, path, budget) };
}

/** Reads a file from disk unless it is larger than all of an archive may be. */
async function readWithin(onDisk: string, path: string, budget: Budget): Promise<Uint8Array> {
  const most = budget.limits.totalBytes;
  let size: number;
  try {
    size = (await stat(onDisk)).size;
    if (size <= most) {
      const { buffer, byteOffset, byteLength } = await readFile(onDisk);
      return new Uint8Array(buffer, byteOffset, byteLength);
    }
  } catch (error) {
    throw new UserError(
      "file-unreadable",
      `read ${path}: file must be readable, got ${codeOf(error)}`,
    );
  }
  throw new UserError(
    "file-unreadable",
    `read ${path}: file must have at most ${most} bytes, got ${size}`,
  );
}

/** The reason of the system in its own short word: ENOENT, EACCES. */
function codeOf(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "an unknown failure";
  return code === "ENOENT" ? "nothing there" : code;
}
