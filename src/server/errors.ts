/**
 * Failures as answers: what a person can mend is a 4xx with its code, sentence and hint; everything
 * else is a 500 that says nothing of our insides, while the stack goes to standard error.
 */
import type { FastifyError, FastifyInstance, FastifyReply } from "fastify";
import { UserError } from "../base/errors.ts";
import type { ApiError } from "./api.ts";

/** Codes whose status is not 400. */
const STATUS: { readonly [code: string]: number } = {
  "host-refused": 403,
  "origin-refused": 403,
  "route-missing": 404,
  "project-missing": 404,
  "sample-missing": 404,
  "run-missing": 404,
  "file-missing": 404,
  "project-exists": 409,
  "sample-exists": 409,
  "run-not-done": 409,
  "run-ended": 409,
  "body-too-large": 413,
  "archive-too-large": 413,
  "media-type": 415,
  "server-stopping": 503,
  "store-busy": 503,
  "disk-full": 507,
  "home-not-writable": 507,
  // What we had promised to keep is not there any more.
  "blob-missing": 500,
  "blob-damaged": 500,
  "store-damaged": 500,
};

/** Fastify's own codes, in our words. */
const OURS: { readonly [code: string]: string } = {
  FST_ERR_CTP_BODY_TOO_LARGE: "body-too-large",
  FST_ERR_CTP_INVALID_MEDIA_TYPE: "media-type",
  FST_ERR_CTP_EMPTY_JSON_BODY: "body-json",
  FST_ERR_CTP_INVALID_JSON_BODY: "body-json",
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: "body-length",
  FST_ERR_BAD_URL: "url",
  FST_ERR_MAX_PARAM_LENGTH: "url",
};

/** The status that goes with the code of a `UserError`. */
export function statusOf(code: string): number {
  return STATUS[code] ?? 400;
}

/** A failure as it is told to the one who called; undefined when it is a defect of ours. */
export function toApiError(error: unknown): ApiError | undefined {
  if (error instanceof UserError) {
    const { code, message, hint } = error;
    return hint === undefined ? { code, message } : { code, message, hint };
  }
  if (isSystemError(error) && (error.code === "ENOSPC" || error.code === "EDQUOT"))
    return {
      code: "disk-full",
      message: "write: the disk must have room left, got none",
      hint: "Free some space, or start with another --home.",
    };
  return undefined;
}

/** Makes every failure of every route an `ApiError`. */
export function addErrorHandlers(app: FastifyInstance): void {
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const told = toApiError(error) ?? fromFastify(error);
    if (told) return reply.code(statusOf(told.code)).send(told);
    process.stderr.write(
      `tinsmith: ${request.method} ${request.url}: a defect of ours, please report it\n${error.stack}\n`,
    );
    return reply.code(500).send({
      code: "internal",
      message: "the server failed; its terminal says more",
    } satisfies ApiError);
  });
}

/** Refuses what is no request at all, before any hook runs. */
export function refuseMalformed(error: FastifyError, _: unknown, reply: FastifyReply): void {
  const { statusCode = 400, code } = error;
  reply
    .code(statusCode >= 400 && statusCode < 500 ? statusCode : 400)
    .header("x-content-type-options", "nosniff")
    .send({
      code: OURS[code] ?? "request",
      message: "request: the URL must be one the server can read, got another",
    } satisfies ApiError);
}

/** What Fastify refuses before a route runs. */
function fromFastify(error: FastifyError): ApiError | undefined {
  if (!(error.statusCode !== undefined && error.statusCode >= 400 && error.statusCode < 500))
    return undefined;
  return { code: OURS[error.code] ?? "request", message: `request: ${error.message}` };
}

function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error;
}
