/** The list of projects, and the ways to a new one: drop recordings, name a folder, or start empty. */
import { Button, Group, Skeleton, Stack, Text, TextInput, Title } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useState } from "react";
import type { Project } from "../../src/server/api.ts";
import { api } from "../api-client.ts";
import type { Picked } from "../dropped-files.ts";
import { plural, when } from "../format.ts";
import { headlineOf } from "../headline.ts";
import { DropZone } from "../panels/drop-zone.tsx";
import { Failure } from "../panels/failure.tsx";
import { Section } from "../panels/section.tsx";
import { StatusBadge } from "../panels/status-badge.tsx";
import { keys, useProjects, useRun } from "../queries.ts";
import { go, hrefOf } from "../router.ts";
import { importPath, sendFiles } from "../uploads.ts";

export function ProjectsPage() {
  const projects = useProjects();
  const client = useQueryClient();
  const fromFiles = useMutation({
    mutationFn: async (picked: Picked) => {
      const project = await api.createProject(picked.name);
      // The Data page shows how the upload goes.
      void sendFiles(client, project.id, picked);
      return project;
    },
    onSuccess: (project) => {
      client.invalidateQueries({ queryKey: keys.projects });
      go(hrefOf(project.id));
    },
  });
  return (
    <Stack gap="lg">
      <Title order={1}>Projects</Title>
      {projects.error && !projects.data ? (
        <Failure
          title="The projects could not be loaded"
          error={projects.error}
          onRetry={() => projects.refetch()}
        />
      ) : (
        <div className="grid-cards">
          {projects.data?.map((project) => (
            <ProjectCard key={project.id} project={project} />
          ))}
          {!projects.data && [0, 1, 2].map((i) => <Skeleton key={i} height={112} radius="md" />)}
        </div>
      )}
      {projects.data?.length === 0 && (
        <Text size="sm" className="muted">
          There is no project yet. Recordings dropped below become the first.
        </Text>
      )}
      <Stack gap="md">
        <Title order={2}>New project</Title>
        {fromFiles.error && <Failure error={fromFiles.error} />}
        <DropZone
          title="Drop recordings here: files, a folder or an archive"
          busy={fromFiles.isPending}
          onPicked={(picked) => fromFiles.mutate(picked)}
        />
        <div className="split">
          <FolderForm />
          <NameForm />
        </div>
      </Stack>
    </Stack>
  );
}

function ProjectCard({ project }: { project: Project }) {
  const { lastRun } = project;
  const done = useRun(lastRun?.status === "done" ? lastRun.id : undefined);
  const headline = headlineOf(done.data?.report);
  return (
    <a className="project-card" href={hrefOf(project.id, lastRun ? "result" : "data")}>
      <Group justify="space-between" wrap="nowrap" gap="xs">
        <Text fw={600} truncate>
          {project.name}
        </Text>
        {lastRun && <StatusBadge status={lastRun.status} />}
      </Group>
      <Group justify="space-between" align="flex-end" mt="md" wrap="nowrap">
        <div>
          <Text size="sm">{plural(project.samples, "recording")}</Text>
          <Text size="xs" className="muted">
            {lastRun ? `last run ${when(lastRun.createdAt)}` : `made ${when(project.createdAt)}`}
          </Text>
        </div>
        {headline && (
          <div style={{ textAlign: "right" }}>
            <Text fz={22} fw={600} lh={1.1}>
              {headline.value}
            </Text>
            <Text size="xs" className="muted">
              {headline.name}
            </Text>
          </div>
        )}
      </Group>
    </a>
  );
}

/** A folder of the server's machine becomes a project, and is run at once. */
function FolderForm() {
  const [path, setPath] = useState("");
  const client = useQueryClient();
  const run = useMutation({
    mutationFn: async (folder: string) => {
      const project = await api.createProject(nameOfPath(folder));
      try {
        await importPath(client, project.id, folder);
      } catch (error) {
        // A wrong path leaves no empty project behind.
        await api.deleteProject(project.id);
        throw error;
      }
      await api.startRun(project.id);
      return project;
    },
    onSuccess: (project) => {
      client.invalidateQueries({ queryKey: keys.projects });
      go(hrefOf(project.id, "train"));
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (path.trim() !== "") run.mutate(path.trim());
  };
  return (
    <Section title="Run on my folder">
      <form onSubmit={submit}>
        <Group align="flex-end" gap="xs" wrap="nowrap">
          <TextInput
            flex={1}
            size="sm"
            label="Folder, archive or table on this machine"
            placeholder="/home/me/recordings"
            value={path}
            onChange={({ currentTarget }) => setPath(currentTarget.value)}
          />
          <Button type="submit" loading={run.isPending} disabled={path.trim() === ""}>
            Run
          </Button>
        </Group>
      </form>
      {run.error && (
        <Stack mt="sm">
          <Failure error={run.error} />
        </Stack>
      )}
    </Section>
  );
}

function NameForm() {
  const [name, setName] = useState("");
  const client = useQueryClient();
  const create = useMutation({
    mutationFn: api.createProject,
    onSuccess: (project) => {
      client.invalidateQueries({ queryKey: keys.projects });
      go(hrefOf(project.id));
    },
  });
  const submit = (event: FormEvent): void => {
    event.preventDefault();
    if (name.trim() !== "") create.mutate(name.trim());
  };
  return (
    <Section title="Start empty">
      <form onSubmit={submit}>
        <Group align="flex-end" gap="xs" wrap="nowrap">
          <TextInput
            flex={1}
            size="sm"
            label="Name of the project"
            placeholder="door-knocks"
            maxLength={100}
            value={name}
            onChange={({ currentTarget }) => setName(currentTarget.value)}
          />
          <Button
            type="submit"
            variant="default"
            loading={create.isPending}
            disabled={name.trim() === ""}
          >
            Create
          </Button>
        </Group>
      </form>
      {create.error && (
        <Stack mt="sm">
          <Failure error={create.error} />
        </Stack>
      )}
    </Section>
  );
}

/** The last part of a path, of either kind of slash, without an archive's extension. */
function nameOfPath(path: string): string {
  const last = path.split(/[\\/]/).filter(Boolean).at(-1) ?? "recordings";
  return last.replace(/\.(?:zip|tar|tgz|tar\.gz|csv|csv\.gz)$/i, "").slice(0, 100) || "recordings";
}
