/** The report of a run as text for a person. */
import type { Report } from "../pipeline/report.ts";

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

/** A few screens' lines: data, design, accuracy, confusion matrix, device, parity, where it lies. */
export function printReport(report: Report): string {
  const { data, test, training, device, anomaly, parity } = report;
  const lines: string[] = ["", `${report.project} (seed ${report.seed})`, ""];
  const counts = Object.entries(data.labels).map(([label, n]) => `${label} ${n}`);
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
        `  ${trial.chosen ? "→" : " "} ${trial.what.padEnd(44)} accuracy ${percent(trial.accuracy).padStart(7)}  loss ${trial.loss.toFixed(4)}`,
      );
    for (const reason of report.design.reasons) lines.push(`           ${reason}`);
  }
  const blocks = report.features.blocks.map((b) => `${b.type} (${b.width} features)`);
  lines.push("", `features   ${blocks.join(", ")}`);
  lines.push(
    `training   ${training.epochs} epochs, ${training.steps} steps in ${training.seconds.toFixed(2)} s (${Math.round(training.stepsPerSecond)} steps/s, ${training.backend}), best epoch ${training.best.epoch}`,
  );
  if (training.diagnosis) {
    const { verdict, sentences, remedies } = training.diagnosis;
    lines.push(`diagnosis  ${[`${verdict}:`, ...sentences, ...remedies.slice(0, 1)].join(" ")}`);
  }
  lines.push("", "accuracy on test recordings");
  lines.push(
    `  int8     ${percent(test.int8.accuracy)}   loss ${test.int8.loss.toFixed(4)}   F1 ${test.int8.f1.toFixed(3)}`,
  );
  lines.push(
    `  float32  ${percent(test.float32.accuracy)}   loss ${test.float32.loss.toFixed(4)}   F1 ${test.float32.f1.toFixed(3)}`,
  );
  lines.push("", ...confusionTable(test.labels, test.int8.confusion));
  if (report.crossValidation) {
    const { folds, accuracy, loss } = report.crossValidation;
    lines.push(
      `  ${folds}-fold   ${percent(accuracy)}   loss ${loss.toFixed(4)}   cross-validation over all rows, float32`,
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
