/** Whether the server is there, and which. */
import { readFileSync } from "node:fs";
import { healthSchema } from "../api.ts";
import type { App } from "../app.ts";
import { responses } from "./shared.ts";

/** Version of the package. */
export const VERSION: string = (
  JSON.parse(readFileSync(new URL("../../../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  }
).version;

export function healthRoutes(app: App): void {
  app.get(
    "/api/health",
    { schema: { tags: ["server"], response: responses(healthSchema) } },
    async () => ({ ok: true as const, version: VERSION }),
  );
}
