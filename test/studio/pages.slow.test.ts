/**
 * The Studio in a headless Chromium on fixtures: what it weighs and how soon it is there, every page
 * in both color schemes, dropping files, live runs, and what is shown when something is wrong.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { unzipSync } from "fflate";
import type { Browser } from "playwright-core";
import { prepareStudio } from "../../src/cli/serve-studio.ts";
import { requirement } from "../requirements.ts";
import { openBrowser, openPage, type WatchedPage } from "./browser.ts";
import { DONE, EXAMPLE, PROJECT, SAMPLES, summaryOf } from "./fixtures.ts";
import { type Mock, startMock } from "./mock-server.ts";

const SHELL_BYTES = 150_000;
const FIRST_LOAD_MS = 2000;
const NARROW = 900;

/** Page of the project and a text that it shows once it has what it needs. */
const PAGES = [
  ["", "93.1"],
  ["data", "snake.3"],
  ["design", "learning rate 0.01, up to 100 epochs"],
  ["train", "Runs so far"],
  ["result", "every bit equal"],
] as const;

describe("Studio", requirement("chromium"), () => {
  let browser: Browser;
  let mock: Mock;
  before(async () => {
    [browser, mock] = await Promise.all([openBrowser(), startMock()]);
  });
  after(async () => {
    await browser?.close();
    await mock?.close();
  });

  /** Opens a page on a mock, runs `body`, and closes it again. */
  async function onPage(
    hash: string,
    body: (watched: WatchedPage) => Promise<void>,
    options: Parameters<typeof openPage>[1] = {},
  ): Promise<void> {
    const watched = await openPage(browser, options);
    try {
      await watched.page.goto(`${mock.url}/#/${hash}`);
      await body(watched);
    } finally {
      await watched.page.context().close();
    }
  }

  /** Changes the mock's state for the length of `body`. */
  async function withState(
    change: Partial<Mock["state"]>,
    body: () => Promise<void>,
  ): Promise<void> {
    const old = { ...mock.state };
    Object.assign(mock.state, change);
    try {
      await body();
    } finally {
      delete mock.state.recipeError;
      Object.assign(mock.state, old);
    }
  }

  test("the shell is at most 150 kB of compressed JavaScript", async () => {
    const dist = (await prepareStudio(() => {}))!;
    type Chunk = { readonly file: string; readonly imports?: readonly string[] };
    const manifest: { readonly [name: string]: Chunk } = JSON.parse(
      readFileSync(join(dist, ".vite/manifest.json"), "utf8"),
    );
    const shell = new Set<string>();
    const visit = (name: string): void => {
      if (shell.has(name)) return;
      shell.add(name);
      for (const each of manifest[name]!.imports ?? []) visit(each);
    };
    visit("index.html");
    const bytes = [...shell]
      .map((name) => gzipSync(readFileSync(join(dist, manifest[name]!.file)), { level: 9 }).length)
      .reduce((a, b) => a + b, 0);
    assert.ok(bytes <= SHELL_BYTES, `${bytes} bytes`);
  });

  test("the first load takes at most 2 s, and nothing leaves the host", async () => {
    await onPage("", async ({ page, requests, errors }) => {
      await page.getByText("example-gestures").waitFor();
      const ms = Number(
        await page.evaluate(() => {
          const [load] = performance.getEntriesByType(
            "navigation",
          ) as PerformanceNavigationTiming[];
          const paints = performance.getEntriesByName("first-contentful-paint");
          return Math.max(load!.loadEventEnd, paints[0]?.startTime ?? Number.POSITIVE_INFINITY);
        }),
      );
      assert.ok(ms <= FIRST_LOAD_MS, `${ms} ms`);
      for (const [tab, text] of PAGES.slice(1)) {
        await page.goto(`${mock.url}/#/projects/${PROJECT}/${tab}`);
        await page.getByText(text).first().waitFor();
      }
      await page.locator(".mantine-Loader-root").waitFor({ state: "detached" });
      const host = new URL(mock.url).host;
      const away = requests.filter(
        (url) => !/^(?:data|blob):/.test(url) && new URL(url).host !== host,
      );
      assert.deepEqual(away, []);
      assert.ok(requests.length > 10 && requests.some((url) => url.startsWith("ws:")));
      assert.deepEqual(errors, []);
    });
  });

  for (const colorScheme of ["light", "dark"] as const)
    for (const [tab, text] of PAGES)
      test(`${tab || "projects"}, ${colorScheme}: complete, no errors, fits ${NARROW} px`, async () => {
        await onPage(
          tab === "" ? "" : `projects/${PROJECT}/${tab}`,
          async ({ page, errors }) => {
            await page.getByText(text).first().waitFor();
            if (tab === "data" || tab === "train") await page.locator("canvas").waitFor();
            const scheme = await page.locator("html").getAttribute("data-mantine-color-scheme");
            assert.equal(scheme, colorScheme);
            const width = await page.evaluate(() => document.scrollingElement!.scrollWidth);
            assert.ok(width <= NARROW, `${width} px`);
            assert.deepEqual(errors, []);
          },
          { colorScheme, viewport: { width: NARROW, height: 800 } },
        );
      });

  test("the color scheme goes round: system, light, dark", async () => {
    await onPage("", async ({ page }) => {
      const scheme = () => page.locator("html").getAttribute("data-mantine-color-scheme");
      const toggle = page.getByRole("button", { name: /Color scheme/ });
      await toggle.click();
      await toggle.click();
      await page.locator('html[data-mantine-color-scheme="dark"]').waitFor();
      await page.reload();
      await page.getByText("example-gestures").waitFor();
      assert.equal(await scheme(), "dark");
    });
  });

  test("dropped files become a project, and each problem is shown", async () => {
    const added = SAMPLES.slice(0, 2);
    const problems = [{ file: "broken.csv", message: "csv: rows must be even, got 3 and 2" }];
    await withState(
      { added: { added, unchanged: [], problems, skipped: [], notes: [] } },
      async () => {
        await onPage("", async ({ page, errors }) => {
          await page.getByTestId("drop").waitFor();
          const transfer = await page.evaluateHandle(() => {
            const data = new DataTransfer();
            data.items.add(new File(["a,b\n1,2\n"], "wave.1.csv"));
            data.items.add(new File(["a,b\n1\n"], "broken.csv"));
            return data;
          });
          await page.getByTestId("drop").dispatchEvent("drop", { dataTransfer: transfer });
          await page.getByText("2 recordings added, 1 file with a problem").waitFor();
          await page.getByText("rows must be even").waitFor();
          const upload = mock.uploads.at(-1)!;
          assert.equal(upload.name, "recordings.zip");
          assert.deepEqual(Object.keys(unzipSync(upload.bytes)).sort(), [
            "broken.csv",
            "wave.1.csv",
          ]);
          assert.match(page.url(), /#\/projects\/new-recordings\/data$/);
          assert.deepEqual(errors, []);
        });
      },
    );
    mock.state.projects = [EXAMPLE];
  });

  test("a run is followed live, phase by phase and epoch by epoch", async () => {
    await withState({ runs: [DONE] }, async () => {
      await onPage(`projects/${PROJECT}/train`, async ({ page, errors }) => {
        await page.getByRole("button", { name: "Run again" }).click();
        await page.getByText("Waiting for its turn").waitFor();
        const { report: _, details: __, ...run } = mock.state.runs[1]!;
        const running = { ...run, status: "running", startedAt: run.createdAt } as const;
        mock.state.runs[1] = running;
        mock.send({ type: "run", run: running });
        mock.send({
          type: "progress",
          run: run.id,
          phase: "train",
          done: 0.5,
          message: "epoch 2, loss 0.4",
        });
        for (const epoch of [1, 2])
          mock.send({
            type: "epoch",
            run: run.id,
            epoch,
            loss: 0.8 / epoch,
            validationLoss: 0.9 / epoch,
            validationAccuracy: 0.5 + epoch / 10,
          });
        await page.getByText("epoch 2, loss 0.4").waitFor();
        await page.locator('li[data-state="current"]', { hasText: "train" }).waitFor();
        await page.getByRole("img", { name: /accuracy of 2 epochs/ }).waitFor();
        assert.equal(await page.locator('.phases li[data-state="done"]').count(), 4);
        const done = { ...DONE, id: run.id, createdAt: run.createdAt };
        mock.state.runs[1] = done;
        mock.send({ type: "run", run: summaryOf(done) });
        await page.getByRole("link", { name: "Open the result" }).click();
        await page.getByText("every bit equal").waitFor();
        assert.deepEqual(errors, []);
      });
    });
  });

  test("a run is cancelled, and can be started again", async () => {
    const running = { ...summaryOf(DONE), id: "r", status: "running", endedAt: null } as const;
    await withState({ runs: [running] }, async () => {
      await onPage(`projects/${PROJECT}/train`, async ({ page }) => {
        await page.getByRole("button", { name: "Cancel" }).click();
        await page.getByRole("button", { name: "Run again" }).waitFor();
        await page.getByText("cancelled").first().waitFor();
        assert.equal(mock.state.runs[0]!.status, "cancelled");
      });
    });
  });

  test("a recording's label and category are changed, and it is deleted when confirmed", async () => {
    await withState({ samples: { [PROJECT]: SAMPLES } }, async () => {
      await onPage(`projects/${PROJECT}/data/sample-1`, async ({ page, errors }) => {
        await page.getByLabel("Label", { exact: true }).fill("rest");
        await page.getByRole("button", { name: "Save" }).click();
        await page.locator("tr", { hasText: "idle.1" }).getByText("rest").waitFor();
        await Promise.all([
          page.waitForResponse((response) => response.request().method() === "PATCH"),
          page.getByLabel("Category").selectOption("testing"),
        ]);
        const changed = mock.state.samples[PROJECT]!.find(({ id }) => id === "sample-1")!;
        assert.deepEqual([changed.label, changed.category], ["rest", "testing"]);
        await page.getByRole("button", { name: "Delete…", exact: true }).click();
        await page.getByRole("button", { name: "Delete it" }).click();
        await page.getByRole("heading", { name: "24 recordings" }).waitFor();
        assert.deepEqual(errors, []);
      });
    });
  });

  test("a lost connection is said and comes back", async () => {
    await onPage("", async ({ page }) => {
      await page.getByText("example-gestures").waitFor();
      const reopened = page.waitForEvent("websocket");
      mock.dropSockets();
      await page.getByText("connection to the server is lost").waitFor();
      await reopened;
      await page.getByText("connection to the server is lost").waitFor({ state: "detached" });
    });
  });

  test("a server that is away is said, and trying again helps", async () => {
    const { page } = await openPage(browser);
    try {
      await page.route("**/api/projects", (route) => route.abort());
      await page.goto(`${mock.url}/`);
      await page.getByText("The server does not answer.").waitFor();
      await page.unroute("**/api/projects");
      await page.getByRole("button", { name: "Try again" }).click();
      await page.getByText("example-gestures").waitFor();
    } finally {
      await page.context().close();
    }
  });

  test("a failed run shows why and what to do", async () => {
    const failed = {
      ...summaryOf(DONE),
      status: "failed",
      phase: "window",
      error: {
        code: "labels-few",
        message: "split: there must be at least two labels, got one",
        hint: "Record a second class.",
      },
    } as const;
    await withState({ runs: [failed] }, async () => {
      await onPage(`projects/${PROJECT}/train`, async ({ page }) => {
        await page.getByText("there must be at least two labels").waitFor();
        await page.getByText("Record a second class.").waitFor();
        await page.locator('li[data-state="failed"]', { hasText: "window" }).waitFor();
        await page.goto(`${mock.url}/#/projects/${PROJECT}/result`);
        await page.getByText("There is no result yet").waitFor();
      });
    });
  });

  test("an empty project says what to do; unknown ones say that they are", async () => {
    const empty = { ...EXAMPLE, id: "empty", name: "empty", samples: 0, lastRun: null };
    await withState({ projects: [empty] }, async () => {
      await onPage("projects/empty/data", async ({ page }) => {
        await page.getByText("This project has no recordings yet.").waitFor();
        await page.goto(`${mock.url}/#/projects/empty/train`);
        await page.getByText("There is nothing to run yet").waitFor();
        assert.ok(await page.getByRole("button", { name: "Run", exact: true }).isDisabled());
        await page.goto(`${mock.url}/#/projects/nobody/data`);
        await page.getByText("It may have been deleted.").waitFor();
        await page.goto(`${mock.url}/#/somewhere`);
        await page.getByText("There is no such page.").waitFor();
      });
    });
  });

  test("a network is put together from forms, and the recipe says the same", async () => {
    await withState({ recipe: null }, async () => {
      await onPage(`projects/${PROJECT}/design`, async ({ page, errors }) => {
        await page.getByLabel("Add a layer").selectOption("conv1d");
        await page.getByLabel("kernel size of layer 3").fill("5");
        await page.getByLabel("Type of layer 1").selectOption("reshape");
        await page.getByLabel("shape of layer 1").fill("13 x 3");
        await page.getByLabel("Move layer 3 up").click();
        await page.getByLabel("Remove layer 3").click();
        await page.getByLabel("Optimizer").selectOption("sgd");
        await page.getByLabel("momentum of sgd").fill("0.9");
        await page.getByLabel("Schedule of the rate").selectOption("cosine");
        await page.getByRole("button", { name: "Use this recipe" }).click();
        await page.getByText("Your recipe").waitFor();
        const { layers, training } = mock.state.recipe!;
        assert.deepEqual(layers, [
          { type: "reshape", shape: [13, 3] },
          { type: "conv1d", filters: 8, kernelSize: 5 },
        ]);
        assert.deepEqual(training.optimizer, { name: "sgd", momentum: 0.9 });
        assert.equal(training.learningRateSchedule, "cosine");
        assert.deepEqual(errors, []);
      });
    });
  });

  test("a regression shows what it predicts, in both schemes", async () => {
    const scores = { mae: 1.5, mse: 4, r2: 0.876, explainedVariance: 0.88 };
    const target = { float32: scores, int8: scores };
    const targets = ["temperature", "flow"].map((name) => ({ name, ...target }));
    const report = {
      ...DONE.report!,
      test: { labels: ["temperature", "flow"], float32: null, int8: null },
      regression: { ...scores, targets },
    };
    const predictions = [1, 2, 3].map((n) => ({ actual: [n, -n], predicted: [n + 0.5, -n] }));
    const run = { ...DONE, report, details: { ...DONE.details!, predictions } };
    await withState({ runs: [run] }, async () => {
      for (const colorScheme of ["light", "dark"] as const)
        await onPage(
          `projects/${PROJECT}/result`,
          async ({ page, errors }) => {
            await page.locator(".tile", { hasText: "R², int8" }).getByText("0.876").waitFor();
            await page.getByLabel("Predicted number").selectOption("flow");
            await page.getByRole("img", { name: "3 test windows: flow as predicted" }).waitFor();
            await page.goto(`${mock.url}/#/projects/${PROJECT}/train`);
            await page.locator("tr", { hasText: "0.876" }).waitFor();
            assert.deepEqual(errors, []);
          },
          { colorScheme },
        );
    });
  });

  test("a recipe is refused with the server's reason, kept, and let go again", async () => {
    await withState({ recipe: null }, async () => {
      await onPage(`projects/${PROJECT}/design`, async ({ page }) => {
        await page.getByText("tinsmith.json", { exact: true }).click();
        const text = page.getByRole("textbox", { name: "Recipe as JSON" });
        const use = page.getByRole("button", { name: "Use this recipe" });
        const recipe = await text.inputValue();
        await text.fill("{");
        await use.click();
        await page.getByText("recipe: the text must be JSON").waitFor();
        mock.state.recipeError = {
          code: "recipe-value",
          message: 'recipe: "training.epochs" must be an integer from 1 to 100000, got 0',
        };
        await text.fill(recipe.replace('"epochs": 40', '"epochs": 0'));
        await use.click();
        await page.getByText('"training.epochs" must be an integer').waitFor();
        delete mock.state.recipeError;
        await text.fill(recipe);
        await use.click();
        await page.getByRole("heading", { name: "Your recipe" }).waitFor();
        assert.equal(mock.state.recipe?.training.epochs, 40);
        await page.getByRole("button", { name: "Let the designer choose" }).click();
        await page.getByRole("heading", { name: "The designer chooses" }).waitFor();
        assert.equal(mock.state.recipe, null);
      });
    });
  });

  test("recordings are filtered, and opened by keyboard", async () => {
    await onPage(`projects/${PROJECT}/data`, async ({ page }) => {
      await page.getByLabel("Filter by label").selectOption("wave");
      await page.getByLabel("Filter by side").selectOption("training");
      await page.getByRole("heading", { name: "4 of 25 recordings" }).waitFor();
      await page.getByRole("button", { name: "wave.2" }).focus();
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "wave.2" }).waitFor();
      await page.getByRole("heading", { name: "4 of 25 recordings" }).waitFor();
      await page.locator("canvas").waitFor();
      assert.match(page.url(), /data\/sample-\d+$/);
    });
  });
});
