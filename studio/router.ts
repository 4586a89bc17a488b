/**
 * Which page is open, kept in the hash of the address, so that links, Back and reload work without
 * a router library and any static server will do.
 */
import { useSyncExternalStore } from "react";

export const TABS = ["data", "design", "train", "result"] as const;

export type Tab = (typeof TABS)[number];

export type Route =
  | { readonly page: "projects" }
  | {
      readonly page: "project";
      readonly project: string;
      readonly tab: Tab;
      /** A recording on the Data page, a run on the others. */
      readonly item?: string;
    }
  | { readonly page: "unknown" };

/** Reads `#/`, `#/projects/<id>/<tab>` and `#/projects/<id>/<tab>/<item>`. */
export function parseHash(hash: string): Route {
  let parts: string[];
  try {
    parts = hash
      .replace(/^#?\/?/, "")
      .split("/")
      .filter(Boolean)
      .map(decodeURIComponent);
  } catch {
    return { page: "unknown" };
  }
  if (parts.length === 0) return { page: "projects" };
  const [kind, project, tab = "data", item] = parts;
  if (kind !== "projects" || parts.length > 4) return { page: "unknown" };
  if (project === undefined) return { page: "projects" };
  if (!isTab(tab)) return { page: "unknown" };
  return { page: "project", project, tab, ...(item === undefined ? {} : { item }) };
}

const isTab = (text: string): text is Tab => (TABS as readonly string[]).includes(text);

export const HOME = "#/";

/** The address of a page of a project. */
export function hrefOf(project: string, tab: Tab = "data", item?: string): string {
  const parts = ["projects", project, tab, ...(item === undefined ? [] : [item])];
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

/** Opens a page. */
export function go(href: string): void {
  window.location.hash = href;
}

function subscribe(listener: () => void): () => void {
  window.addEventListener("hashchange", listener);
  return () => window.removeEventListener("hashchange", listener);
}

/** The page that the address names; components that use it follow the address. */
export function useRoute(): Route {
  return parseHash(useSyncExternalStore(subscribe, () => window.location.hash));
}
