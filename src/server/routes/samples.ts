/** Recordings of a project: list, upload, import, change, delete, and their values for a chart. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import type { Readable } from "node:stream";
import { Type } from "typebox";
import { Compile } from "typebox/compile";
import { UserError } from "../../base/errors.ts";
import type { AddRequest } from "../add-worker.ts";
import {
  type Added,
  addedSchema,
  importSchema,
  readingSchema,
  type Side,
  sampleChangeSchema,
  sampleSummarySchema,
  sampleValuesSchema,
  type TableReading,
} from "../api.ts";
import { type App, type Context, findProject, findSample } from "../app.ts";
import { decimate } from "../decimate.ts";
import type { StoredDetails } from "../run-worker.ts";
import { receiveUpload, uploadName } from "../upload.ts";
import { viewSample } from "../views.ts";
import { projectParams, responses, sampleParams } from "./shared.ts";

const uploadHeaders = Type.Object({
  "x-file-name": Type.Optional(
    Type.String({ description: "path of the file, percent-encoded; folders give labels" }),
  ),
  "x-category": Type.Optional(
    Type.Union([Type.Literal("training"), Type.Literal("validation"), Type.Literal("testing")]),
  ),
  "x-label": Type.Optional(
    Type.String({ minLength: 1, maxLength: 600, description: "percent-encoded" }),
  ),
  "x-reading": Type.Optional(
    Type.String({
      maxLength: 10_000,
      description: "the `reading` of an import as JSON, percent-encoded",
    }),
  ),
});

const valuesQuery = Type.Object({
  points: Type.Integer({ minimum: 2, maximum: 100_000, default: 2000 }),
});

export function sampleRoutes(app: App, context: Context): void {
  const { store, events, adder, home } = context;
  const sidesOf = sidesReader(context);

  const add = async (request: Omit<AddRequest, "id">): Promise<Added> => {
    const result = await adder.add(request);
    if (result.added.length > 0) events.publish({ type: "samples", project: request.project });
    return { ...result, added: result.added.map((sample) => viewSample(sample)) };
  };

  app.get(
    "/api/projects/:project/samples",
    {
      schema: {
        tags: ["samples"],
        params: projectParams,
        response: responses(Type.Array(sampleSummarySchema)),
      },
    },
    async (request) => {
      const { id } = await findProject(context, request.params.project);
      const [samples, sides] = await Promise.all([store.samples.list(id), sidesOf(id)]);
      return samples.map((sample) => viewSample(sample, sides.get(sample.name)));
    },
  );
  app.post(
    "/api/projects/:project/samples",
    {
      schema: {
        tags: ["samples"],
        summary: "Upload one recording, table or archive as raw bytes",
        consumes: ["application/octet-stream"],
        params: projectParams,
        headers: uploadHeaders,
        response: responses(addedSchema),
      },
    },
    async (request) => {
      const { headers } = request;
      const project = (await findProject(context, request.params.project)).id;
      const name = uploadName(headers["x-file-name"]);
      const reading = uploadReading(headers["x-reading"] ?? "{}");
      const body = request.body as Readable;
      const upload = await receiveUpload(body, name, join(home, "tmp"), context.uploadBytes);
      try {
        return await add({
          project,
          path: upload.path,
          ...(headers["x-category"] ? { category: headers["x-category"] } : {}),
          ...(headers["x-label"] ? { label: uploadLabel(headers["x-label"]) } : {}),
          ...(headers["x-reading"] ? { reading } : {}),
        });
      } finally {
        await upload.remove();
      }
    },
  );
  app.post(
    "/api/projects/:project/import",
    {
      schema: {
        tags: ["samples"],
        summary: "Read a folder, archive or table of the machine the server runs on",
        params: projectParams,
        body: importSchema,
        response: responses(addedSchema),
      },
    },
    async (request) => {
      const { id } = await findProject(context, request.params.project);
      const { path, reading = {} } = request.body;
      return add({ project: id, path: resolve(path.replace(/^~(?=\/|$)/, homedir())), reading });
    },
  );
  app.get(
    "/api/projects/:project/samples/:sample/values",
    {
      schema: {
        tags: ["samples"],
        params: sampleParams,
        querystring: valuesQuery,
        response: responses(sampleValuesSchema),
      },
    },
    async (request) => {
      const { project, sample: id } = request.params;
      const sample = await findSample(context, project, id);
      const values = await store.samples.values(id);
      const columns = decimate(values, sample.axes.length, request.query.points);
      const length = columns[0]?.length ?? 0;
      const rowMs = sample.intervalMs === 0 ? 1 : sample.intervalMs;
      return {
        axes: sample.axes.map((axis) => axis.name),
        units: sample.axes.map((axis) => axis.units),
        intervalMs: length === 0 ? rowMs : (rowMs * sample.rows) / length,
        startMs: 0,
        rows: sample.rows,
        columns,
        ...(sample.segments ? { segments: sample.segments } : {}),
      };
    },
  );
  app.patch(
    "/api/projects/:project/samples/:sample",
    {
      schema: {
        tags: ["samples"],
        params: sampleParams,
        body: sampleChangeSchema,
        response: responses(sampleSummarySchema),
      },
    },
    async (request) => {
      const { project, sample: id } = request.params;
      await findSample(context, project, id);
      const changed = await store.samples.update(id, request.body);
      events.publish({ type: "samples", project });
      return viewSample(changed, (await sidesOf(project)).get(changed.name));
    },
  );
  app.delete(
    "/api/projects/:project/samples/:sample",
    { schema: { tags: ["samples"], params: sampleParams, response: responses(null, 204) } },
    async (request, reply) => {
      const { project, sample: id } = request.params;
      await findSample(context, project, id);
      await store.samples.delete(id);
      events.publish({ type: "samples", project });
      return reply.code(204).send();
    },
  );
}

/** Reads where the last finished run of a project put its recordings, once for each run. */
function sidesReader({ store }: Context): (project: string) => Promise<ReadonlyMap<string, Side>> {
  const known = new Map<string, { readonly run: string; readonly sides: Map<string, Side> }>();
  return async (project) => {
    const run = (await store.runs.list(project)).findLast(({ status }) => status === "done");
    if (!run) return new Map();
    const last = known.get(project);
    if (last?.run === run.id) return last.sides;
    const details = (await store.runs.result(run.id))?.details as StoredDetails | null | undefined;
    const sides = new Map(Object.entries(details?.sides ?? {}));
    known.set(project, { run: run.id, sides });
    return sides;
  };
}

const checkReading = Compile(readingSchema);

/** @throws UserError `reading` */
function uploadReading(header: string): TableReading {
  let reading: unknown;
  try {
    reading = JSON.parse(decodeURIComponent(header));
  } catch {
    // Told below, as all that is not as documented.
  }
  if (checkReading.Check(reading)) return reading;
  throw new UserError(
    "reading",
    "upload: the header x-reading must be as documented, percent-encoded JSON, got something else",
    "The rules are in /api/openapi.json, at the route import.",
  );
}

function uploadLabel(header: string): string {
  try {
    return decodeURIComponent(header);
  } catch {
    return header;
  }
}
