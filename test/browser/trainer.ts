/** In a worker of a browser: trains a network on one thread and on two, and says what came out. */
import { wasmInstance } from "../../src/engine/instance.ts";
import { threadPool } from "../../src/engine/threads.ts";
import { startThreads } from "../../studio/threads.ts";
import { train, trainingProgram } from "../threads/networks.ts";

export type Order = { readonly network: string; readonly steps: number };
export type Answer = {
  readonly isolated: boolean;
  /** States and loss of each number of threads. */
  readonly trained: readonly { readonly threads: number; readonly bytes: readonly number[] }[];
};

async function carryOut({ network, steps }: Order): Promise<Answer> {
  const program = trainingProgram(network);
  const trained = [{ threads: 1, bytes: [...train(wasmInstance(program), steps)] }];
  for (const threads of [2, 3]) {
    const pool = threadPool(await startThreads(threads - 1), { worthNs: 0 });
    trained.push({ threads, bytes: [...train(pool.instance(program), steps)] });
    pool.release();
  }
  return { isolated: crossOriginIsolated, trained };
}

addEventListener("message", async ({ data }: MessageEvent<Order>) => {
  try {
    postMessage(await carryOut(data));
  } catch (error) {
    postMessage({ failure: String(error) });
  }
});
