/** One recording: its chart, label and category to edit, and a way to delete it. */
import { Button, Group, NativeSelect, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, lazy, Suspense, useId, useMemo, useState } from "react";
import type { Category } from "../../src/samples/sample.ts";
import type { Project, SampleChange, SampleSummary } from "../../src/server/api.ts";
import { api } from "../api-client.ts";
import { recordingColumns, segmentBands } from "../charts/line-data.ts";
import { labelColor, lineColor } from "../charts/palette.ts";
import { count, hertz, plural, score, seconds } from "../format.ts";
import { keys, useValues } from "../queries.ts";
import { go, hrefOf } from "../router.ts";
import { ConfirmButton } from "./confirm-button.tsx";
import { Failure } from "./failure.tsx";
import { Section } from "./section.tsx";

const LineChart = lazy(() =>
  import("../charts/line-chart.tsx").then(({ LineChart }) => ({ default: LineChart })),
);

/** What acquisition files write where there is no unit. */
const UNITLESS: ReadonlySet<string> = new Set(["", "N/A", "wav"]);

const CHART_HEIGHT = 280;

export function RecordingPanel({
  project,
  sample,
  labels,
}: {
  project: Project;
  sample: SampleSummary;
  labels: readonly string[];
}) {
  const axes = sample.axes.map(({ name }) => name);
  return (
    <Section title={sample.name.slice(sample.name.lastIndexOf("/") + 1)}>
      <Stack gap="md">
        <Text size="sm" className="muted" style={{ overflowWrap: "anywhere" }}>
          {sample.name.includes("/") && `${sample.name}: `}
          {sample.rows === 1
            ? `1 row of ${plural(axes.length, "column")}`
            : `${seconds(sample.seconds)} at ${hertz(sample.sampleRateHz)}, ${count(sample.rows)} rows of ${axes.length > 6 ? plural(axes.length, "axis") : axes.join(", ")}`}
        </Text>
        <Values project={project} sample={sample} labels={labels} />
        <Editor project={project} sample={sample} labels={labels} />
      </Stack>
    </Section>
  );
}

function Values({
  project,
  sample,
  labels,
}: {
  project: Project;
  sample: SampleSummary;
  labels: readonly string[];
}) {
  const values = useValues(project.id, sample.id);
  const columns = useMemo(() => values.data && recordingColumns(values.data), [values.data]);
  if (values.error) return <Failure error={values.error} onRetry={() => values.refetch()} />;
  if (!values.data || !columns) return <Skeleton height={CHART_HEIGHT} />;
  if (sample.rows === 1)
    return (
      <div className="scroll" style={{ maxHeight: CHART_HEIGHT }}>
        <table className="rows">
          <tbody>
            {values.data.axes.map((axis, i) => (
              <tr key={axis}>
                <td>{axis}</td>
                <td className="number">{score(values.data.columns[i]?.[0])}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    );
  const units = [...new Set(values.data.units.filter((unit) => !UNITLESS.has(unit)))];
  return (
    <Suspense fallback={<Skeleton height={CHART_HEIGHT} />}>
      <LineChart
        columns={columns}
        lines={values.data.axes.map((name, i) => ({ name, color: lineColor(i) }))}
        bands={segmentBands(sample.segments ?? [], sample.sampleRateHz)}
        bandColor={(label) => labelColor(labels, label)}
        xName="seconds"
        yName={units.length === 1 ? units[0]! : "value"}
        height={CHART_HEIGHT}
        description={`Values of ${sample.name} over time`}
      />
    </Suspense>
  );
}

function Editor({
  project,
  sample,
  labels,
}: {
  project: Project;
  sample: SampleSummary;
  labels: readonly string[];
}) {
  const client = useQueryClient();
  const [label, setLabel] = useState(sample.label ?? "");
  const suggestions = useId();
  const refresh = (): void => {
    client.invalidateQueries({ queryKey: keys.samples(project.id) });
    client.invalidateQueries({ queryKey: keys.project(project.id) });
  };
  const change = useMutation({
    mutationFn: (part: SampleChange) => api.changeSample(project.id, sample.id, part),
    onSuccess: (changed) => {
      client.setQueryData<readonly SampleSummary[]>(keys.samples(project.id), (samples) =>
        samples?.map((each) => (each.id === changed.id ? changed : each)),
      );
      refresh();
    },
  });
  const remove = useMutation({
    mutationFn: () => api.deleteSample(project.id, sample.id),
    onSuccess: () => {
      refresh();
      go(hrefOf(project.id));
    },
  });
  const saved = label.trim() === (sample.label ?? "");
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (!saved) change.mutate({ label: label.trim() === "" ? null : label.trim() });
  };
  return (
    <form onSubmit={submit}>
      <Group align="flex-end" gap="xs">
        <TextInput
          label="Label"
          size="xs"
          w={150}
          maxLength={200}
          list={suggestions}
          disabled={sample.segments !== undefined}
          value={label}
          onChange={({ currentTarget }) => setLabel(currentTarget.value)}
        />
        <datalist id={suggestions}>
          {labels.map((each) => (
            <option key={each} value={each} />
          ))}
        </datalist>
        <Button type="submit" size="xs" disabled={saved} loading={change.isPending}>
          Save
        </Button>
        <NativeSelect
          label="Category"
          size="xs"
          w={150}
          value={sample.category ?? ""}
          onChange={({ currentTarget }) =>
            change.mutate({ category: (currentTarget.value || null) as Category | null })
          }
          data={[{ value: "", label: "as the run decides" }, "training", "validation", "testing"]}
        />
        <ConfirmButton
          ask="Delete…"
          confirm="Delete it"
          pending={remove.isPending}
          onConfirm={() => remove.mutate()}
        />
      </Group>
      {(change.error ?? remove.error) && (
        <Stack mt="sm">
          <Failure error={change.error ?? remove.error} />
        </Stack>
      )}
    </form>
  );
}
