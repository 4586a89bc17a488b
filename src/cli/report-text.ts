/** The report of a run as text for a person. */
import type { NumberScores, Report, Scores } from "../pipeline/report.ts";

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A few screens' lines: data, design, accuracy, confusion matrix, device, parity, where it lies. */
export function printReport(report: Report): string {
  const { data, training, device, anomaly, parity } = report;
  const lines: string[] = ["", `${report.project} (seed ${report.seed})`, ""];
  const counts =
    data.targets?.map(({ name, min, max }) => `${name} from ${figure(min)} to ${figure(max)}`) ??
    Object.entries(data.labels).map(([label, n]) => `${label} ${n}`);
  lines.push(
    `data       ${data.samples} recordings, ${data.seconds.toFixed(0)} s: ${counts.join(", ")}`,
  );
  const { train, validation, test: tested } = data.windows;
  lines.push(`windows    ${train} train, ${validation} validate, ${tested} test`);
  for (const note of data.notes) lines.push(`           ${note}`);
  for (const { file, message } of data.problems) lines.push(`  skipped  ${file}: ${message}`);
  if (report.design) {
    lines.push("", "design     tried on recordings it had not trained on");
    for (const trial of report.design.trials)
      lines.push(
        `  ${trial.chosen ? "→" : " "} ${trial.what.padEnd(44)} ${trial.accuracy === null ? "" : `accuracy ${percent(trial.accuracy).padStart(7)}  `}loss ${trial.loss.toFixed(4)}`,
      );
    for (const reason of report.design.reasons) lines.push(`           ${reason}`);
  }
  const blocks = report.features.blocks.map((b) => `${b.type} (${b.width} features)`);
  lines.push("", `features   ${blocks.join(", ")}`);
  lines.push(
    `training   ${training.epochs} epochs, ${training.steps} steps in ${training.seconds.toFixed(2)} s (${Math.round(training.stepsPerSecond)} steps/s, ${training.backend}), best epoch ${training.best.epoch}`,
  );
  const best = Object.entries(training.metrics ?? {}).map(
    ([name, values]) => `${name} ${values[training.best.epoch - 1]?.toFixed(4) ?? "none"}`,
  );
  if (best.length > 0) lines.push(`           validation at the best epoch: ${best.join(", ")}`);
  if (training.diagnosis) {
    const { verdict, sentences, remedies } = training.diagnosis;
    lines.push(`diagnosis  ${[`${verdict}:`, ...sentences, ...remedies.slice(0, 1)].join(" ")}`);
  }
  lines.push("", ...testLines(report));
  if (report.crossValidation) {
    const { folds, accuracy, loss } = report.crossValidation;
    lines.push(
      `  ${folds}-fold   ${accuracy === null ? "" : `${percent(accuracy)}   `}loss ${loss.toFixed(4)}   cross-validation over all rows, float32`,
    );
  }
  if (anomaly) {
    const unseen = Object.entries(anomaly.unseen).map(([label, f]) => `${label} ${percent(f)}`);
    lines.push(
      "",
      `anomaly    threshold ${anomaly.threshold.toFixed(3)}: known windows flagged ${percent(anomaly.knownFlagged)}${unseen.length > 0 ? `; unseen flagged: ${unseen.join(", ")}` : ""}`,
    );
  }
  const stack = device.stackBytes === null ? "" : `, stack ${device.stackBytes} B`;
  lines.push(
    "",
    `device     ${device.target} (${device.basis}): RAM ${device.ramBytes} B, flash ${device.constantBytes + device.codeBytes} B (constants ${device.constantBytes}, code ${device.codeBytes})${stack}, ${device.macs} MACs`,
  );
  if (parity) {
    const exact =
      parity.int8Mismatches === 0 &&
      parity.float32MaxUlp === 0 &&
      parity.featureMaxUlp === 0 &&
      parity.anomalyMaxUlp === 0;
    lines.push(
      exact
        ? `parity     ${parity.windows} test windows through the compiled library (${parity.compiler}): every bit equal`
        : `parity     DIFFERS (${parity.compiler}): int8 ${parity.int8Mismatches} mismatches, float32 ${parity.float32MaxUlp} ulp, features ${parity.featureMaxUlp} ulp, anomaly ${parity.anomalyMaxUlp} ulp`,
    );
  } else lines.push("parity     not checked: there is no C compiler on the PATH");
  const times = Object.entries(report.phases).map(([phase, s]) => `${phase} ${s.toFixed(2)}`);
  lines.push(
    `seconds    ${times.join(", ")}`,
    "",
    `The C library lies in ${report.artefact.directory}`,
    "",
  );
  return lines.join("\n");
}

/** Four digits are enough to read. */
const figure = (value: number): string => String(Number(value.toPrecision(4)));

/** Scores of the test, and the confusion matrix or each predicted number. */
function testLines({ test, regression }: Report): string[] {
  if (regression) {
    const line = (network: string, { mae, mse, r2, explainedVariance }: NumberScores): string =>
      `  ${network.padEnd(8)} mean error ${figure(mae)}   MSE ${figure(mse)}   R² ${r2.toFixed(3)}   explained variance ${explainedVariance.toFixed(3)}`;
    return regression.targets.flatMap(({ name, int8, float32 }) => [
      `${name} on test recordings`,
      ...(int8 ? [line("int8", int8)] : []),
      line("float32", float32),
    ]);
  }
  const { labels, int8, float32 } = test;
  const shipped = int8 ?? float32;
  if (!shipped) return [];
  const line = (network: string, { accuracy, loss, f1 }: Scores): string =>
    `  ${network.padEnd(8)} ${percent(accuracy)}   loss ${loss.toFixed(4)}   F1 ${f1.toFixed(3)}`;
  return [
    "accuracy on test recordings",
    ...(int8 ? [line("int8", int8)] : []),
    ...(float32 ? [line("float32", float32)] : []),
    "",
    ...confusionTable(labels, shipped.confusion),
  ];
}

function confusionTable(
  labels: readonly string[],
  confusion: readonly (readonly number[])[],
): string[] {
  const width = Math.max(6, ...labels.map((label) => label.length)) + 2;
  const head = `${"true \\ predicted".padEnd(width + 10)}${labels.map((l) => l.padStart(width)).join("")}`;
  return [
    head,
    ...confusion.map(
      (row, i) =>
        `  ${labels[i]!.padEnd(width + 8)}${row.map((n) => String(n).padStart(width)).join("")}`,
    ),
  ];
}
