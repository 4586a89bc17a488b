/**
 * The server's end of the thread that adds recordings (`add-worker.ts`): started with the first
 * request and kept, since starting costs more than reading most files.
 */
import { Worker } from "node:worker_threads";
import { UserError } from "../base/errors.ts";
import type { AddAnswer, AddRequest, AddResult } from "./add-worker.ts";

export type Adder = {
  /** @throws UserError of `readSource`, `readFiles` and the store */
  readonly add: (request: Omit<AddRequest, "id">) => Promise<AddResult>;
  /** Ends the thread; what it has not stored by then is not added. */
  readonly close: () => Promise<void>;
};

type Waiting = {
  readonly resolve: (result: AddResult) => void;
  readonly reject: (error: Error) => void;
};

const CLOSE_MS = 1000;

export function makeAdder(home: string): Adder {
  const waiting = new Map<number, Waiting>();
  let worker: Worker | undefined;
  let nextId = 1;
  let closed = false;

  const failAll = (error: Error): void => {
    for (const { reject } of waiting.values()) reject(error);
    waiting.clear();
    worker = undefined;
  };
  const start = (): Worker => {
    const started = new Worker(new URL("./add-worker.ts", import.meta.url), {
      workerData: { home },
    });
    started.on("message", (answer: AddAnswer) => {
      const one = waiting.get(answer.id);
      waiting.delete(answer.id);
      if ("result" in answer) one?.resolve(answer.result);
      else if ("error" in answer) {
        const { code, message, hint } = answer.error;
        one?.reject(new UserError(code, message, hint));
      } else one?.reject(new Error(answer.defect));
    });
    started.on("error", failAll);
    started.on("exit", () => {
      if (worker === started) failAll(closed ? stopping() : new Error("the adding thread ended"));
    });
    return started;
  };
  return {
    add: (request) =>
      new Promise((resolve, reject) => {
        if (closed) return reject(stopping());
        worker ??= start();
        const id = nextId++;
        waiting.set(id, { resolve, reject });
        worker.postMessage({ ...request, id } satisfies AddRequest);
      }),
    close: async () => {
      closed = true;
      const ending = worker;
      if (!ending) return;
      const ended = new Promise((resolve) => ending.once("exit", resolve));
      ending.postMessage("close");
      const timer = setTimeout(() => ending.terminate(), CLOSE_MS);
      await ended;
      clearTimeout(timer);
    },
  };
}

const stopping = (): UserError =>
  new UserError("server-stopping", "add: the server must be running, got one that is stopping");
