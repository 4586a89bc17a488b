import assert from "node:assert/strict";
import { test } from "node:test";
import { checkHost, checkOrigin } from "./security.ts";

test("checkHost() takes loopback names with the port, 80 being none", () => {
  checkHost("localhost:4747", 4747);
  checkHost("[::1]:4747", 4747);
  checkHost("127.0.0.1", 80);
  for (const host of [undefined, "", ":4747", "localhost:", "::1:4747", "localhost:04747x"])
    assert.throws(() => checkHost(host, 4747), { code: "host-refused" }, String(host));
});

test("checkOrigin() takes none and our own", () => {
  checkOrigin(undefined, 4747);
  checkOrigin("http://localhost:4747", 4747);
  for (const origin of [
    "",
    "null",
    "https://localhost:4747",
    "http://localhost:4747/",
    "localhost",
  ])
    assert.throws(() => checkOrigin(origin, 4747), { code: "origin-refused" }, origin);
});
