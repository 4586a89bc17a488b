/** Running a project: start, phases and curves while it goes on, and the runs so far. */
import {
  Alert,
  Button,
  Group,
  NativeSelect,
  NumberInput,
  SegmentedControl,
  Skeleton,
  Stack,
  Text,
} from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useMemo, useState } from "react";
import type { BackendName, BackendState, Project, Run, RunResult } from "../../src/server/api.ts";
import type { EpochReport } from "../../src/train/fit.ts";
import { adviceOf } from "../advice.ts";
import { api } from "../api-client.ts";
import { historyColumns } from "../charts/line-data.ts";
import { lineColor } from "../charts/palette.ts";
import { applyEvents, mergeEpochs } from "../events.ts";
import { NOTHING, plural, seconds, when } from "../format.ts";
import { headlineOf } from "../headline.ts";
import { AdviceCard } from "../panels/advice-card.tsx";
import { Failure } from "../panels/failure.tsx";
import { PhaseStrip } from "../panels/phase-strip.tsx";
import { Section } from "../panels/section.tsx";
import { StatusBadge } from "../panels/status-badge.tsx";
import {
  isActive,
  keys,
  newestFirst,
  useBackends,
  useRun,
  useRuns,
  useStartRun,
} from "../queries.ts";
import { go, hrefOf } from "../router.ts";

const LineChart = lazy(() =>
  import("../charts/line-chart.tsx").then(({ LineChart }) => ({ default: LineChart })),
);

const LINES = [
  { name: "training loss", color: lineColor(0) },
  { name: "validation loss", color: lineColor(1) },
  { name: "validation accuracy", color: lineColor(2), share: true, dash: [6, 4] },
];

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
      {open && <OpenRun key={open.id} project={project} summary={open} />}
      {sorted.length > 0 && <History project={project} runs={sorted} open={open?.id} />}
    </Stack>
  );
}

function StartRun({ project, runs }: { project: Project; runs: readonly Run[] }) {
  const [seed, setSeed] = useState<number | string>("");
  const [backend, setBackend] = useState<BackendName>("wasm");
  const backends = useBackends();
  const active = runs.find(({ status }) => isActive(status));
  const start = useStartRun(project.id, (run) => go(hrefOf(project.id, "train", run.id)));
  const client = useQueryClient();
  const cancel = useMutation({
    mutationFn: api.cancelRun,
    onSuccess: (run) => applyEvents(client, [{ type: "run", run }]),
  });
  const pause = useMutation({
    mutationFn: (run: Run) => api.pauseRun(run.id, !run.paused),
    onSuccess: (run) => applyEvents(client, [{ type: "run", run }]),
  });
  return (
    <Section
      title="Run"
      aside={
        <Group gap="xs">
          <NativeSelect
            size="sm"
            aria-label="Training engine"
            w={200}
            title="What trains the network. WebAssembly gives the same bits on every machine."
            value={backend}
            onChange={({ currentTarget }) => setBackend(currentTarget.value as BackendName)}
            data={engineChoices(backends.data)}
          />
          <NumberInput
            size="sm"
            w={110}
            aria-label="Seed"
            placeholder="seed 1"
            min={0}
            max={4_294_967_295}
            allowDecimal={false}
            hideControls
            value={seed}
            onChange={setSeed}
          />
          {active?.status === "running" && (
            <Button
              variant="default"
              loading={pause.isPending}
              onClick={() => pause.mutate(active)}
            >
              {active.paused ? "Go on" : "Pause"}
            </Button>
          )}
          {active ? (
            <Button
              color="red"
              variant="light"
              loading={cancel.isPending}
              onClick={() => cancel.mutate(active.id)}
            >
              Cancel
            </Button>
          ) : (
            <Button
              loading={start.isPending}
              disabled={project.samples === 0}
              onClick={() =>
                start.mutate({
                  ...(typeof seed === "number" ? { seed } : {}),
                  ...(backend === "wasm" ? {} : { backend }),
                })
              }
            >
              {runs.length === 0 ? "Run" : "Run again"}
            </Button>
          )}
        </Group>
      }
    >
      <Text size="sm" className="muted">
        {project.samples === 0
          ? "There is nothing to run yet: add recordings on the Data page."
          : "From recordings to a verified C library: features, training, int8, test, code. The same seed gives the same bytes."}
      </Text>
      {(start.error ?? cancel.error ?? pause.error) && (
        <Stack mt="sm">
          <Failure error={start.error ?? cancel.error ?? pause.error} />
        </Stack>
      )}
    </Section>
  );
}

const ENGINE_NAMES: { readonly [name in BackendName]: string } = {
  wasm: "WebAssembly",
  "wasm-relaxed": "WebAssembly, relaxed SIMD",
  native: "native code",
  interpreter: "interpreter (slow)",
};

/** WebAssembly is there on every machine, also while the others are not known yet. */
function engineChoices(states: readonly BackendState[] | undefined) {
  return (states ?? [{ name: "wasm" as const, missing: null }]).map(({ name, missing }) => ({
    value: name,
    label: missing === null ? ENGINE_NAMES[name] : `${ENGINE_NAMES[name]}: not on this machine`,
    disabled: missing !== null,
  }));
}

function OpenRun({ project, summary }: { project: Project; summary: Run }) {
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
  const took = durationOf(run);
  if (run.status === "queued") return "Waiting for its turn.";
  if (active && run.paused) return "Paused: the training waits.";
  const parts = [took === null ? "" : seconds(active ? Math.round(took) : took)];
  if (active) parts.unshift(run.message ?? "");
  const training = run.report?.training;
  if (training) parts.push(ENGINE_NAMES[training.backend as BackendName] ?? training.backend);
  return parts.filter(Boolean).join(" · ");
}

/** Seconds a run took, or has taken so far. */
function durationOf({ startedAt, endedAt }: Run): number | null {
  if (startedAt === null) return null;
  const end = endedAt === null ? Date.now() : Date.parse(endedAt);
  return Math.max(0, (end - Date.parse(startedAt)) / 1000);
}

function History({
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
      <td className="number">{seconds(durationOf(run))}</td>
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
