/**
 * Requests against their schemas: TypeBox checks, and what is wrong becomes one sentence. Texts of a
 * query or a header are converted to the numbers a schema asks for; bodies must have the right types.
 */
import type { FastifyInstance } from "fastify";
import type { TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";
import { UserError } from "../base/errors.ts";

/** Makes an app check with TypeBox and write JSON with `JSON.stringify`. */
export function addValidation(app: FastifyInstance): void {
  app.setValidatorCompiler<TSchema>(({ schema, httpPart }) => {
    const compiled = Compile(schema);
    const part = httpPart ?? "body";
    return (given: unknown) => {
      const isText = part === "querystring" || part === "headers";
      const value = isText ? Value.Default(schema, Value.Convert(schema, given)) : given;
      if (compiled.Check(value)) return { value };
      const [first] = compiled.Errors(value);
      const path = first?.instancePath.slice(1).replaceAll("/", ".") ?? "";
      const subject = path === "" ? `the ${part}` : `"${path}" of the ${part}`;
      return {
        error: new UserError(
          part === "body" ? "body-value" : "request-value",
          `request: ${subject} ${first?.message ?? "must be as documented"}`,
          "The rules are in /api/openapi.json.",
        ),
      };
    };
  });
  app.setSerializerCompiler(() => (value) => JSON.stringify(value));
}
