/**
 * A running server: takes the home, opens the store, marks what an earlier process left unfinished,
 * and listens on loopback. Closing undoes it in the opposite order and leaves nothing half-done.
 */
import { rm } from "node:fs/promises";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { UserError } from "../base/errors.ts";
import { lockHome } from "../store/home-lock.ts";
import { openStore } from "../store/open-store.ts";
import type { Store } from "../store/store.ts";
import { type Events, makeEvents } from "./events.ts";
import { makeRunner, type Runner } from "./runner.ts";
import { makeServer } from "./server.ts";

export type ServeOptions = {
  readonly home: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** The built Studio. */
  readonly studioDirectory?: string | undefined;
  /** Most bytes of one upload. @default 256 MiB */
  readonly uploadBytes?: number;
};

export type Serving = {
  readonly url: string;
  readonly store: Store;
  readonly runner: Runner;
  readonly events: Events;
  /** Runs that ended with an earlier process; they can be run again. */
  readonly interrupted: readonly string[];
  /** Stops listening, interrupts what runs, closes the store; safe to call twice. */
  readonly close: () => Promise<void>;
};

const HOST = "127.0.0.1";

/** @throws UserError `home-in-use`, `port-in-use`, `port-refused`, and those of `openStore` */
export async function serve(options: ServeOptions): Promise<Serving> {
  const { home, port, studioDirectory, uploadBytes } = options;
  const undo: (() => Promise<unknown>)[] = [];
  const undoAll = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const store = await openStore(home);
    undo.push(() => store.close());
    const lock = await lockHome(home);
    undo.unshift(() => lock.release());
    await rm(join(home, "tmp"), { recursive: true, force: true });
    const interrupted = await store.jobs.interruptAll();

    const events = makeEvents();
    const runner = makeRunner({ store, home, events });
    undo.push(() => runner.close());
    const app = makeServer({
      store,
      home,
      runner,
      events,
      studioDirectory,
      ...(uploadBytes === undefined ? {} : { uploadBytes }),
    });
    undo.push(() => app.close());
    await app.listen({ host: HOST, port }).catch((error: unknown) => {
      throw listenError(error, port);
    });
    const url = `http://${HOST}:${(app.server.address() as AddressInfo).port}`;
    await lock.announce(url);
    runner.wake();
    // What an earlier process put and had not referred to yet when it was killed.
    const swept = store.collectGarbage().catch((error: unknown) => {
      process.stderr.write(`tinsmith: ${error instanceof Error ? error.message : error}\n`);
    });
    undo.push(() => swept);
    let closing: Promise<void> | undefined;
    const close = (): Promise<void> => {
      closing ??= undoAll();
      return closing;
    };
    return { url, store, runner, events, interrupted, close };
  } catch (error) {
    await undoAll();
    throw error;
  }
}

function listenError(error: unknown, port: number): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "EADDRINUSE")
    return new UserError(
      "port-in-use",
      `start: the port must be free, got ${port}, which another program listens on`,
      "Choose another with --port, or --port 0 for any free one.",
    );
  if (code === "EACCES")
    return new UserError(
      "port-refused",
      `start: the port must be one that this user may listen on, got ${port}`,
      "Choose one from 1024 on with --port.",
    );
  return error;
}
