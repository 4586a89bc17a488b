/** `npm run soak -- NAME [args]` runs test/soak/NAME.soak.ts: fuzzing and exhaustive sweeps. */
import { runNamed } from "./run-named.mjs";

runNamed("soak", "test/soak");
