/**
 * A headless Chromium for the tests of the Studio and its pictures, without anything that speaks to
 * another host by itself, and pages that keep a record of what they ask for and complain of.
 */
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { findProgram } from "../requirements.ts";

const ARGUMENTS = [
  "--no-sandbox",
  "--disable-gpu",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--disable-quic",
];

/** Starts a browser with a profile of its own, which goes when it is closed. */
export function openBrowser(): Promise<Browser> {
  const executablePath = findProgram("chromium");
  if (executablePath === undefined) throw new Error("browser: chromium must be on PATH, got none");
  return chromium.launch({ executablePath, args: ARGUMENTS });
}

export type WatchedPage = {
  readonly page: Page;
  /** Everything asked for, WebSockets included. */
  readonly requests: readonly string[];
  /** Errors of the console and of scripts. */
  readonly errors: readonly string[];
};

/** Opens a page that nothing was loaded on yet. */
export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const requests: string[] = [];
  const errors: string[] = [];
  page.on("request", (request) => requests.push(request.url()));
  page.on("websocket", (socket) => requests.push(socket.url()));
  page.on("console", (message) => {
    if (message.type() === "error") errors.push(message.text());
  });
  page.on("pageerror", (error) => errors.push(String(error)));
  return { page, requests, errors };
}
