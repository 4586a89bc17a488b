/**
 * The runner: carries a recipe (its own or a designed one) from samples to a verified C library,
 * step by step, with progress, cancelling, and nothing half-written.
 */
import { utf8 } from "../base/bytes.ts";
import { CancelledError } from "../base/errors.ts";
import { sha256Hex } from "../base/sha256.ts";
import type { Program } from "../compiler/program.ts";
import type { Host } from "../engine/host.ts";
import type { Instance } from "../engine/instance.ts";
import { foldBatchNorm } from "../models/fold-batch-norm.ts";
import { makeModel } from "../models/layers.ts";
import { alignSamples } from "../samples/layout.ts";
import { checkWindow } from "../samples/windows.ts";
import { type EpochReport, fit } from "../train/fit.ts";
import type { PauseSwitch } from "../train/pause-switch.ts";
import { shareAbove } from "./anomaly.ts";
import { assemblePipeline, type Pipeline, quantizePipeline, withoutInt8 } from "./assemble.ts";
import { type Design, designRecipe } from "./designer.ts";
import { draftRecipe } from "./draft-recipe.ts";
import { evaluatePipeline } from "./evaluate.ts";
import { extractFeatures, fitStandardization, prepareBlock, standardizeAll } from "./features.ts";
import { generateLibrary } from "./generate.ts";
import { openOutput } from "./output.ts";
import { formatRecipe } from "./parse-recipe.ts";
import { type Prediction, predictionsOf } from "./predictions.ts";
import { type ProgressEvent, phaseClock } from "./progress.ts";
import { projectWindows, takeWindows } from "./project-windows.ts";
import type { Reading, Recipe, Task } from "./recipe.ts";
import type { Report } from "./report.ts";
import { blocksOf, dataOf, diagnosisOf, type RunInput, trainingOf } from "./run-report.ts";
import { crossValidateTable, fitAnomalyOf, fitOptions, unseenScores } from "./run-steps.ts";
import { type ScatterPoint, scatterOf } from "./scatter.ts";
import { splitProject } from "./split-project.ts";
import { foldTargetScale, scaleTargets } from "./target-scale.ts";
import { scoreTest } from "./test-scores.ts";

/** What trains the network: its name in the report, and how it runs a program. */
export type Backend = {
  readonly name: string;
  /** @param onWait told what takes some seconds before the instance is there, if anything does */
  readonly engine: (program: Program, onWait?: (what: string) => void) => Instance;
};

export type RunOptions = {
  /** Without one, a design is chosen from the data. */
  readonly recipe?: Recipe;
  /** What the written recipe names as its source. */
  readonly source: string;
  /** Seed of a run without a recipe. @default 1 */
  readonly seed?: number;
  /** Task of a run without a recipe. @default what the labels are */
  readonly task?: Task;
  /** Columns that hold numbers to predict, for a run without a recipe. @default none */
  readonly targets?: readonly string[];
  /** How the samples were read, for the recipe that is written. @default {} */
  readonly reading?: Reading;
  readonly outputDirectory: string;
  readonly host: Host;
  /** For the final training; trials of a design run on WebAssembly. @default WebAssembly */
  readonly backend?: Backend;
  readonly signal?: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
  /** Seconds that reading took, for the report. */
  readonly readSeconds?: number;
  readonly onEpoch?: (epoch: EpochReport) => void;
  /** Holds the training of the network while it is paused. */
  readonly pause?: PauseSwitch;
};

/** What a page draws beside the report. */
export type RunDetails = {
  readonly history: readonly EpochReport[];
  /** Windows in the plane of the two principal components of their features. */
  readonly scatter: readonly ScatterPoint[];
  /** Of a regression: test windows, evenly chosen, as numbers of each output. */
  readonly predictions?: readonly Prediction[];
};

export type RunResult = {
  readonly report: Report;
  readonly details: RunDetails;
  /** What was trained and what ships, to be run on further windows. */
  readonly pipelines: { readonly float32: Pipeline; readonly int8?: Pipeline };
};

/**
 * Runs a project and writes `tinsmith.json`, `report.json` and `c/` into the output directory.
 * @throws UserError for what a person can mend; CancelledError, and then nothing was written
 */
export async function runPipeline(input: RunInput, options: RunOptions): Promise<RunResult> {
  const { host, signal, backend } = options;
  const output = await openOutput(host, options.outputDirectory);
  try {
    const steps = phaseClock(options.onProgress, options.readSeconds);
    steps.begin("window");
    const draft = options.recipe ?? draftOf(input, options);
    const { samples, layout } = alignSamples(input.samples);
    checkWindow(samples, draft.input);
    const split = splitProject(samples, draft);
    const windows = projectWindows(split, draft, layout);
    steps.end(
      `${windows.train.length} train, ${windows.validation.length} validate, ${windows.test.length} test ${layout.isTable ? "rows" : `windows of ${draft.input.windowMs} ms`}`,
    );

    steps.begin("design");
    const design: Design | undefined = options.recipe
      ? undefined
      : await designRecipe(draft, split, layout, {
          ...(signal ? { signal } : {}),
          onProgress: (done, message) => steps.at(done, message),
        });
    const recipe = design?.recipe ?? draft;
    steps.end(design ? `${recipe.block.type}, ${recipe.training.epochs} epochs` : "as given");

    steps.begin("features");
    const axes = layout.axes.map((axis) => axis.name);
    const shape = { axes, sampleRateHz: layout.sampleRateHz, rows: windows.all.rows };
    const block = prepareBlock(recipe.block, shape);
    const width = block.labels.length;
    const control = signal ? { signal } : {};
    const features = await extractFeatures(block, windows.all, {
      ...control,
      onProgress: (done) => steps.at(done),
    });
    const featureSeconds = steps.end(`${width} features a window`);

    steps.begin("train");
    const standardization = recipe.standardize
      ? fitStandardization(features, width, windows.train)
      : undefined;
    const x = standardization ? standardizeAll(features, standardization) : features;
    const { train, validation, dataset } = windows;
    const { outputs, targets } = dataset;
    const model = makeModel(recipe.layers, [width], outputs, recipe.seed);
    const scaled = targets && scaleTargets(targets, outputs, train);
    const data = { x, y: scaled?.y ?? dataset.labels, outputs, train, validation };
    const trained = await fit(
      model,
      data,
      {
        ...fitOptions(recipe, block, split.labels),
        seed: recipe.seed,
        ...(backend
          ? { engine: (program: Program) => backend.engine(program, steps.waitFor) }
          : {}),
      },
      {
        ...control,
        ...(options.pause ? { pause: options.pause } : {}),
        onEpoch: (report) => {
          const { epoch, loss } = report;
          steps.at(epoch / recipe.training.epochs, `epoch ${epoch}, loss ${loss.toFixed(4)}`);
          options.onEpoch?.(report);
        },
      },
    );
    const anomaly = recipe.anomaly
      ? await fitAnomalyOf(recipe.anomaly, recipe.seed, windows, block, features, control)
      : undefined;
    const { diverged } = trained;
    steps.end(
      `${trained.history.length} epochs, best ${trained.best.epoch}, ${Math.round(trained.stepsPerSecond)} steps/s${diverged ? `; no finite loss in epoch ${diverged.epoch}. ${diverged.cure}` : ""}`,
    );

    steps.begin("quantize");
    const one = outputs === 1 ? scaled?.scale : undefined;
    const parameters = one ? foldTargetScale(trained.parameters, one) : trained.parameters;
    const folded = foldBatchNorm(model, parameters);
    const float32 = assemblePipeline({
      task: recipe.task,
      block,
      standardization,
      model: folded,
      parameters: folded.parameters,
      outputScale: one ? undefined : scaled?.scale,
      anomaly,
    });
    const lacking = withoutInt8(float32);
    const int8 =
      lacking.length > 0
        ? undefined
        : quantizePipeline(float32, takeWindows(windows.all, windows.train));
    await cancelPoint(signal);
    steps.end(int8 ? "int8, per channel" : "float32: not every layer has an int8 form");

    steps.begin("test");
    const testWindows = takeWindows(windows.all, windows.test);
    const floatTest = await evaluatePipeline(float32, testWindows, control);
    const intTest = int8 && (await evaluatePipeline(int8, testWindows, control));
    const shipped = intTest ?? floatTest;
    const unseen = await unseenScores(int8 ?? float32, split, recipe, layout, control);
    const { test, regression, summary } = scoreTest(dataset, windows.test, split.labels, {
      float32: floatTest,
      int8: intTest,
    });
    const diagnosis = await diagnosisOf(trained, { model, data }, test, control);
    const crossValidation = layout.isTable
      ? await crossValidateTable(recipe, split, windows, { features, width }, control)
      : null;
    steps.end(summary);

    steps.begin("generate");
    const library = generateLibrary({
      project: recipe.name,
      layout,
      labels: split.labels,
      rows: windows.all.rows,
      task: recipe.task,
      int8: int8 && intTest && { pipeline: int8, evaluation: intTest },
      float32: { pipeline: float32, evaluation: floatTest },
      anomalyThreshold: anomaly?.threshold,
      windows: testWindows,
      windowLabels: windows.test.map((row) => dataset.labels[row]!),
    });
    const linked = await library.link(host);
    await cancelPoint(signal);
    steps.end(`${library.files.length} files`);

    steps.begin("verify");
    const parity = await library.verify(host);
    await cancelPoint(signal);
    steps.end(parity ? `${parity.windows} windows, ${parity.compiler}` : "no C compiler");

    const files = library.files.map(({ path, text }) => ({ path: `c/${path}`, bytes: utf8(text) }));
    const report: Report = {
      project: recipe.name,
      seed: recipe.seed,
      recipe,
      data: dataOf(input, split, layout, windows, int8 ? [] : [floatNote(lacking)]),
      design: design ? { trials: design.trials, reasons: design.reasons } : null,
      features: {
        blocks: blocksOf(block, anomaly),
        perWindow: width,
        seconds: featureSeconds,
      },
      training: { ...trainingOf(trained, backend?.name ?? "wasm"), diagnosis },
      test,
      crossValidation,
      regression,
      anomaly: anomaly
        ? {
            threshold: anomaly.threshold,
            knownFlagged: shareAbove(shipped.anomaly, anomaly.threshold),
            unseen: Object.fromEntries(
              unseen.map(({ label, scores: s }) => [label, shareAbove(s, anomaly.threshold)]),
            ),
          }
        : null,
      artefact: {
        network: int8 ? "int8" : "float32",
        directory: `${options.outputDirectory}/c`,
        files: files.map(({ path, bytes }) => ({
          path,
          bytes: bytes.length,
          sha256: sha256Hex(bytes),
        })),
      },
      device: linked ?? library.computed,
      computed: library.computed,
      parity: parity ?? null,
      phases: steps.seconds(),
    };
    for (const { path, bytes } of files) await output.write(path, bytes);
    await output.write("tinsmith.json", utf8(formatRecipe(recipe)));
    await output.write("report.json", utf8(`${JSON.stringify(report, null, 2)}\n`));
    await cancelPoint(signal);
    await output.commit();
    const details: RunDetails = {
      history: trained.history,
      scatter: targets ? [] : scatterOf(x, width, windows, split.labels, shipped),
      ...(targets ? { predictions: predictionsOf(dataset, windows.test, shipped) } : {}),
    };
    return { report, details, pipelines: { float32, ...(int8 ? { int8 } : {}) } };
  } catch (error) {
    await output.discard();
    throw error;
  }
}

function draftOf(input: RunInput, options: RunOptions): Recipe {
  const { source, seed = 1, reading = {}, task, targets } = options;
  return draftRecipe({
    name: input.name,
    source,
    seed,
    reading,
    samples: input.samples,
    ...(task ? { task } : {}),
    ...(targets ? { targets } : {}),
  });
}

const floatNote = (operators: readonly string[]): string =>
  `The network ships in float32, because ${operators.join(", ")} ${operators.length === 1 ? "has" : "have"} no int8 form yet.`;

/** Lets signals be heard, and stops here when the run was cancelled. */
async function cancelPoint(signal?: AbortSignal): Promise<void> {
  await new Promise((resolve) => {
    setTimeout(resolve, 0);
  });
  if (signal?.aborted) throw new CancelledError();
}
