/**
 * The HTTP API as functions. Every failure, the server's own and a server that does not answer, is
 * an `ApiFailure` with the code, message and hint that the pages show.
 */
import type {
  Added,
  ApiError,
  BackendState,
  DesignChoices,
  NewRun,
  Project,
  RecipeAnswer,
  Run,
  RunResult,
  SampleChange,
  SampleSummary,
  SampleValues,
  TableReading,
} from "../src/server/api.ts";

/** A request that did not succeed. */
export class ApiFailure extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  /** HTTP status; 0 when there was no answer. */
  readonly status: number;

  constructor(status: number, { code, message, hint }: ApiError) {
    super(message);
    this.name = "ApiFailure";
    this.code = code;
    this.hint = hint;
    this.status = status;
  }
}

const AWAY: ApiError = {
  code: "server-away",
  message: "The server does not answer.",
  hint: "Start it again with `npm start`; this page reconnects by itself.",
};

async function request<T>(method: string, path: string, init: RequestInit = {}): Promise<T> {
  let response: Response;
  try {
    response = await fetch(path, { method, ...init });
  } catch (error) {
    if (init.signal?.aborted) throw error;
    throw new ApiFailure(0, AWAY);
  }
  const text = await response.text();
  if (response.ok) return (text === "" ? undefined : JSON.parse(text)) as T;
  throw new ApiFailure(response.status, errorOf(response.status, text));
}

/** The error an answer holds; a proxy's or a crash's answer may be no JSON. */
function errorOf(status: number, text: string): ApiError {
  try {
    const json = JSON.parse(text);
    if (typeof json?.code === "string" && typeof json?.message === "string") return json;
  } catch {
    // Not the server's own answer.
  }
  return { code: "http", message: `The server answered with status ${status}.` };
}

const json = (value: unknown): RequestInit => ({
  headers: { "content-type": "application/json" },
  body: JSON.stringify(value),
});

const at = (...parts: readonly string[]): string =>
  `/api/${parts.map(encodeURIComponent).join("/")}`;

export const api = {
  projects: (): Promise<readonly Project[]> => request("GET", at("projects")),
  project: (id: string): Promise<Project> => request("GET", at("projects", id)),
  createProject: (name: string): Promise<Project> =>
    request("POST", at("projects"), json({ name })),
  deleteProject: (id: string): Promise<void> => request("DELETE", at("projects", id)),

  samples: (project: string): Promise<readonly SampleSummary[]> =>
    request("GET", at("projects", project, "samples")),
  values: (project: string, sample: string, points: number): Promise<SampleValues> =>
    request("GET", `${at("projects", project, "samples", sample, "values")}?points=${points}`),
  changeSample: (project: string, sample: string, change: SampleChange): Promise<SampleSummary> =>
    request("PATCH", at("projects", project, "samples", sample), json(change)),
  deleteSample: (project: string, sample: string): Promise<void> =>
    request("DELETE", at("projects", project, "samples", sample)),
  /** Sends one file or one archive. */
  upload: (project: string, name: string, body: Blob, reading?: TableReading): Promise<Added> =>
    request("POST", at("projects", project, "samples"), {
      headers: {
        "content-type": "application/octet-stream",
        "x-file-name": encodeURIComponent(name),
        ...(reading ? { "x-reading": encodeURIComponent(JSON.stringify(reading)) } : {}),
      },
      body,
    }),
  /** Reads a folder, archive or table of the server's machine. */
  importPath: (project: string, path: string, reading?: TableReading): Promise<Added> =>
    request(
      "POST",
      at("projects", project, "import"),
      json({ path, ...(reading ? { reading } : {}) }),
    ),

  recipe: (project: string): Promise<RecipeAnswer> =>
    request("GET", at("projects", project, "recipe")),
  saveRecipe: (project: string, recipe: unknown): Promise<RecipeAnswer> =>
    request("PUT", at("projects", project, "recipe"), json(recipe)),
  deleteRecipe: (project: string): Promise<void> =>
    request("DELETE", at("projects", project, "recipe")),

  runs: (project: string): Promise<readonly Run[]> =>
    request("GET", at("projects", project, "runs")),
  startRun: (project: string, options: NewRun = {}): Promise<Run> =>
    request("POST", at("projects", project, "runs"), json(options)),
  designChoices: (): Promise<DesignChoices> => request("GET", at("design-choices")),
  backends: (): Promise<readonly BackendState[]> => request("GET", at("backends")),
  run: (id: string): Promise<RunResult> => request("GET", at("runs", id)),
  /** Holds the training of a run, or lets it go on. */
  pauseRun: (id: string, paused: boolean): Promise<Run> =>
    request("POST", at("runs", id, paused ? "pause" : "resume"), json({})),
  cancelRun: (id: string): Promise<Run> => request("POST", at("runs", id, "cancel"), json({})),
} as const;

/** Where the zip of a run's C library is. */
export const libraryHref = (run: string): string => at("runs", run, "library.zip");

/** Where one file of a run is. */
export const fileHref = (run: string, path: string): string =>
  at("runs", run, "files", ...path.split("/"));
