/** The runs of a project so far, each with its figure. */
import type { Project, Run } from "../../src/server/api.ts";
import { NOTHING, seconds, when } from "../format.ts";
import { headlineOf } from "../headline.ts";
import { runSeconds } from "../phases.ts";
import { useRun } from "../queries.ts";
import { go, hrefOf } from "../router.ts";
import { Section } from "./section.tsx";
import { StatusBadge } from "./status-badge.tsx";

export function RunHistory({
  project,
  runs,
  open,
}: {
  project: Project;
  runs: readonly Run[];
  open: string | undefined;
}) {
  return (
    <Section title="Runs so far">
      <div className="scroll" style={{ maxHeight: 400 }}>
        <table className="rows">
          <thead>
            <tr>
              <th>Started</th>
              <th>Status</th>
              <th className="number">Seed</th>
              <th className="number">Took</th>
              <th className="number">Accuracy or R²</th>
              <th className="number">Loss or error</th>
              <th aria-label="Result" />
            </tr>
          </thead>
          <tbody>
            {runs.slice(0, 50).map((run) => (
              <HistoryRow key={run.id} project={project} run={run} selected={run.id === open} />
            ))}
          </tbody>
        </table>
      </div>
    </Section>
  );
}

function HistoryRow({ project, run, selected }: { project: Project; run: Run; selected: boolean }) {
  const result = useRun(run.status === "done" ? run.id : undefined);
  const headline = headlineOf(result.data?.report);
  const open = (): void => go(hrefOf(project.id, "train", run.id));
  return (
    <tr data-pick data-selected={selected || undefined} onClick={open}>
      <td>
        <button type="button" className="pick" aria-pressed={selected}>
          {when(run.createdAt)}
        </button>
      </td>
      <td>
        <StatusBadge status={run.status} />
      </td>
      <td className="number">{result.data?.report?.seed ?? run.seed ?? NOTHING}</td>
      <td className="number">{seconds(runSeconds(run))}</td>
      <td className="number" title={headline?.name}>
        {headline?.value ?? NOTHING}
      </td>
      <td className="number">{headline?.loss ?? NOTHING}</td>
      <td className="number">
        {run.status === "done" && (
          <a className="link" href={hrefOf(project.id, "result", run.id)}>
            result
          </a>
        )}
      </td>
    </tr>
  );
}
