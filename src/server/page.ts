/**
 * The Studio's files. Paths of its own routes (`/projects/…`) give the page itself, so that a reload
 * works; hashed assets may be kept for ever, the page is asked for each time.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import { UserError } from "../base/errors.ts";
import type { App } from "./app.ts";

const YEAR_SECONDS = 365 * 24 * 3600;

const NO_PAGE = `<!doctype html><meta charset="utf-8"><title>Tinsmith</title>
<p>The server runs, but the Studio has not been built. The API is described in
<a href="/api/openapi.json">/api/openapi.json</a>.</p>`;

/** @param directory the built Studio; without one a page says so */
export function addPage(app: App, directory: string | undefined): void {
  const built = directory !== undefined && existsSync(join(directory, "index.html"));
  if (built)
    app.register(fastifyStatic, {
      root: directory,
      cacheControl: false,
      dotfiles: "ignore",
      setHeaders: (reply, path) => {
        const hashed = path.startsWith(join(directory, "assets"));
        reply.header(
          "cache-control",
          hashed ? `public, max-age=${YEAR_SECONDS}, immutable` : "no-cache",
        );
      },
    });
  app.setNotFoundHandler((request, reply) => {
    const path = request.url.split("?")[0]!;
    const isPage =
      (request.method === "GET" || request.method === "HEAD") &&
      !path.startsWith("/api/") &&
      !/\.[a-z0-9]+$/i.test(path);
    if (!isPage)
      throw new UserError(
        "route-missing",
        `request: the path must be one of the server's, got ${request.method} ${path.slice(0, 200)}`,
        "They are listed in /api/openapi.json.",
      );
    if (built) return reply.sendFile("index.html");
    return reply.type("text/html; charset=utf-8").send(NO_PAGE);
  });
}
