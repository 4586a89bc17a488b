/**
 * The layer check must be seen to fail: each case plants one file (or two) in a temporary tree and
 * expects exactly the lines that the script prints for it. The last test runs it on this repository.
 */
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: planted sources hold templates
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const SCRIPT = fileURLToPath(new URL("../../scripts/check-layers.mjs", import.meta.url));

type Outcome = {
  readonly code: number | null;
  /** The lines on stderr: one violation each. */
  readonly lines: readonly string[];
  readonly summary: string;
};

function runCheck(root?: string): Outcome {
  const args = root === undefined ? [SCRIPT] : [SCRIPT, root];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { code: status, lines: stderr.split("\n").filter(Boolean), summary: stdout.trim() };
}

/** Checks a tree of `files`: path below the root to text. */
function check(files: { readonly [path: string]: string }): Outcome {
  const root = mkdtempSync(join(tmpdir(), "tinsmith-layers-"));
  try {
    mkdirSync(join(root, "src"));
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), text);
    }
    return runCheck(root);
  } finally {
    rmSync(root, { recursive: true });
  }
}

type Case = {
  readonly title: string;
  readonly files: { readonly [path: string]: string };
  /** What stderr must hold, line by line; none when the tree is in order. */
  readonly expected: readonly string[];
};

const CASES: readonly Case[] = [
  {
    title: "an upward import",
    files: { "src/tensor/a.ts": 'export const a = 1;\nimport { f } from "../train/f.ts";\n' },
    expected: ['src/tensor/a.ts:2: layer: "tensor" must not import "train", got "../train/f.ts"'],
  },
  {
    title: "an upward import of types, over several lines",
    files: { "src/ir/a.ts": 'import type {\n  Graph,\n} from "../graph/graph.ts";\n' },
    expected: ['src/ir/a.ts:3: layer: "ir" must not import "graph", got "../graph/graph.ts"'],
  },
  {
    title: "an upward import inside a type",
    files: { "src/ir/a.ts": 'export type G = import("../graph/graph.ts").Graph;\n' },
    expected: ['src/ir/a.ts:1: layer: "ir" must not import "graph", got "../graph/graph.ts"'],
  },
  {
    title: "a row that is listed above but not in the row's own list",
    files: { "src/samples/a.ts": 'export * from "../ir/kernel.ts";\n' },
    expected: ['src/samples/a.ts:1: layer: "samples" must not import "ir", got "../ir/kernel.ts"'],
  },
  {
    title: "an upward import in a test",
    files: { "src/dsp/a.test.ts": 'import { f } from "../train/f.ts";\n' },
    expected: ['src/dsp/a.test.ts:1: layer: "dsp" must not import "train", got "../train/f.ts"'],
  },
  {
    title: "a cycle of two files",
    files: {
      "src/base/a.ts": '\nimport "./b.ts";\n',
      "src/base/b.ts": 'import type { A } from "./a.ts";\n',
    },
    expected: ["src/base/a.ts:2: cycle: src/base/a.ts -> src/base/b.ts -> src/base/a.ts"],
  },
  {
    title: "a cycle of three files beside a tail that leads into it",
    files: {
      "src/base/a.ts": 'import "./b.ts";\n',
      "src/base/b.ts": 'import "./c.ts";\n',
      "src/base/c.ts": 'export * from "./d.ts";\n',
      "src/base/d.ts": 'const b = await import("./b.ts");\n',
    },
    expected: [
      "src/base/b.ts:1: cycle: src/base/b.ts -> src/base/c.ts -> src/base/d.ts -> src/base/b.ts",
    ],
  },
  {
    title: "a Node module",
    files: { "src/pipeline/a.ts": 'import { readFileSync } from "node:fs";\nimport "path";\n' },
    expected: [
      'src/pipeline/a.ts:1: node: "pipeline" must run in a browser, got "node:fs"',
      'src/pipeline/a.ts:2: node: "pipeline" must run in a browser, got "path"',
    ],
  },
  {
    title: "a package that is not on the list",
    files: { "src/dsp/a.ts": 'import { x } from "@scope/name/part.js";\nimport "cborg";\n' },
    expected: [
      'src/dsp/a.ts:1: package: "@scope/name" is not on the list of pure packages for this folder',
      'src/dsp/a.ts:2: package: "cborg" is not on the list of pure packages for this folder',
    ],
  },
  {
    title: "an import whose specifier is computed",
    files: { "src/engine/a.ts": "export const load = (name: string) => import(name);\n" },
    expected: ["src/engine/a.ts:1: import: the specifier must be a literal below host"],
  },
  {
    title: "an import without extension, of an index, of a file outside src and of a test",
    files: {
      "src/cli/a.ts":
        'import "./b";\nimport "./b.js";\nimport "../base/index.ts";\nimport "../../test/x.ts";\nimport "./b.test.ts";\n',
    },
    expected: [
      'src/cli/a.ts:1: extension: write .ts, got "./b"',
      'src/cli/a.ts:2: extension: write .ts, got "./b.js"',
      'src/cli/a.ts:3: index: import the file itself, got "../base/index.ts"',
      'src/cli/a.ts:4: outside: only tests leave src/, got "../../test/x.ts"',
      'src/cli/a.ts:5: test: only a test imports a test, got "./b.test.ts"',
    ],
  },
  {
    title: "a folder that is not in the table, a loose file and JavaScript",
    files: { "src/util/a.ts": "", "src/b.ts": "", "src/base/c.mjs": "" },
    expected: [
      'src/b.ts:1: folder: "b.ts" is not in the table of layers',
      "src/base/c.mjs:1: extension: sources of src/ are .ts files",
      'src/util/a.ts:1: folder: "util" is not in the table of layers',
    ],
  },
  {
    title: "functions that differ between engines",
    files: {
      "src/dsp/a.ts":
        "const a = Math.sin(1);\nconst b = 2 ** 3;\nlet c = Math\n  .atan2(1, 2);\nc **= 2;\nconst { exp } = Math;\nconst d = Math.hypot(1, Math.log1p(2));\nconst e = `${Math.acosh(2)}`;\n",
    },
    expected: [
      "src/dsp/a.ts:1: math: use src/base/math.ts, engines differ in Math.sin",
      "src/dsp/a.ts:2: math: use src/base/math.ts, engines differ in **",
      "src/dsp/a.ts:3: math: use src/base/math.ts, engines differ in Math.atan2",
      "src/dsp/a.ts:5: math: use src/base/math.ts, engines differ in **=",
      "src/dsp/a.ts:6: math: write Math.name so that it can be checked, got Math",
      "src/dsp/a.ts:7: math: use src/base/math.ts, engines differ in Math.hypot",
      "src/dsp/a.ts:7: math: use src/base/math.ts, engines differ in Math.log1p",
      "src/dsp/a.ts:8: math: use src/base/math.ts, engines differ in Math.acosh",
    ],
  },
  {
    title: "the clock and the engine's randomness, in tests too",
    files: {
      "src/train/a.ts": "const a = Math.random();\nconst b = Date.now();\n",
      "src/train/a.test.ts": "const c = new Date();\n",
    },
    expected: [
      "src/train/a.test.ts:1: clock: results must not depend on the time, got new Date",
      "src/train/a.ts:1: random: use src/base/rng.ts, got Math.random",
      "src/train/a.ts:2: clock: results must not depend on the time, got Date.now",
    ],
  },
  {
    title: "code after things that look like comments or strings",
    files: {
      "src/dsp/a.ts": [
        "const quote = /[\"'`/]/g; const a = Math.sin(1);",
        "const half = values[0]! / 2; const b = 'it\\'s' + Math.cos(1) / 2;",
        'const url = "http://example.org"; const c = Math.tan(1);',
        "const t = `// ${`/* ${quote} */`} '`; const d = Math.exp(1);",
        'let i = 0; const e = i++ / 2; /* " */ const f = Math.log(1) / i;',
      ].join("\n"),
    },
    expected: ["sin", "cos", "tan", "exp", "log"].map(
      (name, index) =>
        `src/dsp/a.ts:${index + 1}: math: use src/base/math.ts, engines differ in Math.${name}`,
    ),
  },
  {
    title: "nothing in comments, strings, templates and regular expressions",
    files: {
      "src/dsp/a.ts": [
        "/** Math.sin, 2 ** 3 */",
        '// import { f } from "../train/f.ts"; Math.random()',
        "const a = 'Math.sin(1) ** 2';",
        'const b = `import "node:fs"; Math.sin ${a} Date.now()`;',
        'const c = /Math.sin "(1)"/.test(b);',
        "const d = Math.sqrt(Math.abs(Math.expo)) * Math.fround(1);",
        "export const e = { from: 'node:fs', d, c };",
      ].join("\n"),
    },
    expected: [],
  },
  {
    title: "nothing that the table allows",
    files: {
      "src/globals.d.ts": "declare const x: number;\n",
      "src/base/math.ts": "export const sinOfEngine = Math.sin(2 ** 3);\n",
      "src/samples/formats/cbor.ts": 'import { decode } from "cborg";\n',
      "src/dsp/a.ts": 'import { sin } from "../base/math.ts";\nimport "../ir/kernel.ts";\n',
      "src/dsp/a.test.ts":
        'import assert from "node:assert/strict";\nimport "./a.ts";\nimport "../compiler/plan.ts";\nimport "../../test/requirements.ts";\nMath.sin(1);\n',
      "src/pipeline/b.ts": 'import "../deploy/c.ts";\n',
      "src/host/c.ts": 'import "node:fs";\nimport "../engine/host.ts";\nDate.now();\n',
      "src/cli/d.ts":
        'import "../server/e.ts";\nimport p from "../../package.json" with { type: "json" };\n',
    },
    expected: [],
  },
];

for (const { title, files, expected } of CASES) {
  test(`the layer check ${expected.length > 0 ? "reports" : "passes"} ${title}`, () => {
    const outcome = check(files);
    assert.deepEqual(outcome.lines, expected);
    assert.equal(outcome.code, expected.length > 0 ? 1 : 0);
    const looked = Object.keys(files).filter((path) => path.endsWith(".ts")).length;
    assert.equal(outcome.summary, `layers: ${looked} files, ${expected.length} violations`);
  });
}

test("the layer check fails on a tree without sources", () => {
  const outcome = check({});
  assert.deepEqual(outcome.lines, ["layers: src/ must hold .ts files, got none"]);
  assert.equal(outcome.code, 1);
});

test("this repository keeps its layers", () => {
  const outcome = runCheck();
  assert.deepEqual(outcome.lines, []);
  assert.equal(outcome.code, 0);
});
