/** The Studio's pure parts: addresses, numbers, layouts of charts, and how events change the cache. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { QueryClient } from "@tanstack/react-query";
import { LAYER_FIELDS } from "../../src/models/layer-fields.ts";
import { parseLayers } from "../../src/models/parse-layer.ts";
import type { Project, Run, RunResult, SampleSummary } from "../../src/server/api.ts";
import { cellText, confusionCells } from "../../studio/charts/confusion-layout.ts";
import { historyColumns, recordingColumns, segmentBands } from "../../studio/charts/line-data.ts";
import { labelColor } from "../../studio/charts/palette.ts";
import { scatterLayout } from "../../studio/charts/scatter-layout.ts";
import { ticks } from "../../studio/charts/ticks.ts";
import { xyLayout } from "../../studio/charts/xy-layout.ts";
import { type PickedFile, parcelGroups, picked } from "../../studio/dropped-files.ts";
import { engineChoices, threadChoices } from "../../studio/engines.ts";
import { applyEvents, mergeEpochs } from "../../studio/events.ts";
import { flowOf } from "../../studio/flow.ts";
import { bytes, hertz, percent, plural, score, seconds } from "../../studio/format.ts";
import { phaseStates } from "../../studio/phases.ts";
import { keys, newestDone } from "../../studio/queries.ts";
import {
  moved,
  newLayer,
  readDraft,
  settingText,
  settingValue,
  withSetting,
  writeDraft,
} from "../../studio/recipe-draft.ts";
import { hrefOf, parseHash } from "../../studio/router.ts";
import {
  allLabels,
  commonFolder,
  isTable,
  matching,
  NO_FILTER,
  secondsByLabel,
} from "../../studio/samples.ts";
import { tableReading } from "../../studio/uploads.ts";
import { DONE, EXAMPLE, PROJECT, SAMPLES, summaryOf, valuesOf } from "./fixtures.ts";

const GAP = "\u202f";

describe("addresses", () => {
  test("a page's address gives the page back, whatever its names hold", () => {
    const project = "a/b #%ü";
    assert.deepEqual(parseHash(hrefOf(project, "result", "run/1")), {
      page: "project",
      project,
      tab: "result",
      item: "run/1",
    });
  });

  test("what is no page is unknown, and nothing is the list of projects", () => {
    assert.deepEqual(parseHash(""), { page: "projects" });
    assert.deepEqual(parseHash("#/projects"), { page: "projects" });
    assert.deepEqual(parseHash("#/projects/p"), { page: "project", project: "p", tab: "data" });
    for (const hash of ["#/x", "#/projects/p/nothing", "#/projects/p/data/1/2", "#/projects/%E0"])
      assert.deepEqual(parseHash(hash), { page: "unknown" }, hash);
  });
});

test("numbers are written with their unit and without false digits", () => {
  assert.equal(percent(0.93069), `93.1${GAP}%`);
  assert.equal(percent(null), "–");
  assert.deepEqual([999, 1764, 350_000, 3_000_000].map(bytes), [
    `999${GAP}B`,
    `1.7${GAP}kB`,
    `342${GAP}kB`,
    `2.86${GAP}MB`,
  ]);
  assert.deepEqual([0.016, 9.984, 59.94, 120, 250, 7500].map(seconds), [
    `16${GAP}ms`,
    `9.98${GAP}s`,
    `59.9${GAP}s`,
    `2${GAP}min`,
    `4${GAP}min 10${GAP}s`,
    `2${GAP}h 5${GAP}min`,
  ]);
  assert.deepEqual([62.5, 16_000].map(hertz), [`62.5${GAP}Hz`, `16${GAP}kHz`]);
  assert.deepEqual([0, 0.6516, 10, 0.00001].map(score), ["0", "0.652", "10", "1.0e-5"]);
  assert.deepEqual([plural(1, "file"), plural(1200, "file")], ["1 file", "1,200 files"]);
});

test("ticks are round numbers within the range", () => {
  assert.deepEqual(ticks(-0.3, 1.1, 5), [0, 0.5, 1]);
  assert.deepEqual(ticks(0, 0.3, 3), [0, 0.1, 0.2, 0.3]);
  assert.deepEqual(ticks(2, 2, 5), []);
});

describe("confusion", () => {
  test("cells carry the share of their row; a row without windows has none", () => {
    const cells = confusionCells([
      [3, 1],
      [0, 0],
    ]);
    assert.deepEqual(
      cells.map(({ share }) => share),
      [0.75, 0.25, null, null],
    );
    assert.deepEqual(
      cells.map(({ onStrong }) => onStrong),
      [true, false, false, false],
    );
  });

  test("the least confusion is seen, and none is blank", () => {
    const [, wrong] = confusionCells([[999, 1]]);
    assert.ok(wrong!.strength >= 0.15);
    assert.equal(cellText(wrong!.share, 1), "0.1");
    assert.equal(cellText(0, 0), "");
    assert.equal(cellText(0.725, 29), "73");
  });
});

describe("scatter", () => {
  const point = (x: number, y: number, label: string, correct: boolean | null) =>
    ({ x, y, label, side: "testing", correct }) as const;
  const box = { width: 100, height: 50 };

  test("points fill the box with a margin, y upwards, one path a label", () => {
    const { dots, rings } = scatterLayout(
      [point(0, 0, "b", true), point(1, 1, "a", false), point(0.5, 0.5, "b", null)],
      box,
    );
    assert.deepEqual(dots, [
      { label: "a", d: "M96.3 1.9h0" },
      { label: "b", d: "M3.7 48.1h0M50 25h0" },
    ]);
    assert.deepEqual(rings, [{ x: 96.3, y: 1.9, label: "a" }]);
  });

  test("no points and equal points still have a frame", () => {
    assert.deepEqual(scatterLayout([], box).dots, []);
    assert.equal(scatterLayout([point(3, 3, "a", null)], box).dots[0]!.d, "M50 25h0");
  });
});

test("a recording's columns are over seconds, and so are its segments", () => {
  const values = valuesOf("sample-0", 2000)!;
  const [xs, first] = recordingColumns(values);
  assert.equal(xs.length, 625);
  assert.equal(xs[624], 624 * 0.016);
  assert.deepEqual(first, values.columns[0]);
  assert.deepEqual(segmentBands([{ startRow: 100, endRow: 150, label: "wave" }], 50), [
    { from: 2, to: 3, label: "wave" },
  ]);
});

test("what is no number leaves a gap in a curve", () => {
  const report = { epoch: 1, loss: Number.NaN, validationLoss: null, validationAccuracy: 0.5 };
  assert.deepEqual(historyColumns([report]), [[1], [null], [null], [0.5]]);
});

describe("recordings", () => {
  const labels = allLabels(SAMPLES);

  test("labels are sorted and keep their colors; strangers are gray", () => {
    assert.deepEqual(labels, ["idle", "shake", "snake", "updown", "wave"]);
    assert.equal(new Set(labels.map((label) => labelColor(labels, label))).size, 5);
    assert.equal(labelColor(labels, null), labelColor(labels, "nobody"));
  });

  test("names are shown without the folder that all have in common", () => {
    assert.equal(commonFolder(["a.zip/x/1", "a.zip/x/2"]), "a.zip/x/");
    assert.equal(commonFolder(["a.zip/x/1", "a.zip/xy/2"]), "a.zip/");
    assert.equal(commonFolder(["x/1", "y/2"]), "");
    assert.equal(commonFolder(["/1", "2"]), "");
    assert.equal(commonFolder([]), "");
  });

  test("recordings of one row each are a table", () => {
    assert.ok(isTable(SAMPLES.map((sample) => ({ ...sample, rows: 1 }))));
    assert.ok(!isTable(SAMPLES) && !isTable([]));
  });

  test("filters by label and side hold together", () => {
    assert.equal(matching(SAMPLES, NO_FILTER).length, 25);
    assert.equal(matching(SAMPLES, { label: "wave", side: "training" }).length, 4);
    assert.equal(matching(SAMPLES, { label: "", side: "unseen" }).length, 1);
  });

  test("seconds of a recording with segments go to their labels", () => {
    const sample: SampleSummary = {
      ...SAMPLES[0]!,
      label: null,
      segments: [
        { startRow: 0, endRow: 125, label: "on" },
        { startRow: 125, endRow: 625, label: "off" },
      ],
    };
    assert.deepEqual(secondsByLabel([sample], allLabels([sample])), [
      { label: "off", seconds: 8, samples: 1 },
      { label: "on", seconds: 2, samples: 1 },
    ]);
  });
});

test("a recipe's boxes go from the window to the answer", () => {
  const names = flowOf(DONE.report!.recipe, DONE.report).map(({ name }) => name);
  assert.deepEqual(names, [
    "2,000 ms window",
    "spectral",
    "standardize",
    "dense 20",
    "dense 10",
    "4 labels",
    "anomaly score",
  ]);
});

describe("dropped files", () => {
  const file = (path: string, size = 10): PickedFile => ({
    path,
    file: new File([new Uint8Array(size)], path.slice(path.lastIndexOf("/") + 1)),
  });

  test("a folder gives the name, and its files' paths start within it", () => {
    const { name, files } = picked([file("knocks/b/2.csv"), file("knocks/a/1.csv")]);
    assert.equal(name, "knocks");
    assert.deepEqual(
      files.map(({ path }) => path),
      ["a/1.csv", "b/2.csv"],
    );
  });

  test("one file gives its name, several have none", () => {
    assert.equal(picked([file("gestures.tar.gz")]).name, "gestures");
    assert.equal(picked([file("a.csv"), file("b.csv")]).name, "recordings");
    assert.equal(picked([]).name, "recordings");
  });

  test("archives go alone, other files together up to a size", () => {
    const groups = parcelGroups(
      [file("a.csv", 60), file("x.zip", 500), file("b.csv", 30), file("c.csv", 30)],
      100,
    );
    assert.deepEqual(
      groups.map((group) => group.map(({ path }) => path)),
      [["x.zip"], ["a.csv", "b.csv"], ["c.csv"]],
    );
  });
});

test("phases before the current one are done, those after it wait", () => {
  const run: Run = { ...summaryOf(DONE), status: "running", phase: "design", done: 0.4 };
  const states = phaseStates(run);
  assert.deepEqual(
    states.slice(0, 4).map(({ state, done }) => [state, done]),
    [
      ["done", 1],
      ["done", 1],
      ["current", 0.4],
      ["waiting", 0],
    ],
  );
  assert.equal(phaseStates({ ...run, status: "failed" })[2]!.state, "failed");
  assert.ok(phaseStates({ ...run, status: "done" }).every(({ state }) => state === "done"));
  assert.ok(phaseStates({ ...run, phase: null }).every(({ state }) => state === "waiting"));
});

describe("events", () => {
  const running: Run = { ...summaryOf(DONE), id: "r", status: "running", phase: "read", done: 0 };
  function cache(): QueryClient {
    const client = new QueryClient();
    client.setQueryData<RunResult>(keys.run("r"), running);
    client.setQueryData<readonly Run[]>(keys.runs(PROJECT), [running]);
    client.setQueryData<readonly Project[]>(keys.projects, [EXAMPLE]);
    return client;
  }

  test("progress reaches the run and the list of runs", () => {
    const client = cache();
    applyEvents(client, [
      { type: "progress", run: "r", phase: "train", done: 0.5, message: "half" },
    ]);
    for (const run of [
      client.getQueryData<Run>(keys.run("r"))!,
      client.getQueryData<readonly Run[]>(keys.runs(PROJECT))![0]!,
    ])
      assert.deepEqual([run.phase, run.done, run.message], ["train", 0.5, "half"]);
  });

  test("an end is told to projects and lists, and late progress does not undo it", () => {
    const client = cache();
    const ended: Run = { ...running, status: "failed", createdAt: "2026-03-03T00:00:00.000Z" };
    applyEvents(client, [
      { type: "run", run: ended },
      { type: "progress", run: "r", phase: "verify", done: 1, message: null },
    ]);
    assert.equal(client.getQueryData<Run>(keys.run("r"))!.status, "failed");
    assert.equal(client.getQueryData<readonly Run[]>(keys.runs(PROJECT))![0]!.status, "failed");
    assert.equal(client.getQueryData<readonly Project[]>(keys.projects)![0]!.lastRun?.id, "r");
    assert.ok(client.getQueryState(keys.run("r"))!.isInvalidated, "its report is to be fetched");
  });

  test("a run nobody has heard of joins the list", () => {
    const client = cache();
    applyEvents(client, [{ type: "run", run: { ...running, id: "new" } }]);
    const runs = client.getQueryData<readonly Run[]>(keys.runs(PROJECT))!;
    assert.deepEqual(
      runs.map(({ id }) => id),
      ["new", "r"],
    );
  });

  test("epochs gather in order, once each", () => {
    const client = cache();
    const epoch = (n: number, loss: number) =>
      ({ epoch: n, loss, validationLoss: null, validationAccuracy: null }) as const;
    applyEvents(client, [{ type: "epoch", run: "r", ...epoch(2, 0.5) }]);
    applyEvents(client, [
      { type: "epoch", run: "r", ...epoch(3, 0.4) },
      { type: "epoch", run: "r", ...epoch(2, 0.5) },
    ]);
    const merged = mergeEpochs([epoch(1, 0.9)], client.getQueryData(keys.epochs("r")));
    assert.deepEqual(
      merged.map((report) => [report.epoch, report.loss]),
      [
        [1, 0.9],
        [2, 0.5],
        [3, 0.4],
      ],
    );
  });

  test("the newest finished run is found in any order", () => {
    const at = (id: string, createdAt: string, status: Run["status"]): Run => ({
      ...running,
      id,
      createdAt,
      status,
    });
    const runs = [at("a", "2026-01-02", "done"), at("b", "2026-01-03", "failed")];
    assert.equal(newestDone([at("c", "2026-01-01", "done"), ...runs])?.id, "a");
    assert.equal(newestDone(undefined), undefined);
  });
});

test("losses that a logarithmic axis cannot show are gaps, and a regression has no accuracy", () => {
  const epoch = { epoch: 1, loss: 0, validationLoss: 0.5, validationAccuracy: null };
  assert.deepEqual(historyColumns([epoch]), [[1], [0], [0.5]]);
  assert.deepEqual(historyColumns([epoch], true), [[1], [null], [0.5]]);
});

test("a draft of a recipe is read where it can be, and changed without losing anything", () => {
  const text = JSON.stringify({ own: 1, layers: [], training: {} });
  assert.equal(JSON.parse(writeDraft({ ...readDraft(text)!, layers: [] })).own, 1);
  for (const other of ["", "{", "[]", "{}", '{"layers": [1], "training": {}}'])
    assert.equal(readDraft(other), undefined, other);
  assert.deepEqual(withSetting({ a: 1, b: 2 }, "a", undefined), { b: 2 });
  assert.deepEqual(Object.keys(withSetting({ a: 1, b: 2 }, "a", 3)), ["a", "b"]);
  assert.deepEqual(moved(["a", "b", "c"], 2, 0), ["c", "a", "b"]);
});

test("a new layer has all that the reader of recipes asks for", () => {
  const complain = (path: string, rule: string): Error => new Error(`${path} ${rule}`);
  for (const [type, fields] of Object.entries(LAYER_FIELDS)) {
    const layer = newLayer(type, fields);
    assert.deepEqual(parseLayers("layers", [layer], { wrong: complain, unknownKey: complain }), [
      layer,
    ]);
  }
});

test("settings are typed as numbers, pairs and lists; other text is left for the server", () => {
  const count = { kind: "count" } as const;
  assert.equal(settingValue(" 12 ", count), 12);
  assert.deepEqual(settingValue("3 x 5", { kind: "size" }), [3, 5]);
  assert.deepEqual(settingValue("7", { kind: "shape" }), [7]);
  assert.equal(settingValue("", count), undefined);
  assert.equal(settingValue("many", count), "many");
  assert.equal(settingText([3, 5]), "3 x 5");
});

test("predictions lie on the diagonal where they are right", () => {
  const box = { width: 100, height: 100 };
  const { dots, line } = xyLayout(
    [
      { x: 0, y: 0 },
      { x: 10, y: 10 },
    ],
    box,
    "diagonal",
  );
  assert.deepEqual(line, { x1: 0, y1: 100, x2: 100, y2: 0 });
  const [first, last] = [...dots.matchAll(/M([\d.]+) ([\d.]+)h0/g)].map((m) =>
    m.slice(1).map(Number),
  );
  for (const [x, y] of [first!, last!]) assert.ok(Math.abs(x! + y! - 100) < 0.2);
  assert.equal(
    xyLayout(
      [
        { x: 5, y: -1 },
        { x: 6, y: 1 },
      ],
      box,
      "zero",
    ).line.y1,
    50,
  );
  assert.match(xyLayout([], box, "zero").dots, /^$/);
});

test("one column of a table is its label, several are numbers to predict", () => {
  assert.equal(tableReading(" , "), undefined);
  assert.deepEqual(tableReading(" progression "), { labelColumn: "progression" });
  assert.deepEqual(tableReading("u, v"), { targetColumns: ["u", "v"] });
});

test("an engine offers the threads of the machine, if it has threads at all", () => {
  const states = [
    { name: "wasm", missing: null, threads: 3 },
    { name: "native", missing: "no compiler", threads: 1 },
  ] as const;
  const values = (engine: "wasm" | "native") =>
    threadChoices(states, engine).map(({ value }) => value);
  assert.deepEqual(values("wasm"), ["", "1", "2", "3"]);
  assert.deepEqual(values("native"), []);
  assert.deepEqual(threadChoices(undefined, "wasm"), []);
  assert.deepEqual(
    engineChoices(states).map(({ disabled }) => disabled),
    [false, true],
  );
});
