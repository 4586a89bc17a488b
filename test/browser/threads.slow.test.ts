/**
 * The engine in Chromium, in a worker and on threads, against Node and the interpreter: the weights
 * have the same bits. The sources are served with their types taken out, under the very headers that
 * the Studio's server gives its page.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { stripTypeScriptTypes } from "node:module";
import { test } from "node:test";
import fastify from "fastify";
import { interpretInstance, wasmInstance } from "../../src/engine/instance.ts";
import { addSecurity } from "../../src/server/security.ts";
import { requirement } from "../requirements.ts";
import { openBrowser, openPage } from "../studio/browser.ts";
import { train, trainingProgram } from "../threads/networks.ts";
import type { Answer, Order } from "./trainer.ts";

const ROOT = new URL("../../", import.meta.url);
const PAGE = `<!doctype html><title>Threads</title><link rel="icon" href="data:,">
<script type="module" src="/test/browser/page.ts"></script>`;

test("training in a browser gives the bits of Node", requirement("chromium"), async (t) => {
  const app = fastify();
  addSecurity(app);
  app.get("/", (_, reply) => reply.type("text/html").send(PAGE));
  app.get<{ Params: { "*": string } }>("/*", async ({ params }, reply) => {
    const source = await readFile(new URL(params["*"], ROOT), "utf8");
    return reply.type("text/javascript").send(stripTypeScriptTypes(source));
  });
  const url = await app.listen({ host: "127.0.0.1", port: 0 });
  const browser = await openBrowser();
  t.after(async () => {
    await browser.close();
    await app.close();
  });
  const { page, errors } = await openPage(browser);
  await page.goto(url);
  await page.waitForFunction(() => "train" in window);
  for (const network of ["dense", "separable"]) {
    const order: Order = { network, steps: 3 };
    const { isolated, trained } = await page.evaluate(
      (asked) => (window as unknown as { train: (order: Order) => Promise<Answer> }).train(asked),
      order,
    );
    assert.ok(isolated, "the page must be isolated, so that memory can be shared");
    assert.deepEqual(
      trained.map(({ threads }) => threads),
      [1, 2, 3],
    );
    const program = trainingProgram(network);
    const expected = train(interpretInstance(program), order.steps);
    assert.deepEqual(train(wasmInstance(program), order.steps), expected);
    for (const { threads, bytes } of trained)
      assert.deepEqual(Uint8Array.from(bytes), expected, `${network}, ${threads} threads`);
  }
  assert.deepEqual(errors, []);
});
