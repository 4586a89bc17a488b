/**
 * The HTTP API in types and schemas: what every route takes and gives. The Studio imports the types,
 * the routes register the schemas, and the OpenAPI document falls out of them. Types are written
 * out, so that a reader and the Studio need no TypeBox; `schema` makes the compiler check that each
 * schema describes its type.
 */
import { type Static, type TSchema, type TUnsafe, Type } from "typebox";
import type { BackendName } from "../host/backends.ts";
import type { DesignChoices } from "../pipeline/design-choices.ts";
import type { ProgressEvent } from "../pipeline/progress.ts";
import type { Reading, Recipe } from "../pipeline/recipe.ts";
import type { Report } from "../pipeline/report.ts";
import type { RunDetails } from "../pipeline/run.ts";
import type { Category } from "../samples/sample.ts";
import type { EpochReport } from "../train/fit.ts";

/** Every answer with a status of 4xx or 5xx. */
export type ApiError = {
  /** Stable, kebab-case, for programs: `project-unknown`. */
  readonly code: string;
  readonly message: string;
  /** What a person can do about it. */
  readonly hint?: string;
};

/** `GET /api/health` */
export type Health = { readonly ok: true; readonly version: string };

export type Project = {
  readonly id: string;
  readonly name: string;
  /** ISO 8601, UTC. */
  readonly createdAt: string;
  /** Number of recordings. */
  readonly samples: number;
  readonly lastRun: Run | null;
};

/** `POST /api/projects` */
export type NewProject = { readonly name: string };

/** Labels over time, in rows from `startRow` to one before `endRow`. */
export type SampleSegment = {
  readonly startRow: number;
  readonly endRow: number;
  readonly label: string;
};

/** Where the last run put a recording; `unseen` ones only tested the anomaly score. */
export type Side = "training" | "validation" | "testing" | "unseen";

export type SampleSummary = {
  readonly id: string;
  /** Path within what was uploaded. */
  readonly name: string;
  readonly label: string | null;
  /** Null: the runner decides. */
  readonly category: Category | null;
  /** Duration; a row of a table counts as one second. */
  readonly seconds: number;
  readonly rows: number;
  readonly axes: readonly { readonly name: string; readonly units: string }[];
  readonly sampleRateHz: number;
  readonly segments?: readonly SampleSegment[];
  readonly side?: Side;
};

/** `PATCH /api/projects/:project/samples/:sample`: null takes the label or category away. */
export type SampleChange = { readonly label?: string | null; readonly category?: Category | null };

/** `GET /api/projects/:project/samples/:sample/values?points=2000` */
export type SampleValues = {
  /** Names of the axes, one a column. */
  readonly axes: readonly string[];
  readonly units: readonly string[];
  /** Time between neighboring values of a column, in milliseconds; 1 for rows of a table. */
  readonly intervalMs: number;
  readonly startMs: number;
  /** Rows of the recording itself. */
  readonly rows: number;
  /**
   * One list of values an axis. A recording of more than `points` rows is decimated: each stretch of
   * it is two values, its minimum and maximum in the order in which they occur.
   */
  readonly columns: readonly (readonly number[])[];
  readonly segments?: readonly SampleSegment[];
};

/** `POST /api/projects/:project/samples` and `POST /api/projects/:project/import` */
export type Added = {
  readonly added: readonly SampleSummary[];
  /** Names of recordings that were there already with the same content. */
  readonly unchanged: readonly string[];
  /** Files that could not be read, and why. */
  readonly problems: readonly { readonly file: string; readonly message: string }[];
  /** Files left out because nothing reads them. */
  readonly skipped: readonly string[];
  readonly notes: readonly string[];
};

/** `POST /api/projects/:project/import`: a folder, archive or table of the server's machine. */
export type Import = {
  readonly path: string;
  /** What tables do not say of themselves. */
  readonly reading?: TableReading;
};

/** How to read tables; the columns to predict are said when they are read. */
export type TableReading = Reading & { readonly targetColumns?: readonly string[] };

/** `GET /api/projects/:project/recipe`: null when the designer chooses. */
export type RecipeAnswer = { readonly recipe: Recipe | null };

export type { BackendName } from "../host/backends.ts";

/** `GET /api/backends`: what the server's machine can train with. */
export type BackendState = {
  readonly name: BackendName;
  /** Why it is not there, and what to do about it; null where it is. */
  readonly missing: string | null;
  /** The most that it can use there: the cores of the machine, or 1. */
  readonly threads: number;
};

export type { DesignChoices } from "../pipeline/design-choices.ts";

/**
 * `POST /api/projects/:project/runs`; trains on WebAssembly unless told otherwise, with as many
 * threads as the network is worth.
 */
export type NewRun = {
  readonly seed?: number;
  readonly backend?: BackendName;
  readonly threads?: number;
};

export const RUN_STATUSES = [
  "queued",
  "running",
  "done",
  "failed",
  "cancelled",
  "interrupted",
] as const;

/** `interrupted`: the process ended before the run did; it can be run again. */
export type RunStatus = (typeof RUN_STATUSES)[number];

/** A run without its result, as lists and events have it. */
export type Run = {
  readonly id: string;
  readonly project: string;
  readonly status: RunStatus;
  /** Null before it has begun. */
  readonly phase: ProgressEvent["phase"] | null;
  /** Share of the phase that is done, 0 to 1. */
  readonly done: number;
  /** One line for a person. */
  readonly message: string | null;
  /** Why it failed. */
  readonly error?: ApiError;
  /** Whether its training is held; only of a run that is running. */
  readonly paused?: boolean;
  readonly seed: number;
  /** ISO 8601, UTC, as the other times. */
  readonly createdAt: string;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
};

export type { RunDetails } from "../pipeline/run.ts";
export type { ScatterPoint } from "../pipeline/scatter.ts";

/** `GET /api/runs/:run`: the report once it is done, the history so far while it trains. */
export type RunResult = Run & {
  readonly report?: Report;
  readonly details?: RunDetails;
};

/** Every message of `WS /api/events`. */
export type ServerEvent =
  | {
      readonly type: "progress";
      readonly run: string;
      readonly phase: ProgressEvent["phase"];
      readonly done: number;
      readonly message: string | null;
    }
  | ({ readonly type: "epoch"; readonly run: string } & EpochReport)
  | { readonly type: "run"; readonly run: Run }
  /** Recordings were added or changed, or the project itself has come or gone. */
  | { readonly type: "samples"; readonly project: string };

/** A schema whose values are of the type T. */
export type Schema<T> = TUnsafe<T>;

/** Names a schema after a type that its values must be assignable to. */
export function schema<T>(): <S extends TSchema>(
  checked: [Static<S>] extends [T] ? S : never,
) => Schema<T> {
  return (checked) => checked as unknown as Schema<T>;
}

const closed = { additionalProperties: false } as const;
const id = Type.String({ minLength: 1, maxLength: 100 });
const time = Type.String({ description: "ISO 8601, UTC" });
const nullable = <S extends TSchema>(inner: S) => Type.Union([inner, Type.Null()]);
const category = Type.Union([
  Type.Literal("training"),
  Type.Literal("validation"),
  Type.Literal("testing"),
]);
const segments = Type.Array(
  Type.Object({ startRow: Type.Integer(), endRow: Type.Integer(), label: Type.String() }, closed),
);
const label = Type.String({ minLength: 1, maxLength: 200 });
const side = Type.Union([
  Type.Literal("training"),
  Type.Literal("validation"),
  Type.Literal("testing"),
  Type.Literal("unseen"),
]);

const errorShape = Type.Object(
  { code: Type.String(), message: Type.String(), hint: Type.Optional(Type.String()) },
  closed,
);
export const apiErrorSchema: Schema<ApiError> = schema<ApiError>()(errorShape);

export const healthSchema: Schema<Health> = schema<Health>()(
  Type.Object({ ok: Type.Literal(true), version: Type.String() }, closed),
);

const runFields = {
  id,
  project: id,
  status: Type.Union([
    Type.Literal("queued"),
    Type.Literal("running"),
    Type.Literal("done"),
    Type.Literal("failed"),
    Type.Literal("cancelled"),
    Type.Literal("interrupted"),
  ]),
  phase: nullable(Type.Unsafe<ProgressEvent["phase"]>(Type.String())),
  done: Type.Number({ minimum: 0, maximum: 1 }),
  message: nullable(Type.String()),
  error: Type.Optional(errorShape),
  paused: Type.Optional(Type.Boolean()),
  seed: Type.Integer(),
  createdAt: time,
  startedAt: nullable(time),
  endedAt: nullable(time),
};
const runShape = Type.Object(runFields, closed);
export const runSchema: Schema<Run> = schema<Run>()(runShape);

export const runResultSchema: Schema<RunResult> = schema<RunResult>()(
  Type.Object(
    {
      ...runFields,
      report: Type.Optional(Type.Unsafe<Report>({ type: "object", description: "report.json" })),
      details: Type.Optional(
        Type.Unsafe<RunDetails>({ type: "object", description: "history and scatter" }),
      ),
    },
    closed,
  ),
);

export const projectSchema: Schema<Project> = schema<Project>()(
  Type.Object(
    {
      id,
      name: Type.String(),
      createdAt: time,
      samples: Type.Integer(),
      lastRun: nullable(runShape),
    },
    closed,
  ),
);

export const newProjectSchema: Schema<NewProject> = schema<NewProject>()(
  Type.Object({ name: Type.String({ minLength: 1, maxLength: 100, pattern: "\\S" }) }, closed),
);

const sampleShape = Type.Object(
  {
    id,
    name: Type.String(),
    label: nullable(Type.String()),
    category: nullable(category),
    seconds: Type.Number(),
    rows: Type.Integer(),
    axes: Type.Array(Type.Object({ name: Type.String(), units: Type.String() }, closed)),
    sampleRateHz: Type.Number(),
    segments: Type.Optional(segments),
    side: Type.Optional(side),
  },
  closed,
);
export const sampleSummarySchema: Schema<SampleSummary> = schema<SampleSummary>()(sampleShape);

export const sampleChangeSchema: Schema<SampleChange> = schema<SampleChange>()(
  Type.Object(
    { label: Type.Optional(nullable(label)), category: Type.Optional(nullable(category)) },
    closed,
  ),
);

export const sampleValuesSchema: Schema<SampleValues> = schema<SampleValues>()(
  Type.Object(
    {
      axes: Type.Array(Type.String()),
      units: Type.Array(Type.String()),
      intervalMs: Type.Number(),
      startMs: Type.Number(),
      rows: Type.Integer(),
      columns: Type.Array(Type.Array(Type.Number())),
      segments: Type.Optional(segments),
    },
    closed,
  ),
);

export const addedSchema: Schema<Added> = schema<Added>()(
  Type.Object(
    {
      added: Type.Array(sampleShape),
      unchanged: Type.Array(Type.String()),
      problems: Type.Array(Type.Object({ file: Type.String(), message: Type.String() }, closed)),
      skipped: Type.Array(Type.String()),
      notes: Type.Array(Type.String()),
    },
    closed,
  ),
);

const column = Type.Optional(Type.String({ minLength: 1, maxLength: 200 }));
const readingShape = Type.Object(
  {
    sampleRateHz: Type.Optional(Type.Number({ exclusiveMinimum: 0, maximum: 1e9 })),
    sampleColumn: column,
    labelColumn: column,
    splitColumn: column,
    timestampColumn: column,
    targetColumns: Type.Optional(
      Type.Array(Type.String({ minLength: 1, maxLength: 200 }), { minItems: 1, maxItems: 64 }),
    ),
    ignoreColumns: Type.Optional(Type.Array(Type.String({ minLength: 1 }), { maxItems: 1000 })),
  },
  closed,
);
export const readingSchema: Schema<TableReading> = schema<TableReading>()(readingShape);

export const importSchema: Schema<Import> = schema<Import>()(
  Type.Object(
    {
      path: Type.String({ minLength: 1, maxLength: 4096 }),
      reading: Type.Optional(readingShape),
    },
    closed,
  ),
);

export const recipeAnswerSchema: Schema<RecipeAnswer> = schema<RecipeAnswer>()(
  Type.Object(
    { recipe: nullable(Type.Unsafe<Recipe>({ type: "object", description: "tinsmith.json" })) },
    closed,
  ),
);

const backendName = Type.Union([
  Type.Literal("wasm"),
  Type.Literal("wasm-relaxed"),
  Type.Literal("native"),
  Type.Literal("interpreter"),
]);
export const backendStateSchema: Schema<BackendState> = schema<BackendState>()(
  Type.Object(
    {
      name: backendName,
      missing: nullable(Type.String()),
      threads: Type.Integer({ minimum: 1 }),
    },
    closed,
  ),
);

export const designChoicesSchema: Schema<DesignChoices> = Type.Unsafe<DesignChoices>({
  type: "object",
  description: "layers, losses, optimizers and schedules with their settings",
});

export const newRunSchema: Schema<NewRun> = schema<NewRun>()(
  Type.Object(
    {
      seed: Type.Optional(Type.Integer({ minimum: 0, maximum: 4_294_967_295 })),
      backend: Type.Optional(backendName),
      threads: Type.Optional(Type.Integer({ minimum: 1, maximum: 64 })),
    },
    closed,
  ),
);
