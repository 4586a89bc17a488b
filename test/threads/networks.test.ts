/** Training on several threads against training on one and on the interpreter, to the bit. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { shardProgram } from "../../src/compiler/shard.ts";
import { interpretInstance, wasmInstance } from "../../src/engine/instance.ts";
import { threadPool } from "../../src/engine/threads.ts";
import { startThreads } from "../../src/host/threads.ts";
import { inTurns } from "./in-turns.ts";
import { NETWORKS, train, trainingProgram } from "./networks.ts";

const STEPS = 2;
const pools = [2, 3, 4].map((threads) => threadPool(startThreads(threads - 1), { worthNs: 0 }));
after(() => {
  for (const pool of pools) pool.release();
});

for (const name of Object.keys(NETWORKS))
  test(`${name}: weights have the same bits with 1 to 4 threads and on the interpreter`, () => {
    const program = trainingProgram(name);
    const expected = train(interpretInstance(program), STEPS);
    const initial = train(interpretInstance(program), 0);
    assert.notDeepEqual(expected, initial);
    assert.deepEqual(train(wasmInstance(program), STEPS), expected);
    for (const pool of pools) {
      const instance = pool.instance(program);
      assert.deepEqual(train(instance, STEPS), expected, `${pool.threads} threads`);
      instance.release!();
    }
    for (const order of [
      [0, 1, 2],
      [2, 1, 0],
    ]) {
      const turns = inTurns(program, shardProgram(program, 3, { worthNs: 0 }), order);
      assert.deepEqual(train(wasmInstance(turns), STEPS), expected, `in turns ${order}`);
    }
  });

test("a pool goes back and forth between programs", () => {
  const [pool] = pools;
  const [first, second] = ["dense", "conv1d"].map((name) => pool!.instance(trainingProgram(name)));
  const expected = train(wasmInstance(trainingProgram("dense")), 2 * STEPS);
  train(first!, STEPS);
  train(second!, STEPS);
  // The schedule starts anew, so that the second half is compared with the same second half.
  const half = wasmInstance(trainingProgram("dense"));
  train(half, STEPS);
  assert.deepEqual(train(first!, STEPS), train(half, STEPS));
  assert.notDeepEqual(train(first!, 0), expected);
});

test("threads that are late to leave take no order for another", () => {
  const [pool] = pools;
  const program = trainingProgram("dense");
  const [step] = program.entries;
  const names = Array.from({ length: 12 }, (_, i) => `step${i}`);
  const entries = [step!, ...names.map((name) => ({ ...step!, name }))];
  const expected = train(wasmInstance(program), names.length);
  const instance = pool!.instance({ ...program, entries });
  // Each entry is new to the threads, so that they are sent away before it.
  let next = 0;
  const inTurn = { ...instance, run: () => instance.run(names[next++]!) };
  assert.deepEqual(train(inTurn, names.length), expected);
  instance.release!();
});
