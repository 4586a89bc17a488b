/**
 * Files out of a drop or a file picker, with their paths, and what is sent of them: one file as it
 * is, several as one archive, because labels come from the paths of all recordings together.
 */

export type PickedFile = {
  /** Path within what was picked, with `/`. */
  readonly path: string;
  readonly file: File;
};

export type Picked = {
  /** Of the folder, the archive or the file, without extension: a name for a project. */
  readonly name: string;
  readonly files: readonly PickedFile[];
};

/** What one request sends. */
export type Parcel = { readonly name: string; readonly body: Blob; readonly files: number };

/** Bytes of files in one archive; more go in further ones. */
const PARCEL_BYTES = 48 * 1024 * 1024;

const ARCHIVE = /\.(?:zip|tar|tgz|tar\.gz)$/i;

/** Reads a drop. The list of items is gone after the event, so entries are taken from it at once. */
export async function filesOfDrop(transfer: DataTransfer): Promise<Picked> {
  const entries: FileSystemEntry[] = [];
  const loose: File[] = [];
  for (const item of transfer.items) {
    if (item.kind !== "file") continue;
    const entry = item.webkitGetAsEntry();
    if (entry) entries.push(entry);
    else {
      const file = item.getAsFile();
      if (file) loose.push(file);
    }
  }
  const files: PickedFile[] = loose.map((file) => ({ path: file.name, file }));
  for (const entry of entries) await collect(entry, files);
  return picked(files);
}

/** Reads the files of an `<input type="file">`, of a folder too. */
export function filesOfInput(list: FileList): Picked {
  return picked([...list].map((file) => ({ path: file.webkitRelativePath || file.name, file })));
}

async function collect(entry: FileSystemEntry, into: PickedFile[]): Promise<void> {
  if (entry.name.startsWith(".")) return;
  const path = entry.fullPath.replace(/^\//, "");
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) =>
      (entry as FileSystemFileEntry).file(resolve, reject),
    );
    into.push({ path, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  // A reader gives a folder in parts of at most 100 and an empty part at the end.
  for (;;) {
    const part = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (part.length === 0) return;
    for (const child of part) await collect(child, into);
  }
}

/** Names a selection and takes the folder that holds everything off its paths. */
export function picked(files: readonly PickedFile[]): Picked {
  const sorted = files.toSorted((a, b) => (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
  const first = sorted[0]?.path ?? "";
  const root = first.includes("/") ? first.slice(0, first.indexOf("/") + 1) : "";
  if (root !== "" && sorted.every(({ path }) => path.startsWith(root)))
    return {
      name: root.slice(0, -1),
      files: sorted.map(({ path, file }) => ({ path: path.slice(root.length), file })),
    };
  return { name: sorted.length === 1 ? nameOf(first) : "recordings", files: sorted };
}

/** `gestures.tar.gz` is "gestures". */
const nameOf = (path: string): string => {
  const base = path.slice(path.lastIndexOf("/") + 1);
  return base.replace(ARCHIVE, "").replace(/\.[^.]+$/, "") || base;
};

/** Groups of files that go in one request: an archive alone, all others together up to a size. */
export function parcelGroups(
  files: readonly PickedFile[],
  limitBytes: number = PARCEL_BYTES,
): readonly (readonly PickedFile[])[] {
  const groups: PickedFile[][] = files.filter(({ path }) => ARCHIVE.test(path)).map((f) => [f]);
  let group: PickedFile[] = [];
  let size = 0;
  for (const each of files.filter(({ path }) => !ARCHIVE.test(path))) {
    if (group.length > 0 && size + each.file.size > limitBytes) {
      groups.push(group);
      group = [];
      size = 0;
    }
    group.push(each);
    size += each.file.size;
  }
  if (group.length > 0) groups.push(group);
  return groups;
}

/** Makes what is sent of one group: the file itself, or an uncompressed archive. */
export async function makeParcel(name: string, group: readonly PickedFile[]): Promise<Parcel> {
  const [only] = group;
  if (group.length === 1 && only) return { name: only.path, body: only.file, files: 1 };
  const { zipSync } = await import("fflate");
  const tree: { [path: string]: Uint8Array<ArrayBuffer> } = {};
  for (const { path, file } of group) tree[path] = new Uint8Array(await file.arrayBuffer());
  const zip = zipSync(tree, { level: 0, mtime: new Date(1980, 0, 1) });
  return { name: `${name}.zip`, body: new Blob([zip as BlobPart]), files: group.length };
}
