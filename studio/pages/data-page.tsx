/** The recordings of a project: how many of each label, the list, and the one that is open. */
import { Button, Group, NativeSelect, Skeleton, Stack, Text, TextInput } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useMemo, useState } from "react";
import type { Project, SampleSummary } from "../../src/server/api.ts";
import { api } from "../api-client.ts";
import { count, hertz, plural, seconds } from "../format.ts";
import { ConfirmButton } from "../panels/confirm-button.tsx";
import { DropZone } from "../panels/drop-zone.tsx";
import { Failure } from "../panels/failure.tsx";
import { LabelShares } from "../panels/label-shares.tsx";
import { LabelText } from "../panels/label-text.tsx";
import { RecordingPanel } from "../panels/recording-panel.tsx";
import { Section } from "../panels/section.tsx";
import { UploadReport } from "../panels/upload-report.tsx";
import { keys, useSamples } from "../queries.ts";
import { go, HOME, hrefOf } from "../router.ts";
import {
  allLabels,
  commonFolder,
  type Filter,
  isTable,
  labelOf,
  matching,
  NO_FILTER,
  sideOf,
} from "../samples.ts";
import { importPath, sendFiles, tableReading, useUpload } from "../uploads.ts";

/** Rows the list shows at first, and how many each click adds. */
const PAGE_ROWS = 200;

export default function DataPage({
  project,
  item,
}: {
  project: Project;
  item: string | undefined;
}) {
  const samples = useSamples(project.id);
  if (samples.error && !samples.data)
    return <Failure error={samples.error} onRetry={() => samples.refetch()} />;
  if (!samples.data) return <Skeleton height={320} radius="md" />;
  const open = samples.data.find(({ id }) => id === item) ?? samples.data[0];
  const labels = allLabels(samples.data);
  return (
    <Stack gap="md">
      <UploadReport project={project.id} />
      {samples.data.length > 0 && <LabelShares samples={samples.data} labels={labels} />}
      {open ? (
        <div className="split">
          <SampleList project={project} samples={samples.data} labels={labels} open={open.id} />
          <RecordingPanel key={open.id} project={project} sample={open} labels={labels} />
        </div>
      ) : (
        <Text size="sm" className="muted">
          This project has no recordings yet. Each class needs a few, of some seconds each; two
          classes are the least.
        </Text>
      )}
      <AddRecordings project={project} />
      <DeleteProject project={project} />
    </Stack>
  );
}

function SampleList({
  project,
  samples,
  labels,
  open,
}: {
  project: Project;
  samples: readonly SampleSummary[];
  labels: readonly string[];
  open: string;
}) {
  const [filter, setFilter] = useState<Filter>(NO_FILTER);
  const [shown, setShown] = useState(PAGE_ROWS);
  const found = useMemo(() => matching(samples, filter), [samples, filter]);
  const table = isTable(samples);
  const folder = useMemo(() => commonFolder(samples.map(({ name }) => name)), [samples]);
  const all = plural(samples.length, table ? "row" : "recording");
  const change = (part: Partial<Filter>): void => setFilter({ ...filter, ...part });
  return (
    <Section
      title={found.length === samples.length ? all : `${count(found.length)} of ${all}`}
      aside={
        <Group gap="xs">
          <NativeSelect
            size="xs"
            aria-label="Filter by label"
            value={filter.label}
            onChange={({ currentTarget }) => change({ label: currentTarget.value })}
            data={[{ value: "", label: "All labels" }, ...labels]}
          />
          <NativeSelect
            size="xs"
            aria-label="Filter by side"
            value={filter.side}
            onChange={({ currentTarget }) => change({ side: currentTarget.value })}
            data={[
              { value: "", label: "All sides" },
              "training",
              "validation",
              "testing",
              "unseen",
            ]}
          />
        </Group>
      }
    >
      <div className="scroll list">
        <table className="rows">
          <thead>
            <tr>
              <th>Recording</th>
              <th>Label</th>
              <th>Side</th>
              {!table && <th className="number">Length</th>}
              {!table && <th className="number">Rate</th>}
            </tr>
          </thead>
          <tbody>
            {found.slice(0, shown).map((sample) => (
              <SampleRow
                key={sample.id}
                sample={sample}
                name={sample.name.slice(folder.length)}
                table={table}
                labels={labels}
                selected={sample.id === open}
                onOpen={() => go(hrefOf(project.id, "data", sample.id))}
              />
            ))}
          </tbody>
        </table>
        {found.length === 0 && (
          <Text size="sm" className="muted" p="md" ta="center">
            No recording matches.
          </Text>
        )}
      </div>
      {found.length > shown && (
        <Button size="xs" variant="default" mt="sm" onClick={() => setShown(shown + PAGE_ROWS)}>
          Show {count(Math.min(PAGE_ROWS, found.length - shown))} more
        </Button>
      )}
    </Section>
  );
}

function SampleRow({
  sample,
  name,
  table,
  labels,
  selected,
  onOpen,
}: {
  sample: SampleSummary;
  /** Without the folder that all have in common. */
  name: string;
  table: boolean;
  labels: readonly string[];
  selected: boolean;
  onOpen: () => void;
}) {
  const label = labelOf(sample);
  return (
    <tr data-pick data-selected={selected || undefined} onClick={onOpen}>
      <td>
        <button type="button" className="pick" title={sample.name} aria-pressed={selected}>
          {name}
        </button>
      </td>
      <td style={{ whiteSpace: "nowrap" }}>
        {sample.segments ? (
          <span className="muted">
            {plural(new Set(sample.segments.map((s) => s.label)).size, "label")}
          </span>
        ) : (
          <LabelText labels={labels} label={label} />
        )}
      </td>
      <td>{sideOf(sample) ?? <span className="muted">open</span>}</td>
      {!table && <td className="number">{seconds(sample.seconds)}</td>}
      {!table && <td className="number">{hertz(sample.sampleRateHz)}</td>}
    </tr>
  );
}

function DeleteProject({ project }: { project: Project }) {
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.deleteProject(project.id),
    onSuccess: () => {
      client.invalidateQueries({ queryKey: keys.projects });
      go(HOME);
    },
  });
  return (
    <Stack gap="xs">
      {remove.error && <Failure error={remove.error} />}
      <Group>
        <ConfirmButton
          ask="Delete the project…"
          confirm="Delete it with all recordings and runs"
          pending={remove.isPending}
          onConfirm={() => remove.mutate()}
        />
      </Group>
    </Stack>
  );
}

function AddRecordings({ project }: { project: Project }) {
  const client = useQueryClient();
  const upload = useUpload(project.id);
  const [path, setPath] = useState("");
  const [columns, setColumns] = useState("");
  const read = useMutation({
    mutationFn: (folder: string) => importPath(client, project.id, folder, tableReading(columns)),
    onSuccess: () => setPath(""),
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (path.trim() !== "") read.mutate(path.trim());
  };
  return (
    <Section title="Add recordings">
      <Stack gap="sm">
        <DropZone
          title="Drop files, a folder or an archive"
          busy={upload !== undefined && !upload.ended}
          onPicked={(picked) => void sendFiles(client, project.id, picked, tableReading(columns))}
        />
        <TextInput
          label="Of tables: the column to learn"
          description="Only where its name does not say so. Several, with commas between, are numbers that one network predicts."
          placeholder="progression"
          value={columns}
          onChange={({ currentTarget }) => setColumns(currentTarget.value)}
        />
        <form onSubmit={submit}>
          <Group align="flex-end" gap="xs" wrap="nowrap">
            <TextInput
              flex={1}
              label="Or read a folder, an archive or a table of this machine"
              placeholder="/home/me/recordings"
              value={path}
              onChange={({ currentTarget }) => setPath(currentTarget.value)}
            />
            <Button
              type="submit"
              variant="default"
              loading={read.isPending}
              disabled={path.trim() === ""}
            >
              Read
            </Button>
          </Group>
        </form>
        {read.error && <Failure error={read.error} />}
      </Stack>
    </Section>
  );
}
