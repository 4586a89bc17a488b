/**
 * Uploads under way, one a project. They live outside the pages, so that one can be left and opened
 * again while files are being sent.
 */
import type { QueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import type { Added, TableReading } from "../src/server/api.ts";
import { api } from "./api-client.ts";
import { makeParcel, type Picked, parcelGroups } from "./dropped-files.ts";
import { plural } from "./format.ts";
import { keys } from "./queries.ts";

export type Upload = {
  /** Files sent so far and in all. */
  readonly sent: number;
  readonly total: number;
  readonly ended: boolean;
  readonly added: number;
  readonly unchanged: number;
  readonly problems: Added["problems"];
  readonly skipped: readonly string[];
  readonly notes: readonly string[];
};

const uploads = new Map<string, Upload>();
const listeners = new Set<() => void>();

function set(project: string, upload: Upload | undefined): void {
  if (upload) uploads.set(project, upload);
  else uploads.delete(project);
  for (const listener of listeners) listener();
}

/** What a project's last upload has come to; undefined when there was none, or it was dismissed. */
export function useUpload(project: string): Upload | undefined {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => uploads.get(project),
  );
}

export const dismissUpload = (project: string): void => set(project, undefined);

const EMPTY: Upload = {
  sent: 0,
  total: 0,
  ended: false,
  added: 0,
  unchanged: 0,
  problems: [],
  skipped: [],
  notes: [],
};

/** Sends files to a project; a request that fails is a problem of its files. */
export async function sendFiles(
  client: QueryClient,
  project: string,
  from: Picked,
  reading?: TableReading,
): Promise<void> {
  let upload: Upload = { ...EMPTY, total: from.files.length };
  set(project, upload);
  for (const group of parcelGroups(from.files)) {
    const file = group.length === 1 ? group[0]!.path : from.name;
    try {
      const parcel = await makeParcel(from.name, group);
      upload = withAnswer(upload, await api.upload(project, parcel.name, parcel.body, reading));
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      upload = { ...upload, problems: [...upload.problems, { file, message }] };
    }
    upload = { ...upload, sent: upload.sent + group.length };
    set(project, upload);
  }
  set(project, { ...upload, ended: true });
  refreshSamples(client, project);
}

/** Reads a folder of the server's machine into a project, and keeps the answer like an upload. */
export async function importPath(
  client: QueryClient,
  project: string,
  path: string,
  reading?: TableReading,
): Promise<Added> {
  const answer = await api.importPath(project, path, reading);
  set(project, withAnswer({ ...EMPTY, ended: true }, answer));
  refreshSamples(client, project);
  return answer;
}

function refreshSamples(client: QueryClient, project: string): void {
  client.invalidateQueries({ queryKey: keys.samples(project) });
  client.invalidateQueries({ queryKey: keys.project(project) });
  client.invalidateQueries({ queryKey: keys.projects });
}

function withAnswer(upload: Upload, answer: Added): Upload {
  return {
    ...upload,
    added: upload.added + answer.added.length,
    unchanged: upload.unchanged + answer.unchanged.length,
    problems: [...upload.problems, ...answer.problems],
    skipped: [...upload.skipped, ...answer.skipped],
    notes: [...upload.notes, ...answer.notes],
  };
}

/**
 * What a person says of tables: one column is the label (numbers too), several are numbers to
 * predict. Undefined when nothing was said.
 */
export function tableReading(columns: string): TableReading | undefined {
  const names = columns
    .split(",")
    .map((name) => name.trim())
    .filter((name) => name !== "");
  if (names.length === 0) return undefined;
  return names.length === 1 ? { labelColumn: names[0]! } : { targetColumns: names };
}

/** One line about an upload that has ended: "25 recordings added, 1 file with a problem". */
export function summaryOf(upload: Upload): string {
  const parts = [`${plural(upload.added, "recording")} added`];
  if (upload.unchanged > 0) parts.push(`${upload.unchanged} already there`);
  if (upload.problems.length > 0)
    parts.push(`${plural(upload.problems.length, "file")} with a problem`);
  if (upload.skipped.length > 0) parts.push(`${plural(upload.skipped.length, "file")} skipped`);
  return parts.join(", ");
}
