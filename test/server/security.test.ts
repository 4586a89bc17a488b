/** Who may speak to the server: programs of this machine and its own page, nobody else. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket } from "ws";
import { served } from "./harness.ts";

test("only the names of loopback with the server's port are served", async (t) => {
  const { client } = await served(t);
  const { port } = new URL(client.url);
  for (const host of [
    `127.0.0.1:${port}`,
    `localhost:${port}`,
    `LOCALHOST:${port}`,
    `[::1]:${port}`,
  ])
    await client.ok("/api/health", { headers: { host } });
  for (const host of [
    "evil.example",
    `evil.example:${port}`,
    `localhost.evil.example:${port}`,
    `127.0.0.1.evil.example:${port}`,
    `127.0.0.2:${port}`,
    `0.0.0.0:${port}`,
    "localhost",
    "127.0.0.1:1",
    `localhost:${port}0`,
    `localhost:${port}@evil.example`,
    `evil@localhost:${port}`,
  ])
    for (const path of ["/api/health", "/", "/api/openapi.json", "/api/nothing"])
      await client.refused(403, "host-refused", path, { headers: { host } });
});

test("other pages are refused, whatever they ask", async (t) => {
  const { client } = await served(t);
  const { port } = new URL(client.url);
  const post = (origin: string) => ({
    method: "POST",
    body: { name: "a" },
    headers: { origin },
  });
  for (const origin of [
    "http://evil.example",
    `http://evil.example:${port}`,
    `https://localhost:${port}`,
    "http://localhost:1",
    "http://localhost",
    "null",
    "file://",
    "chrome-extension://abc",
  ]) {
    await client.refused(403, "origin-refused", "/api/projects", post(origin));
    await client.refused(403, "origin-refused", "/api/projects", { headers: { origin } });
    const preflight = { method: "OPTIONS", headers: { origin } };
    await client.refused(403, "origin-refused", "/api/projects", preflight);
  }
  assert.deepEqual(await client.ok("/api/projects"), []);
  await client.ok("/api/projects", post(`http://localhost:${port}`));
  const answer = await client.send("/api/projects", {
    headers: { origin: `http://127.0.0.1:${port}` },
  });
  assert.equal(answer.status, 200);
  assert.equal(answer.headers["access-control-allow-origin"], undefined);
});

/** The status of a refused WebSocket, or `open`. */
function connect(url: string, options: object): Promise<number | "open"> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/api/events`, options);
    socket.on("open", () => {
      socket.terminate();
      resolve("open");
    });
    socket.on("unexpected-response", (request, response) => {
      request.destroy();
      resolve(response.statusCode ?? 0);
    });
    socket.on("error", reject);
  });
}

test("a WebSocket of another page or name is refused", async (t) => {
  const { client } = await served(t);
  const { port } = new URL(client.url);
  assert.equal(await connect(client.url, {}), "open");
  assert.equal(await connect(client.url, { origin: `http://localhost:${port}` }), "open");
  assert.equal(await connect(client.url, { origin: "http://evil.example" }), 403);
  assert.equal(await connect(client.url, { origin: "null" }), 403);
  assert.equal(await connect(client.url, { headers: { host: `evil.example:${port}` } }), 403);
});

test("a client that sends more than a trifle over the WebSocket is cut off", async (t) => {
  const { client } = await served(t);
  const socket = new WebSocket(`${client.url.replace("http", "ws")}/api/events`);
  const code = await new Promise((resolve) => {
    socket.on("open", () => socket.send("x".repeat(10_000)));
    socket.on("close", resolve);
  });
  assert.equal(code, 1009);
  await client.ok("/api/health");
});

test("every answer carries the headers that keep the page to itself", async (t) => {
  const { client } = await served(t);
  for (const path of ["/", "/api/health", "/api/nothing", "/nothing.js"]) {
    const { headers } = await client.send(path);
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /default-src 'self'/);
    assert.match(policy, /script-src 'self' 'wasm-unsafe-eval'(?:;|$)/);
    assert.doesNotMatch(policy, /https?:|\*|'unsafe-eval'/);
    assert.equal(headers["cross-origin-opener-policy"], "same-origin");
    assert.equal(headers["cross-origin-embedder-policy"], "require-corp");
    assert.equal(headers["cross-origin-resource-policy"], "same-origin");
    assert.equal(headers["x-content-type-options"], "nosniff");
  }
});
