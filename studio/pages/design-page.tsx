/** The design of a project: what was chosen and why, and the recipe itself, to edit. */
import { Skeleton, Stack, Text } from "@mantine/core";
import type { Recipe } from "../../src/pipeline/recipe.ts";
import type { Report } from "../../src/pipeline/report.ts";
import type { Project } from "../../src/server/api.ts";
import { flowOf } from "../flow.ts";
import { percent, score } from "../format.ts";
import { Failure } from "../panels/failure.tsx";
import { RecipeEditor } from "../panels/recipe-editor.tsx";
import { Section } from "../panels/section.tsx";
import { newestDone, useRecipe, useRun, useRuns, useSamples } from "../queries.ts";
import { isTable } from "../samples.ts";

export default function DesignPage({ project }: { project: Project }) {
  const recipe = useRecipe(project.id);
  const runs = useRuns(project.id);
  const samples = useSamples(project.id);
  const newest = newestDone(runs.data);
  const run = useRun(newest?.id);
  const error = recipe.error ?? runs.error ?? run.error;
  if (error) return <Failure error={error} onRetry={() => recipe.refetch()} />;
  if (!recipe.data || !runs.data || (newest && !run.data))
    return <Skeleton height={320} radius="md" />;
  const own = recipe.data.recipe;
  const report = run.data?.report;
  const shown = own ?? report?.recipe;
  return (
    <Stack gap="md">
      <Section title={own ? "Your recipe" : "The designer chooses"}>
        <Text size="sm" className="muted" mb={shown ? "sm" : 0}>
          {own
            ? "Every run uses the recipe below as it is."
            : shown
              ? "Each run compares designs on your recordings and takes the best. The last one:"
              : "Each run compares designs on your recordings and takes the best. Run once to see what it chooses."}
        </Text>
        {shown && (
          <Flow
            recipe={shown}
            report={own ? undefined : report}
            table={isTable(samples.data ?? [])}
          />
        )}
      </Section>
      {report?.design && !own && <Design design={report.design} />}
      <RecipeEditor key={JSON.stringify(shown ?? null)} project={project} own={own} shown={shown} />
    </Stack>
  );
}

function Flow({
  recipe,
  report,
  table,
}: {
  recipe: Recipe;
  report: Report | undefined;
  table: boolean;
}) {
  return (
    <ol className="flow">
      {flowOf(recipe, report, table).map(({ name, detail }, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: boxes are a fixed list
        <li key={i}>
          <div className="flow-box">
            <strong>{name}</strong>
            {detail && <div className="muted">{detail}</div>}
          </div>
        </li>
      ))}
    </ol>
  );
}

function Design({ design }: { design: NonNullable<Report["design"]> }) {
  // The loss of a regression is in units of the variance of what it predicts.
  const scored = design.trials.some(({ accuracy }) => accuracy !== null);
  return (
    <Section title="What was tried">
      <div className="scroll">
        <table className="rows">
          <thead>
            <tr>
              <th>Design</th>
              <th className="metered-head">
                {scored ? "Accuracy" : "Variance explained"} on left-out recordings
              </th>
              <th className="number">Loss</th>
              <th aria-label="Chosen" />
            </tr>
          </thead>
          <tbody>
            {design.trials.map(({ what, accuracy, loss, chosen }, i) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: trials are a fixed list
              <tr key={i}>
                <td style={{ fontWeight: chosen ? 600 : undefined }}>{what}</td>
                <td>
                  <div className="metered">
                    <div className="meter" aria-hidden="true">
                      <div
                        data-chosen={chosen || undefined}
                        style={{ width: `${100 * Math.max(0, accuracy ?? 1 - loss)}%` }}
                      />
                    </div>
                    <span className="metered-figure">{percent(accuracy ?? 1 - loss)}</span>
                  </div>
                </td>
                <td className="number">{score(loss)}</td>
                <td style={{ whiteSpace: "nowrap" }}>
                  {chosen && <span className="good">chosen</span>}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Text size="sm" fw={550} mt="md" mb={6}>
        Why
      </Text>
      <ul className="plain-list">
        {design.reasons.map((reason) => (
          <li key={reason}>{reason}</li>
        ))}
      </ul>
    </Section>
  );
}
