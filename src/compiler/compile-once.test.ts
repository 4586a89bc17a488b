import assert from "node:assert/strict";
import { test } from "node:test";
import { buildGraph } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import { add } from "../graph/operators/add.ts";
import { compileOnce } from "./compile-once.ts";

/** y = x + w with w as a state, and z = y + a constant. */
function sum(w: readonly number[], constant = 1, name = "w"): Graph {
  const builder = buildGraph();
  const size = w.length;
  const x = builder.input("x", "float32", [size]);
  const state = builder.state(name, "float32", [size], Float32Array.from(w));
  const c = builder.constant("c", "float32", [size], new Float32Array(size).fill(constant));
  const y = builder.one(add, [x, state]);
  return builder.finish([builder.one(add, [y, c])]);
}

test("compileOnce() shares entries between graphs with other states, which keep their own", () => {
  const first = compileOnce({ main: sum([1, 2]) });
  const second = compileOnce({ main: sum([3, 4]) });
  assert.equal(second.entries, first.entries);
  assert.deepEqual([...first.states[0]!.initial], [1, 2]);
  assert.deepEqual([...second.states[0]!.initial], [3, 4]);
});

test("compileOnce() tells shapes, constants, names and options apart", () => {
  const { entries } = compileOnce({ main: sum([1, 2]) });
  const others = [
    compileOnce({ main: sum([1, 2, 3]) }),
    compileOnce({ main: sum([1, 2], 2) }),
    compileOnce({ main: sum([1, 2], 1, "v") }),
    compileOnce({ other: sum([1, 2]) }),
    compileOnce({ main: sum([1, 2]) }, { fuse: false }),
  ];
  for (const other of others) assert.notEqual(other.entries, entries);
});

test("compileOnce() forgets what was not used for long", () => {
  const { entries } = compileOnce({ main: sum([1, 2]) });
  for (let n = 3; n < 10; n++) {
    compileOnce({ main: sum(new Array(n).fill(0)) });
    assert.equal(compileOnce({ main: sum([1, 2]) }).entries, entries);
  }
  for (let n = 10; n < 18; n++) compileOnce({ main: sum(new Array(n).fill(0)) });
  assert.notEqual(compileOnce({ main: sum([1, 2]) }).entries, entries);
});
