/** Running a project: start, phases and curves while it goes on, and the runs so far. */
import { Skeleton, Stack } from "@mantine/core";
import type { Project } from "../../src/server/api.ts";
import { Failure } from "../panels/failure.tsx";
import { RunHistory } from "../panels/run-history.tsx";
import { RunPanel } from "../panels/run-panel.tsx";
import { StartRun } from "../panels/start-run.tsx";
import { newestFirst, useRuns } from "../queries.ts";

export default function TrainPage({
  project,
  item,
}: {
  project: Project;
  item: string | undefined;
}) {
  const runs = useRuns(project.id);
  if (runs.error && !runs.data)
    return <Failure error={runs.error} onRetry={() => runs.refetch()} />;
  if (!runs.data) return <Skeleton height={320} radius="md" />;
  const sorted = newestFirst(runs.data);
  const open = sorted.find(({ id }) => id === item) ?? sorted[0];
  return (
    <Stack gap="md">
      <StartRun project={project} runs={sorted} />
      {open && <RunPanel key={open.id} project={project} summary={open} />}
      {sorted.length > 0 && <RunHistory project={project} runs={sorted} open={open?.id} />}
    </Stack>
  );
}
