/** One run: its phases, why it ended, its curves while they grow, and what they say. */
import { Alert, Button, Group, SegmentedControl, Skeleton, Stack, Text } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import type { BackendName, Project, Run, RunResult } from "../../src/server/api.ts";
import type { EpochReport } from "../../src/train/fit.ts";
import { adviceOf } from "../advice.ts";
import { historyColumns } from "../charts/line-data.ts";
import { lineColor } from "../charts/palette.ts";
import { ENGINE_NAMES } from "../engines.ts";
import { mergeEpochs } from "../events.ts";
import { plural, seconds, when } from "../format.ts";
import { runSeconds } from "../phases.ts";
import { isActive, keys, useRun } from "../queries.ts";
import { hrefOf } from "../router.ts";
import { AdviceCard } from "./advice-card.tsx";
import { Failure } from "./failure.tsx";
import { PhaseStrip } from "./phase-strip.tsx";
import { Section } from "./section.tsx";
import { StatusBadge } from "./status-badge.tsx";

const LineChart = lazy(() =>
  import("../charts/line-chart.tsx").then(({ LineChart }) => ({ default: LineChart })),
);

const LINES = [
  { name: "training loss", color: lineColor(0) },
  { name: "validation loss", color: lineColor(1) },
  { name: "validation accuracy", color: lineColor(2), share: true, dash: [6, 4] },
];

export function RunPanel({ project, summary }: { project: Project; summary: Run }) {
  const { data, error } = useRun(summary.id);
  const run: RunResult = data ? { ...data, ...freshest(data, summary) } : summary;
  const live = useQuery<readonly EpochReport[]>({
    queryKey: keys.epochs(run.id),
    queryFn: () => [],
    enabled: false,
  });
  const history = useMemo(
    () => mergeEpochs(data?.details?.history, live.data),
    [data?.details?.history, live.data],
  );
  const [log, setLog] = useState(false);
  const columns = useMemo(() => historyColumns(history, log), [history, log]);
  const advice = adviceOf(run.report?.training.diagnosis);
  return (
    <Section
      title={`Run of ${when(run.createdAt)}`}
      aside={
        <Group gap="sm">
          <StatusBadge status={run.status} />
          {run.status === "done" && (
            <Button
              size="xs"
              component="a"
              variant="default"
              href={hrefOf(project.id, "result", run.id)}
            >
              Open the result
            </Button>
          )}
        </Group>
      }
    >
      <Stack gap="md">
        <div>
          <PhaseStrip run={run} />
          <Text size="sm" className="muted" mt={8} mih={22}>
            <Ticker run={run} />
          </Text>
        </div>
        {run.error && (
          <Alert color="red" variant="light" title="The run failed" role="alert">
            <Text size="sm">{run.error.message}</Text>
            {run.error.hint && (
              <Text size="sm" className="muted" mt={4}>
                {run.error.hint}
              </Text>
            )}
          </Alert>
        )}
        {run.status === "interrupted" && (
          <Alert color="orange" variant="light" role="alert">
            The server ended before this run did. Nothing was lost: run it again.
          </Alert>
        )}
        {error && <Failure error={error} />}
        {history.length > 0 && (
          <Suspense fallback={<Skeleton height={280} />}>
            <Group justify="flex-end" mb={-8}>
              <SegmentedControl
                size="xs"
                aria-label="Loss axis"
                value={log ? "log" : "linear"}
                onChange={(value) => setLog(value === "log")}
                data={["linear", "log"]}
              />
            </Group>
            <LineChart
              columns={columns}
              lines={LINES.slice(0, columns.length - 1)}
              log={log}
              xName="epoch"
              yName="loss"
              height={280}
              description={`${columns.length > 3 ? "Losses and validation accuracy" : "Losses"} of ${plural(history.length, "epoch")}`}
            />
          </Suspense>
        )}
        {advice && <AdviceCard advice={advice} />}
      </Stack>
    </Section>
  );
}

/** The list hears of each event at once; what of the two is further is what holds. */
function freshest(data: RunResult, summary: Run): Partial<Run> {
  return isActive(data.status) ? summary : {};
}

function Ticker({ run }: { run: RunResult }) {
  const [, tick] = useState(0);
  const active = run.status === "running";
  useEffect(() => {
    if (!active) return;
    const timer = setInterval(() => tick((n) => n + 1), 1000);
    return () => clearInterval(timer);
  }, [active]);
  const took = runSeconds(run);
  if (run.status === "queued") return "Waiting for its turn.";
  if (active && run.paused) return "Paused: the training waits.";
  const parts = [took === null ? "" : seconds(active ? Math.round(took) : took)];
  if (active) parts.unshift(run.message ?? "");
  const training = run.report?.training;
  if (training) parts.push(ENGINE_NAMES[training.backend as BackendName] ?? training.backend);
  return parts.filter(Boolean).join(" · ");
}
