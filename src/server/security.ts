/**
 * What keeps other pages out. The server listens on loopback without a login, so any page a browser
 * has open could try to speak to it: by its address (a foreign `Origin`), or by a name of its own
 * that resolves to 127.0.0.1 (DNS rebinding: a foreign `Host`). Both are refused on every route,
 * WebSocket included. The headers keep our own page from loading anything from elsewhere.
 */
import type { FastifyInstance, FastifyRequest } from "fastify";
import { UserError } from "../base/errors.ts";

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * Styles are set inline by the widgets of the page; scripts are files of ours only. The engine makes
 * WebAssembly, which can do no more than the script that starts it.
 */
const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'self'",
  "frame-ancestors 'none'",
].join("; ");

const HEADERS: { readonly [name: string]: string } = {
  "content-security-policy": CONTENT_SECURITY_POLICY,
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
  "cross-origin-resource-policy": "same-origin",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
};

/** Adds the checks and headers; to be called before any route is registered. */
export function addSecurity(app: FastifyInstance): void {
  app.addHook("onRequest", async (request, reply) => {
    reply.headers(HEADERS);
    // An upgrade that is refused leaves a connection that nobody would read from or end.
    if (request.headers.upgrade !== undefined)
      reply.raw.once("finish", () => request.socket.destroySoon());
    if (request.url.startsWith("/api/")) reply.header("cache-control", "no-store");
    checkHost(request.headers.host, portOf(request));
    checkOrigin(request.headers.origin, portOf(request));
  });
}

/** The port the request came in by; undefined when it came without a socket, as in tests. */
function portOf(request: FastifyRequest): number | undefined {
  return request.socket.localPort;
}

/** @throws UserError `host-refused` */
export function checkHost(host: string | undefined, port: number | undefined): void {
  const [name, given] = splitHost(host ?? "");
  if (LOOPBACK_NAMES.has(name) && (port === undefined || given === port)) return;
  throw new UserError(
    "host-refused",
    `request: Host must be localhost with the port of the server, got ${JSON.stringify(host ?? "")}`,
    "Open the URL that the server printed.",
  );
}

/**
 * Programs send no Origin, and neither do a page's own reads; where there is one it must be ours.
 * @throws UserError `origin-refused`
 */
export function checkOrigin(origin: string | undefined, port: number | undefined): void {
  if (origin === undefined) return;
  const [name, given] = splitHost(origin.startsWith("http://") ? origin.slice(7) : "");
  if (LOOPBACK_NAMES.has(name) && (port === undefined || given === port)) return;
  throw new UserError(
    "origin-refused",
    `request: Origin must be the server's own page, got ${JSON.stringify(origin)}`,
  );
}

/** A host as its name and port, 80 by default. */
function splitHost(host: string): readonly [name: string, port: number] {
  const match = /^(.*?)(?::(\d{1,5}))?$/.exec(host.toLowerCase());
  return match ? [match[1]!, match[2] === undefined ? 80 : Number(match[2])] : ["", 0];
}
