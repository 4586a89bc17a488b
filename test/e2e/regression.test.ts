/**
 * Numbers in place of labels, from end to end: tables with one and several columns to predict,
 * recordings in folders named by a number; and networks that ship in float32.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import { makeRng } from "../../src/base/rng.ts";
import type { Recipe } from "../../src/pipeline/recipe.ts";
import type { Report } from "../../src/pipeline/report.ts";
import { findProgram, requirement } from "../requirements.ts";
import { assertRefused, type Files, folderOf, tinsmith } from "./cli.ts";
import { csvOf, filesOf, gestures, QUICK } from "./recordings.ts";

const hasCc = findProgram("cc") !== undefined;

/** Two targets of four columns, in units of very different size, with a little noise. */
function table(rows: number): string {
  const rng = makeRng(5);
  const lines = Array.from({ length: rows }, () => {
    const [a, b, c] = [rng.normal(), rng.normal(), rng.normal()] as const;
    const sum = 1e5 + 3e4 * a - 2e4 * b + 100 * rng.normal();
    const product = 0.01 * (a + b * c) + 1e-4 * rng.normal();
    return [a, b, c, rng.normal(), product, sum].join(",");
  });
  return `a,b,c,noise,small product,large sum\n${lines.join("\n")}\n`;
}

/** Recordings of a sine whose amplitude is the name of their folder. */
function amplitudes(): Files {
  const [sample] = gestures();
  const axes = [{ name: "x", units: "" }];
  return Object.fromEntries(
    Array.from({ length: 30 }, (_, i) => {
      const amplitude = 0.5 + i / 4;
      const values = Float32Array.from({ length: 250 }, (_, t) =>
        // A triangle; `Math.sin` is not the same everywhere.
        Math.abs((((t + 3 * i) % 20) - 10) * amplitude),
      );
      return [`amplitude/${amplitude}/${i}.csv`, csvOf({ ...sample!, axes, values })];
    }),
  );
}

const tanh: Recipe = {
  ...QUICK,
  source: "amplitude",
  task: "regression",
  input: { windowMs: 1000, strideMs: 1000, labelRule: "majority" },
  layers: [{ type: "dense", units: 8, activation: "tanh" }],
  anomaly: null,
};
const root = await folderOf(
  { after },
  {
    "two.csv": table(150),
    ...amplitudes(),
    ...Object.fromEntries(
      Object.entries(filesOf(gestures(2))).map(([path, bytes]) => [`gestures/${path}`, bytes]),
    ),
    "float.json": JSON.stringify(tanh),
    "words.json": JSON.stringify({ ...tanh, source: "gestures" }),
  },
);
const run = async (...args: readonly string[]): Promise<Report> => {
  const { exitCode, stdout, stderr } = await tinsmith(["run", ...args, "--json"], { cwd: root });
  assert.equal(exitCode, 0, stderr);
  return JSON.parse(stdout) as Report;
};
/** Every output of the library equals ours, where there is a compiler to see it. */
function assertParity({ parity, data }: Report): void {
  if (!hasCc) return;
  const { compiler: _, windows, ...differences } = parity!;
  assert.equal(windows, data.windows.test);
  assert.ok(Object.values(differences).every((n) => n === 0));
}

const two = await run("two.csv", "--target-columns", "large sum", "small product", "--out", "two");

test("two columns of a table are predicted, each in its own unit", () => {
  const { regression, recipe, data } = two;
  assert.equal(recipe.task, "regression");
  assert.deepEqual(recipe.targets, ["large sum", "small product"]);
  assert.deepEqual(two.test, { labels: recipe.targets, float32: null, int8: null });
  assert.deepEqual(data.labels, {});
  const [sum, product] = regression!.targets;
  assert.ok(sum!.float32.r2 > 0.95 && sum!.int8!.r2 > 0.95, JSON.stringify(sum));
  assert.ok(product!.float32.r2 > 0.9 && product!.int8!.r2 > 0.9, JSON.stringify(product));
  assert.ok(sum!.int8!.mae > 500 && product!.int8!.mae < 0.01);
  assert.equal(regression!.r2, (sum!.int8!.r2 + product!.int8!.r2) / 2);
  assertParity(two);
});

test("the library of a regression says so, and its self-test passes", requirement("cc"), () => {
  const directory = join(root, "two/c");
  const header = readFileSync(join(directory, "two.h"), "utf8");
  assert.match(header, /2 predicted numbers out/);
  assert.match(header, /float values\[TWO_TARGETS\];/);
  assert.match(header, /TWO_TARGET_LARGE_SUM = 0,/);
  assert.doesNotMatch(header, /label|probabilit/i);
  const made = spawnSync("make", ["-s", "CFLAGS=-std=c99 -O2 -Werror", "all", "test"], {
    cwd: directory,
    encoding: "utf8",
  });
  assert.equal(made.status, 0, made.stderr);
  assert.match(made.stdout, /5 windows, 0 values differ/);
  const { stdout } = spawnSync("./example_two", {
    cwd: directory,
    input: "1 0 0 0",
    encoding: "utf8",
  });
  const [, shown] = /large sum (\S+) {2}small product \S+$/m.exec(stdout)!;
  assert.ok(Math.abs(Number(shown) - 1.3e5) < 1e4, stdout);
});

test("the written recipe runs again to the same library", async () => {
  const again = await run(join("two", "tinsmith.json"), "--out", "again");
  assert.deepEqual(
    again.artefact.files.map(({ sha256 }) => sha256),
    two.artefact.files.map(({ sha256 }) => sha256),
  );
  assert.equal(again.design, null);
});

test("folders named by numbers make a regression; a recipe may say the contrary", async () => {
  const report = await run("amplitude", "--out", "amplitudes");
  assert.equal(report.recipe.task, "regression");
  assert.deepEqual(report.test.labels, ["value"]);
  assert.ok(report.regression!.r2 > 0.9, JSON.stringify(report.regression));
  assertParity(report);
  const refused = await tinsmith(["run", "amplitude", "--task", "classification"], { cwd: root });
  assertRefused(refused, /a recording that is cut by time must last/);
});

test("a layer without an int8 form ships in float32, and the report says so", async () => {
  const report = await run("float.json", "--out", "float");
  assert.equal(report.artefact.network, "float32");
  assert.ok(report.data.notes.some((note) => /ships in float32, because tanh has no/.test(note)));
  assert.equal(report.regression!.targets[0]!.int8, null);
  assertParity(report);
});

test("labels that are no numbers cannot be predicted as such", async () => {
  assertRefused(
    await tinsmith(["run", "words.json"], { cwd: root }),
    /for a regression each label must be a number, got "idle"/,
  );
  assertRefused(
    await tinsmith(["run", "two.csv", "--target-columns", "weight"], { cwd: root }),
    /must have the given column "weight"/,
  );
});
