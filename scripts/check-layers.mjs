/**
 * Checks the rules that keep the house in order; the table is the one of docs/architecture.md.
 * Imports between the folders of `src/` go one way, no files import each other in a circle, folders
 * up to `library` run in a browser as well (no Node, only the packages named here), and nothing
 * below `host` depends on an engine's own transcendental functions, a clock or its randomness.
 *
 * node scripts/check-layers.mjs [root]   prints `file:line: rule` for each violation, then exits 1
 */
import { readdirSync, readFileSync } from "node:fs";
import { isBuiltin } from "node:module";
import { dirname, join, posix, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { stripCode } from "./strip-code.mjs";

/** The folders in the order data flows, and what each may import besides itself. */
const LAYERS = {
  base: "",
  tensor: "base",
  ir: "base tensor",
  graph: "base tensor ir",
  compiler: "base tensor ir graph",
  engine: "base tensor ir graph compiler",
  samples: "base tensor",
  dsp: "base tensor ir graph samples",
  train: "base tensor ir graph compiler engine",
  models: "base tensor ir graph train",
  compress: "base tensor ir graph compiler engine train",
  interchange: "base tensor graph",
  deploy: "base tensor ir graph compiler dsp interchange",
  pipeline: "*above",
  library: "*above",
  host: "base engine",
  store: "base samples",
  server: "*",
  cli: "*",
};

/** npm packages without Node in them, by the part of `src/` that may import them. */
const PURE_PACKAGES = {
  "samples/formats/": ["cborg", "papaparse"],
};

/** The only file that may compute with the engine's own functions, to check or replace them. */
const OWN_MATH = "src/base/math.ts";

const ENGINE_MATH =
  /\bMath\s*\.\s*(?:a?(?:sin|cos|tan)h?|atan2|exp|expm1|log|log1p|log2|log10|pow|cbrt|hypot)\b/g;

/** Rules below `host` that a search finds: name, pattern, whether they hold in tests too. */
const BANNED = [
  {
    rule: "math: use src/base/math.ts, engines differ in",
    pattern: ENGINE_MATH,
    inTests: false,
  },
  { rule: "math: use src/base/math.ts, engines differ in", pattern: /\*\*=?/g, inTests: false },
  {
    rule: "math: write Math.name so that it can be checked, got",
    pattern: /(?<![\w$.])Math\b(?!\s*\.\s*\w)/g,
    inTests: false,
  },
  { rule: "random: use src/base/rng.ts, got", pattern: /\bMath\s*\.\s*random\b/g, inTests: true },
  {
    rule: "clock: results must not depend on the time, got",
    pattern: /\bDate\s*\.\s*now\b|\bnew\s+Date\b|(?<![\w$.])Date\s*\(/g,
    inTests: true,
  },
];

const FOLDERS = Object.keys(LAYERS);
const isNeutral = (folder) => FOLDERS.indexOf(folder) <= FOLDERS.indexOf("library");
const isTest = (file) => /\.(?:test|contract)\.ts$/.test(file);

function mayImport(from, to) {
  if (from === to) return true;
  if (LAYERS[from] === "*") return true;
  if (LAYERS[from] === "*above") return FOLDERS.indexOf(to) < FOLDERS.indexOf(from);
  return LAYERS[from].split(" ").includes(to);
}

/** Every import and re-export: static, dynamic and in a type; `specifier` is null if computed. */
function importsOf(source, code) {
  const found = [];
  const literal = /(?<![\w$.])(?:from\s*|import\s*\(?\s*)(["'])( *)\1/g;
  for (const match of code.matchAll(literal)) {
    const end = match.index + match[0].length - 1;
    found.push({ at: match.index, specifier: source.slice(end - match[2].length, end) });
  }
  for (const match of code.matchAll(/(?<![\w$.])import\s*\(\s*[^\s"']/g)) {
    found.push({ at: match.index, specifier: null });
  }
  return found;
}

/** Checks one import of `file`; gives the rule it breaks, or the file of `src/` it leads to. */
function checkImport(file, folder, specifier) {
  const test = isTest(file);
  if (specifier === null) {
    return isNeutral(folder) && !test
      ? { rule: "import: the specifier must be a literal below host" }
      : {};
  }
  if (!specifier.startsWith(".")) {
    if (test || !isNeutral(folder)) return {};
    if (isBuiltin(specifier))
      return { rule: `node: "${folder}" must run in a browser, got "${specifier}"` };
    const name = specifier.split("/", specifier.startsWith("@") ? 2 : 1).join("/");
    const pure = Object.keys(PURE_PACKAGES).some(
      (part) => file.startsWith(`src/${part}`) && PURE_PACKAGES[part].includes(name),
    );
    return pure
      ? {}
      : { rule: `package: "${name}" is not on the list of pure packages for this folder` };
  }
  const target = posix.join(posix.dirname(file), specifier);
  if (posix.basename(target, posix.extname(target)) === "index") {
    return { rule: `index: import the file itself, got "${specifier}"` };
  }
  if (!target.startsWith("src/")) {
    const manifest = target === "package.json" && !isNeutral(folder);
    return test || manifest ? {} : { rule: `outside: only tests leave src/, got "${specifier}"` };
  }
  if (!target.endsWith(".ts")) return { rule: `extension: write .ts, got "${specifier}"` };
  if (isTest(target) && !test)
    return { rule: `test: only a test imports a test, got "${specifier}"` };
  const to = target.split("/")[1];
  // A test may look at any folder before its own, for instance to compile what it checks.
  const allowed = test
    ? FOLDERS.includes(to) &&
      (mayImport(folder, to) || FOLDERS.indexOf(to) < FOLDERS.indexOf(folder))
    : mayImport(folder, to);
  if (!allowed) return { rule: `layer: "${folder}" must not import "${to}", got "${specifier}"` };
  return { target };
}

/** Groups files that reach each other (Tarjan 1972); groups of one that do not import themselves are left out. */
function findCycles(graph) {
  const order = new Map();
  const low = new Map();
  const stack = [];
  const cycles = [];
  const visit = (file) => {
    order.set(file, order.size);
    low.set(file, order.get(file));
    stack.push(file);
    for (const { target } of graph.get(file) ?? []) {
      if (!order.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file), low.get(target)));
    }
    if (low.get(file) !== order.get(file)) return;
    const group = stack.splice(stack.indexOf(file)).sort();
    const selfImport = (graph.get(file) ?? []).some(({ target }) => target === file);
    if (group.length > 1 || selfImport) cycles.push(group);
  };
  for (const file of graph.keys()) if (!order.has(file)) visit(file);
  return cycles;
}

/** The shortest way from the first file of a group back to it, with the line where it starts. */
function describeCycle(graph, group) {
  const start = group[0];
  const paths = [[start]];
  const seen = new Set();
  for (const path of paths) {
    for (const { target } of graph.get(path.at(-1)) ?? []) {
      if (target === start) {
        const next = path[1] ?? start;
        const { line } = graph.get(start).find((edge) => edge.target === next);
        return { file: start, line, rule: `cycle: ${[...path, start].join(" -> ")}` };
      }
      if (group.includes(target) && !seen.has(target)) {
        seen.add(target);
        paths.push([...path, target]);
      }
    }
  }
  throw new Error(`describeCycle: no cycle through ${start}`);
}

/** @returns violations `{file, line, rule}` sorted by place, and the number of files looked at */
function checkLayers(root) {
  const violations = [];
  const graph = new Map();
  const files = readdirSync(join(root, "src"), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) =>
      posix.join(
        ...resolve(entry.parentPath, entry.name)
          .slice(root.length + 1)
          .split(/[\\/]/),
      ),
    )
    .sort();
  let looked = 0;
  for (const file of files) {
    const report = (line, rule) => violations.push({ file, line, rule });
    if (/\.(?:[cm]?js|[cm]ts|[jt]sx)$/.test(file))
      report(1, "extension: sources of src/ are .ts files");
    if (!file.endsWith(".ts")) continue;
    looked += 1;
    const parts = file.split("/");
    const folder = parts.length > 2 ? parts[1] : "";
    if (folder === "" && file.endsWith(".d.ts")) continue; // ambient declarations
    if (!Object.hasOwn(LAYERS, folder)) {
      report(1, `folder: "${folder || parts[1]}" is not in the table of layers`);
      continue;
    }
    const source = readFileSync(join(root, file), "utf8");
    const code = stripCode(source);
    const lineAt = (at) => code.slice(0, at).split("\n").length;
    const edges = [];
    for (const { at, specifier } of importsOf(source, code)) {
      const { rule, target } = checkImport(file, folder, specifier);
      if (rule) report(lineAt(at), rule);
      // A forbidden import can close a circle as well as an allowed one.
      const edge =
        target ?? (specifier?.startsWith(".") && posix.join(posix.dirname(file), specifier));
      if (edge) edges.push({ target: edge, line: lineAt(at) });
    }
    graph.set(file, edges);
    if (!isNeutral(folder) || file === OWN_MATH) continue;
    for (const { rule, pattern, inTests } of BANNED) {
      if (isTest(file) && !inTests) continue;
      for (const match of code.matchAll(pattern)) {
        report(lineAt(match.index), `${rule} ${match[0].replace(/\s*\.\s*/g, ".")}`);
      }
    }
  }
  for (const group of findCycles(graph)) violations.push(describeCycle(graph, group));
  violations.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : a.line - b.line));
  return { violations, looked };
}

const root = resolve(process.argv[2] ?? join(dirname(fileURLToPath(import.meta.url)), ".."));
const { violations, looked } = checkLayers(root);
for (const { file, line, rule } of violations) console.error(`${file}:${line}: ${rule}`);
console.log(`layers: ${looked} files, ${violations.length} violations`);
if (looked === 0) console.error("layers: src/ must hold .ts files, got none");
if (looked === 0 || violations.length > 0) process.exitCode = 1;
