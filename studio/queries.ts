/**
 * What the pages know of the server: one TanStack query a resource. Events (`events.ts`) keep them
 * fresh, so they are not fetched again on focus; a run that is under way is also polled, slowly, in
 * case the live connection is down.
 */
import { QueryClient, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { NewRun, Run, RunStatus } from "../src/server/api.ts";
import { api } from "./api-client.ts";

export const keys = {
  projects: ["projects"] as const,
  project: (id: string) => ["project", id] as const,
  samples: (project: string) => ["samples", project] as const,
  values: (project: string, sample: string) => ["values", project, sample] as const,
  backends: ["backends"] as const,
  choices: ["design-choices"] as const,
  recipe: (project: string) => ["recipe", project] as const,
  runs: (project: string) => ["runs", project] as const,
  run: (id: string) => ["run", id] as const,
  /** Epochs heard of live; the server's own history comes with the run. */
  epochs: (run: string) => ["epochs", run] as const,
};

/** Points a recording's chart asks for: about two a pixel of a wide one. */
const CHART_POINTS = 2000;

const POLL_MS = 3000;

export function makeQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        retry: false,
        refetchOnWindowFocus: false,
        staleTime: 5000,
        networkMode: "always",
      },
      mutations: { networkMode: "always" },
    },
  });
}

/** Whether a run may still change by itself. */
export const isActive = (status: RunStatus): boolean => status === "queued" || status === "running";

export const useProjects = () => useQuery({ queryKey: keys.projects, queryFn: api.projects });

export const useProject = (id: string) =>
  useQuery({ queryKey: keys.project(id), queryFn: () => api.project(id) });

export const useSamples = (project: string) =>
  useQuery({ queryKey: keys.samples(project), queryFn: () => api.samples(project) });

export const useValues = (project: string, sample: string) =>
  useQuery({
    queryKey: keys.values(project, sample),
    queryFn: () => api.values(project, sample, CHART_POINTS),
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useRecipe = (project: string) =>
  useQuery({ queryKey: keys.recipe(project), queryFn: () => api.recipe(project) });

/** What a recipe may choose from; the same as long as the server runs. */
export const useDesignChoices = () =>
  useQuery({
    queryKey: keys.choices,
    queryFn: api.designChoices,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useBackends = () =>
  useQuery({
    queryKey: keys.backends,
    queryFn: api.backends,
    staleTime: Number.POSITIVE_INFINITY,
  });

export const useRuns = (project: string) =>
  useQuery({
    queryKey: keys.runs(project),
    queryFn: () => api.runs(project),
    refetchInterval: ({ state }) =>
      state.data?.some((run) => isActive(run.status)) ? POLL_MS : false,
  });

/** A run with its report; `id` undefined asks for nothing. */
export const useRun = (id: string | undefined) =>
  useQuery({
    queryKey: keys.run(id ?? ""),
    queryFn: () => api.run(id!),
    enabled: id !== undefined,
    refetchInterval: ({ state }) => (state.data && isActive(state.data.status) ? POLL_MS : false),
  });

/** Starts a run and calls back with it. */
export function useStartRun(project: string, onStarted: (run: Run) => void) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (options: NewRun) => api.startRun(project, options),
    onSuccess: (run) => {
      client.setQueryData(keys.run(run.id), (old: Run | undefined) => old ?? run);
      client.invalidateQueries({ queryKey: keys.runs(project) });
      client.invalidateQueries({ queryKey: keys.project(project) });
      onStarted(run);
    },
  });
}

/** The newest finished run among `runs`, whatever their order. */
export function newestDone(runs: readonly Run[] | undefined): Run | undefined {
  return newestFirst(runs ?? []).find((run) => run.status === "done");
}

/** Runs from the newest to the oldest. */
export function newestFirst(runs: readonly Run[]): readonly Run[] {
  return runs.toSorted((a, b) =>
    a.createdAt < b.createdAt ? 1 : a.createdAt > b.createdAt ? -1 : 0,
  );
}
