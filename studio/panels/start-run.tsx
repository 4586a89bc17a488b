/** The controls of a run: what trains it and from which seed, start, pause and cancel. */
import { Button, Group, NativeSelect, NumberInput, Stack, Text } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { BackendName, Project, Run } from "../../src/server/api.ts";
import { api } from "../api-client.ts";
import { DEFAULT_ENGINE, engineChoices, threadChoices } from "../engines.ts";
import { applyEvents } from "../events.ts";
import { isActive, useBackends, useStartRun } from "../queries.ts";
import { go, hrefOf } from "../router.ts";
import { Failure } from "./failure.tsx";
import { Section } from "./section.tsx";

export function StartRun({ project, runs }: { project: Project; runs: readonly Run[] }) {
  const [seed, setSeed] = useState<number | string>("");
  const [backend, setBackend] = useState<BackendName>(DEFAULT_ENGINE);
  const [threads, setThreads] = useState("");
  const backends = useBackends();
  const threadsOf = threadChoices(backends.data, backend);
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
            data={[...engineChoices(backends.data)]}
          />
          {threadsOf.length > 0 && (
            <NativeSelect
              size="sm"
              aria-label="Threads"
              w={150}
              title="Automatic takes as many as the network is worth. The result has the same bits with any number."
              value={threads}
              onChange={({ currentTarget }) => setThreads(currentTarget.value)}
              data={[...threadsOf]}
            />
          )}
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
                  ...(backend === DEFAULT_ENGINE ? {} : { backend }),
                  ...(threads === "" || threadsOf.length === 0 ? {} : { threads: Number(threads) }),
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
