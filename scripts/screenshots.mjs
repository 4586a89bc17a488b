/**
 * Makes the pictures of the Studio in docs/images: starts a server with a home of its own, lets it
 * run the bundled example, and takes each page in a headless Chromium.
 *
 * node scripts/screenshots.mjs [folder]   default docs/images
 */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { requireNode } from "../bin/require-node.mjs";
import { openBrowser, openPage } from "../test/studio/browser.ts";

requireNode();
const ROOT = fileURLToPath(new URL("..", import.meta.url));
const folder = resolve(process.argv[2] ?? join(ROOT, "docs/images"));
const WIDTH = 1280;

/** Name of the picture, page of the project, what to wait for, color scheme. */
const PICTURES = [
  ["projects", "", ".project-card", "light"],
  ["data", "data", ".line-chart canvas", "light"],
  ["design", "design", ".meter", "light"],
  ["train", "train", ".line-chart canvas", "light"],
  ["result", "result", "text=every bit equal", "light"],
  ["result-dark", "result", "text=every bit equal", "dark"],
];

const temporary = mkdtempSync(join(tmpdir(), "tinsmith-pictures-"));
const server = spawn(
  process.execPath,
  ["bin/tinsmith.mjs", "start", "--home", join(temporary, "home"), "--port", "0"].concat(
    "--out",
    join(temporary, "out"),
  ),
  { cwd: ROOT, stdio: ["ignore", "pipe", "pipe"] },
);
try {
  const url = await urlOf(server);
  const browser = await openBrowser();
  try {
    mkdirSync(folder, { recursive: true });
    const project = await doneProject(url);
    const samples = await (await fetch(`${url}/api/projects/${project}/samples`)).json();
    const items = { data: `/${samples.find(({ label }) => label === "wave").id}` };
    for (const [name, tab, wait, colorScheme] of PICTURES) {
      const { page } = await openPage(browser, {
        colorScheme,
        reducedMotion: "reduce",
        viewport: { width: WIDTH, height: 800 },
      });
      await page.goto(
        `${url}/#/${tab === "" ? "" : `projects/${project}/${tab}${items[tab] ?? ""}`}`,
      );
      await page.locator(wait).first().waitFor();
      if (tab === "") await page.getByText("int8 accuracy").waitFor();
      await page.mouse.move(0, 0);
      await page.waitForTimeout(300);
      await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
      console.log(`screenshots: ${name}.png`);
      await page.context().close();
    }
  } finally {
    await browser.close();
  }
} finally {
  const gone = new Promise((end) => server.once("close", end));
  server.kill("SIGTERM");
  await gone;
  rmSync(temporary, { recursive: true, force: true });
}

/** The address that a starting server prints. */
function urlOf(child) {
  return new Promise((found, failed) => {
    let said = "";
    for (const stream of [child.stdout, child.stderr])
      stream.setEncoding("utf8").on("data", (text) => {
        said += text;
        const url = /http:\/\/127\.0\.0\.1:\d+/.exec(said)?.[0];
        if (url) found(url);
      });
    child.once("close", () => failed(new Error(`screenshots: the server ended: ${said}`)));
  });
}

/** Waits for the example's run to end; gives the project. */
async function doneProject(url) {
  for (let i = 0; i < 240; i++) {
    const [project] = await (await fetch(`${url}/api/projects`)).json();
    if (project?.lastRun?.status === "done") return project.id;
    await new Promise((next) => setTimeout(next, 250));
  }
  throw new Error("screenshots: the example must end within a minute, got a run that goes on");
}
