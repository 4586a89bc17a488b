/**
 * The two kinds of failure. A `UserError` is something a person can put right: it carries a stable
 * `code`, one sentence (`action: rule, got value`) and, where a person can act, a hint; surfaces
 * print it without a stack. Everything else is a defect and keeps its stack.
 */

/** A failure that the person who called can mend. */
export class UserError extends Error {
  readonly code: string;
  readonly hint: string | undefined;

  /**
   * @param code stable, kebab-case, for programs: `csv-ragged`, `no-samples`
   * @param message one sentence: action, rule, value; no final period
   * @param hint what to do about it
   */
  constructor(code: string, message: string, hint?: string) {
    super(message);
    this.name = "UserError";
    this.code = code;
    this.hint = hint;
  }
}

/** Thrown wherever a cancelled run stops. */
export class CancelledError extends Error {
  constructor() {
    super("run: cancelled");
    this.name = "CancelledError";
  }
}

/** States an invariant; a violation is a defect of ours, never of the input. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}
