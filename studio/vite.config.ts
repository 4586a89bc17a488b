/**
 * How the Studio is bundled: one small entry (the shell and the list of projects) and a chunk for
 * each page, so that charts load when they are looked at. `npx vite` in this folder serves the sources
 * with the API of a running server (TINSMITH_API, by default the usual port on loopback).
 */
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";

const api = (globalThis as { process?: { env: { [name: string]: string | undefined } } }).process
  ?.env["TINSMITH_API"];

export default defineConfig({
  plugins: [react()],
  server: { proxy: { "/api": { target: api ?? "http://127.0.0.1:4747", ws: true } } },
  build: {
    target: "es2022",
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    assetsInlineLimit: 0,
    manifest: true,
    // The notices that the licences of the bundled packages ask for.
    license: { fileName: "licenses.md" },
  },
});
