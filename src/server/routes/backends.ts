/** What the machine of the server can train with. */
import { availableParallelism } from "node:os";
import { Type } from "typebox";
import { UserError } from "../../base/errors.ts";
import { BACKENDS } from "../../host/backends.ts";
import { type BackendState, backendStateSchema } from "../api.ts";
import type { App } from "../app.ts";
import { responses } from "./shared.ts";

export function backendRoutes(app: App): void {
  app.get(
    "/api/backends",
    {
      schema: {
        tags: ["server"],
        summary: "What can train here, the default first",
        response: responses(Type.Array(backendStateSchema)),
      },
    },
    async () => BACKENDS.map(stateOf),
  );
}

/** Looked at anew each time: a person may have installed a compiler meanwhile. */
function stateOf({ name, open, threads: isThreaded }: (typeof BACKENDS)[number]): BackendState {
  const threads = isThreaded ? availableParallelism() : 1;
  try {
    open();
    return { name, missing: null, threads };
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return { name, missing: [error.message, error.hint].filter(Boolean).join("; "), threads };
  }
}
