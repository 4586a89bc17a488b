/** What a run has come to: scores, what it costs on the device, proof of parity, and the library. */
import { Button, Center, Group, NativeSelect, Skeleton, Stack, Text } from "@mantine/core";
import type { Project, Run, RunResult } from "../../src/server/api.ts";
import { libraryHref } from "../api-client.ts";
import { when } from "../format.ts";
import { AnomalyPanel } from "../panels/anomaly-panel.tsx";
import { ConfusionPanel } from "../panels/confusion-panel.tsx";
import { Failure } from "../panels/failure.tsx";
import { FeaturesPanel } from "../panels/features-panel.tsx";
import { FilesPanel } from "../panels/files-panel.tsx";
import { NumbersPanels } from "../panels/numbers-panels.tsx";
import { ResultTiles } from "../panels/result-tiles.tsx";
import { Section } from "../panels/section.tsx";
import { newestDone, newestFirst, useRun, useRuns } from "../queries.ts";
import { go, hrefOf } from "../router.ts";

export default function ResultPage({
  project,
  item,
}: {
  project: Project;
  item: string | undefined;
}) {
  const runs = useRuns(project.id);
  const id = item ?? newestDone(runs.data)?.id;
  const run = useRun(id);
  const error = runs.error ?? run.error;
  if (error) return <Failure error={error} onRetry={() => runs.refetch()} />;
  if (!runs.data || (id !== undefined && !run.data)) return <Skeleton height={320} radius="md" />;
  if (!run.data?.report) return <NoResult project={project} run={run.data ?? runs.data[0]} />;
  return <Result project={project} runs={runs.data} run={run.data} />;
}

function NoResult({ project, run }: { project: Project; run: Run | undefined }) {
  const text =
    run === undefined
      ? "This project has not been run yet."
      : run.status === "done"
        ? "This run has no report."
        : `There is no result yet; the last run: ${run.status}.`;
  return (
    <Center h={240}>
      <Stack align="center" gap="sm">
        <Text>{text}</Text>
        <Button component="a" variant="default" href={hrefOf(project.id, "train")}>
          To the Train page
        </Button>
      </Stack>
    </Center>
  );
}

function Result({
  project,
  runs,
  run,
}: {
  project: Project;
  runs: readonly Run[];
  run: RunResult;
}) {
  const report = run.report!;
  // All labels of the data, the unseen ones too, so that colors are those of the Data page.
  const labels = Object.keys(report.data.labels).sort();
  return (
    <Stack gap="md">
      <Group justify="space-between" gap="sm">
        <NativeSelect
          aria-label="Run"
          size="sm"
          value={run.id}
          onChange={({ currentTarget }) => go(hrefOf(project.id, "result", currentTarget.value))}
          data={newestFirst(runs)
            .filter(({ status, id }) => status === "done" || id === run.id)
            .map(({ id, createdAt, seed }) => ({
              value: id,
              label: `Run of ${when(createdAt)}${seed === null ? "" : `, seed ${seed}`}`,
            }))}
        />
        <Group gap="xs">
          <Button component="a" variant="default" href={hrefOf(project.id, "train")}>
            Run again…
          </Button>
          <Button component="a" href={libraryHref(run.id)} download>
            Download the C library
          </Button>
        </Group>
      </Group>
      <ResultTiles report={report} />
      {report.regression ? (
        <NumbersPanels report={report} predictions={run.details?.predictions ?? []} />
      ) : (
        <div className="split">
          <ConfusionPanel test={report.test} />
          <FeaturesPanel scatter={run.details?.scatter ?? []} labels={labels} />
        </div>
      )}
      <div className="split">
        <Stack gap="md">
          {report.anomaly && <AnomalyPanel anomaly={report.anomaly} labels={labels} />}
          {report.data.notes.length + report.data.problems.length > 0 && (
            <Section title="Notes on the data">
              <ul className="plain-list">
                {report.data.notes.map((note) => (
                  <li key={note}>{note}</li>
                ))}
                {report.data.problems.map(({ file, message }) => (
                  <li key={file} style={{ overflowWrap: "anywhere" }}>
                    {message.includes(file) ? message : `${file}: ${message}`}
                  </li>
                ))}
              </ul>
            </Section>
          )}
        </Stack>
        <FilesPanel run={run.id} report={report} />
      </div>
    </Stack>
  );
}
