/** The entry of a thread in Node: runs each job that it is sent. */
import { parentPort } from "node:worker_threads";
import { serveThread } from "../engine/threads-serve.ts";

parentPort!.on("message", serveThread);
