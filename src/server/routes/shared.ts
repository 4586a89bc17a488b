/** Schemas that several routes share. */
import { type TSchema, Type } from "typebox";
import { apiErrorSchema, type Schema, schema } from "../api.ts";

type ProjectParams = { readonly project: string };
type SampleParams = { readonly project: string; readonly sample: string };
type RunParams = { readonly run: string };

const id = Type.String({ minLength: 1, maxLength: 100 });

export const projectParams: Schema<ProjectParams> = schema<ProjectParams>()(
  Type.Object({ project: id }),
);
export const sampleParams: Schema<SampleParams> = schema<SampleParams>()(
  Type.Object({ project: id, sample: id }),
);
export const runParams: Schema<RunParams> = schema<RunParams>()(Type.Object({ run: id }));

/** The answers of a route, for the OpenAPI document: one on success, errors otherwise. */
export function responses(
  success: TSchema | null,
  status = 200,
): { readonly [status: string]: TSchema } {
  return { [status]: success ?? Type.Null(), "4xx": apiErrorSchema };
}
