/** In a page of a browser: hands orders to the trainer, which is a worker, and answers back. */
import type { Answer, Order } from "./trainer.ts";

const trainer = new Worker(new URL("./trainer.ts", import.meta.url), { type: "module" });

Object.assign(window, {
  train: (order: Order): Promise<Answer> =>
    new Promise((resolve, reject) => {
      trainer.onmessage = ({ data }) =>
        data.failure === undefined ? resolve(data) : reject(new Error(data.failure));
      trainer.onerror = ({ message }) => reject(new Error(message));
      trainer.postMessage(order);
    }),
});
