/** Shows the progress of a run on a terminal: one line a phase, rewritten in place on a screen. */
import { PHASES, type ProgressEvent } from "../pipeline/progress.ts";

type Output = { write(text: string): unknown; readonly isTTY?: boolean };

const WIDTH = 24;

/** A listener that prints each phase when it ends, what a phase waits for, and on a screen a bar while it lasts. */
export function progressPrinter(output: Output): (event: ProgressEvent) => void {
  return ({ phase, done, message = "", waits = false }) => {
    const ended = done >= 1;
    if (!ended && !output.isTTY && !waits) return;
    const filled = Math.round(done * WIDTH);
    const bar = ended || !output.isTTY ? "" : `${"█".repeat(filled)}${"░".repeat(WIDTH - filled)} `;
    const number = `${PHASES.indexOf(phase) + 1}/${PHASES.length}`;
    const line = `${number} ${phase.padEnd(9)} ${bar}${message}`;
    output.write(output.isTTY ? `\r\x1b[2K${line}${ended ? "\n" : ""}` : `${line}\n`);
  };
}
