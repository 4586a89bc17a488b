/**
 * The table of operators (test/operators) on many seeds: WebAssembly, on one thread and on two,
 * against the interpreter to the bit.
 *
 *   npm run soak -- operators [SEEDS] [FIRST]     200 seeds take a few minutes
 */
import { wasmInstance } from "../../src/engine/instance.ts";
import { threadPool } from "../../src/engine/threads.ts";
import { startThreads } from "../../src/host/threads.ts";
import { CASES } from "../operators/cases.ts";
import { compileCases, firstDifference, reference, runCases } from "../operators/run-cases.ts";

const [seeds = "200", first = "1000"] = process.argv.slice(2);
const pool = threadPool(startThreads(1), { worthNs: 0 });
const differences: string[] = [];
let values = 0;
for (let seed = Number(first); seed < Number(first) + Number(seeds); seed++) {
  // From sizes that fill no vector to some that fill several.
  const cases = compileCases(CASES, seed, 2 + (seed % 11));
  const expected = cases.cases.map(reference);
  for (const [engine, run] of [
    ["one thread", wasmInstance],
    ["two threads", pool.instance],
  ] as const)
    runCases(cases, (program) => run(program)).forEach((actual, i) => {
      const difference = firstDifference(actual, expected[i]!);
      if (difference) differences.push(`${CASES[i]!.name}, seed ${seed}, ${engine}: ${difference}`);
      for (const tensor of actual.values()) values += tensor.length;
    });
  if (seed % 20 === 0) console.error(`seed ${seed}: ${differences.length} differences`);
}
pool.release();
const figures = { cases: CASES.length, seeds: Number(seeds), values, differences };
console.log(JSON.stringify(figures, null, 2));
process.exitCode = differences.length > 0 ? 1 : 0;
