/**
 * The whole way as a person goes it, against the real server: drop a folder of recordings, run,
 * watch the curves, read the result, download the C library, compile it, and get the same answers.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { unzipSync } from "fflate";
import type { Page } from "playwright-core";
import type { Project, RunResult } from "../../src/server/api.ts";
import { requirement, SHARED } from "../requirements.ts";
import { openBrowser, openPage } from "./browser.ts";

const BIN = fileURLToPath(new URL("../../bin/tinsmith.mjs", import.meta.url));
const SOURCE = join(SHARED, "data/ei-gestures");
const LOOP_MS = 90_000;

/** Starts `tinsmith start` with a home of its own; it ends with the test. */
async function startServer(t: TestContext, folder: string): Promise<string> {
  const args = ["start", "--home", join(folder, "home"), "--out", join(folder, "out")];
  const server = spawn(process.execPath, [BIN, ...args, "--port", "0"]);
  t.after(() => ended(server));
  return new Promise((resolve, reject) => {
    let said = "";
    for (const stream of [server.stdout, server.stderr])
      stream.setEncoding("utf8").on("data", (text: string) => {
        said += text;
        const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
        if (url) resolve(url);
      });
    server.once("close", () => reject(new Error(said)));
  });
}

function ended(child: ChildProcess): Promise<unknown> {
  if (child.exitCode !== null) return Promise.resolve();
  const closed = new Promise((resolve) => child.once("close", resolve));
  child.kill("SIGTERM");
  return closed;
}

/** Drops files and folders of this machine, as the desktop does: the page gets them with paths. */
async function dropPaths(page: Page, paths: readonly string[]): Promise<void> {
  const box = (await page.getByTestId("drop").boundingBox())!;
  const session = await page.context().newCDPSession(page);
  const at = { x: box.x + box.width / 2, y: box.y + 12 };
  const data = { items: [], files: [...paths], dragOperationsMask: 1 };
  for (const type of ["dragEnter", "dragOver", "drop"] as const)
    await session.send("Input.dispatchDragEvent", { type, ...at, data });
}

const json = async <T>(url: string): Promise<T> => (await fetch(url)).json() as Promise<T>;

test("drop a folder, run, download, compile: the same answers", {
  ...requirement("chromium", "cc", "shared"),
  timeout: LOOP_MS,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tinsmith-loop-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const url = await startServer(t, folder);
  const browser = await openBrowser();
  t.after(() => browser.close());
  const { page, errors } = await openPage(browser, { acceptDownloads: true });
  page.setDefaultTimeout(60_000);
  let epochs = 0;
  page.on("websocket", (socket) => {
    socket.on("framereceived", ({ payload }) => {
      if (String(payload).includes('"epoch"')) epochs++;
    });
  });
  await page.goto(url);

  await page.getByText("example-gestures").waitFor();
  await dropPaths(page, [SOURCE]);
  await page.getByText("26 recordings added").waitFor();
  await page.locator(".line-chart canvas").waitFor();

  await page.getByRole("link", { name: "Train" }).click();
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("img", { name: /^Losses and validation accuracy of \d+ epochs/ }).waitFor();
  assert.ok(epochs > 0, "the curves must come live, got no epoch over the WebSocket");
  await page.getByRole("link", { name: "Open the result" }).click();
  await page.getByText("every bit equal").waitFor();

  const projects = await json<readonly Project[]>(`${url}/api/projects`);
  const run = projects.find(({ name }) => name === "ei-gestures")!.lastRun!;
  const { report } = await json<RunResult>(`${url}/api/runs/${run.id}`);
  assert.ok(report!.test.int8!.accuracy >= 0.95, `accuracy ${report!.test.int8!.accuracy}`);
  const shown = `${(100 * report!.test.int8!.accuracy).toFixed(1)}\u202f%`;
  await page.locator(".tile", { hasText: "Accuracy, int8" }).getByText(shown).first().waitFor();

  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download the C library" }).click(),
  ]);
  const files = unzipSync(new Uint8Array(readFileSync(await download.path())));
  const library = join(folder, "library");
  for (const [path, bytes] of Object.entries(files)) {
    if (path.endsWith("/")) continue;
    mkdirSync(dirname(join(library, path)), { recursive: true });
    writeFileSync(join(library, path), bytes);
  }
  for (const { path, sha256 } of report!.artefact.files) {
    const bytes = files[path.slice("c/".length)]!;
    assert.equal(createHash("sha256").update(bytes).digest("hex"), sha256, path);
  }
  // The self-test holds windows and the answers that the page's run gave, to the bit.
  const output = execFileSync("make", ["test"], { cwd: library, encoding: "utf8" });
  assert.match(output, /: \d+ windows, 0 values differ/);
  // The command line, given the same folder, writes the same library.
  const cli = join(folder, "cli");
  execFileSync(process.execPath, [BIN, "run", SOURCE, "--out", cli], { stdio: "pipe" });
  for (const { path } of report!.artefact.files)
    assert.deepEqual(
      readFileSync(join(cli, path)),
      Buffer.from(files[path.slice("c/".length)]!),
      path,
    );
  assert.deepEqual(errors, []);
});
