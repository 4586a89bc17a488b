/** The entry of a thread in a browser: answers the greeting, and runs each job that it is sent. */
import { serveThread, type ThreadJob } from "../src/engine/threads-serve.ts";

addEventListener("message", ({ data }: MessageEvent<ThreadJob | null>) => {
  if (data === null) postMessage(null);
  else serveThread(data);
});
