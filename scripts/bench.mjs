/** `npm run bench -- NAME [args]` runs bench/NAME.bench.ts: one question, one table. */
import { runNamed } from "./run-named.mjs";

runNamed("bench", "bench");
