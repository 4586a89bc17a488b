/** The nine phases of a run in a row, each with its own small bar. */
import { PHASES } from "../../src/pipeline/progress.ts";
import type { Run } from "../../src/server/api.ts";
import { phaseStates } from "../phases.ts";

export function PhaseStrip({ run }: { run: Run }) {
  const states = phaseStates(run);
  return (
    <ol className="phases" aria-label="Phases of the run">
      {PHASES.map((phase, i) => {
        const { state, done } = states[i]!;
        return (
          <li
            key={phase}
            data-state={state}
            aria-current={state === "current" ? "step" : undefined}
          >
            <div className="phase-bar">
              <div style={{ width: `${100 * done}%` }} />
            </div>
            {phase}
          </li>
        );
      })}
    </ol>
  );
}
