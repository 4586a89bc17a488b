import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import { buildGraph } from "../graph/build.ts";
import type { Graph } from "../graph/graph.ts";
import { relu } from "../graph/operators/relu.ts";
import { upsample2d } from "../graph/operators/upsample-2d.ts";
import { compile } from "./compile.ts";

function network(channels: number, factor: number): Graph {
  const builder = buildGraph();
  const x = builder.input("x", "float32", [1, 2, 2, channels]);
  const wide = builder.one(upsample2d, [x], { factor: [factor, factor] }, { name: "wide" });
  return builder.finish([builder.one(relu, [wide])]);
}

const refusal = (run: () => unknown): UserError => {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof UserError, String(error));
    return error;
  }
  return assert.fail("nothing was refused");
};

test("compile() refuses what does not fit, with the bytes, the limit and the largest tensor", () => {
  const main = network(8, 2);
  const { arenaBytes, constantBytes } = compile({ main });
  const needed = arenaBytes + constantBytes;
  assert.doesNotThrow(() => compile({ main }, { memoryLimitBytes: needed }));
  const { code, message, hint } = refusal(() =>
    compile({ main }, { memoryLimitBytes: needed - 1 }),
  );
  assert.equal(code, "out-of-memory");
  assert.equal(message, `memory: it must fit into ${needed - 1} bytes, got ${needed}`);
  assert.match(hint!, /"(wide|relu)" \[1,4,4,8\].*smaller batch, fewer filters/);
});

test("compile() refuses more than 4 GiB before it writes any loops", () => {
  // 2^18 * 128 * 128 * 4 bytes: even its indices would not fit into 31 bits.
  const { code, message } = refusal(() => compile({ main: network(1 << 18, 64) }));
  assert.equal(code, "out-of-memory");
  assert.match(message, /must fit into 4294967296 bytes, got at least 17179869184$/);
});
