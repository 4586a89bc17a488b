/**
 * Parameters of blocks: how they are described to people, and how values from outside are checked
 * against the description. Names are those of the published block parameters, with dashes.
 */
import { UserError } from "../base/errors.ts";

export type ParameterValue = number | string | boolean;

export type ParameterValues = { readonly [name: string]: ParameterValue };

export type Parameter = {
  readonly name: string;
  readonly title: string;
  /** `select` is one of the strings of `values`. */
  readonly type: "int" | "float" | "boolean" | "select";
  readonly default: ParameterValue;
  /** The only values that are accepted, where there are few. */
  readonly values?: readonly ParameterValue[];
  /** One or two sentences for a person who chooses. */
  readonly help: string;
};

const quote = (value: unknown): string => JSON.stringify(value) ?? String(value);

/** The error of a parameter that a person can mend. */
export function parameterError(
  block: string,
  rule: string,
  got: unknown,
  hint?: string,
): UserError {
  return new UserError("block-parameter", `${block}: ${rule}, got ${quote(got)}`, hint);
}

/** The value of a float, within float32; of an int, a safe integer. */
const TYPES: { readonly [T in Parameter["type"]]: [string, (value: unknown) => boolean] } = {
  int: ["a whole number", Number.isSafeInteger],
  float: [
    "a finite number",
    (value) => Number.isFinite(value) && Number.isFinite(Math.fround(value as number)),
  ],
  boolean: ["true or false", (value) => typeof value === "boolean"],
  select: ["a string", (value) => typeof value === "string"],
};

/**
 * Checks values against the description of parameters: unknown names and wrong types are refused,
 * absent values take their default.
 * @param block type of the block, for messages
 * @throws UserError `block-parameter`
 */
export function parseParameters(
  block: string,
  parameters: readonly Parameter[],
  params: unknown = {},
): ParameterValues {
  if (typeof params !== "object" || params === null || Array.isArray(params))
    throw parameterError(block, "parameters must be an object", params);
  const names = parameters.map((parameter) => parameter.name);
  for (const name of Object.keys(params))
    if (!names.includes(name))
      throw parameterError(
        block,
        "parameters must be known",
        name,
        `You can set ${names.join(", ")}.`,
      );
  const result: { [name: string]: ParameterValue } = {};
  for (const parameter of parameters) {
    const { name, type, values } = parameter;
    const given = Object.hasOwn(params, name) ? (params as ParameterValues)[name] : undefined;
    const value = given ?? parameter.default;
    const [kind, isOfType] = TYPES[type];
    if (values && !values.includes(value))
      throw parameterError(
        block,
        `"${name}" must be ${values.map(quote).join(" or ")}`,
        value,
        parameter.help,
      );
    if (!isOfType(value))
      throw parameterError(block, `"${name}" must be ${kind}`, value, parameter.help);
    result[name] = value;
  }
  return result;
}

/** The parameter that every block begins with. */
export const SCALE_AXES: Parameter = {
  name: "scale-axes",
  title: "Scale axes",
  type: "float",
  default: 1,
  help: "Multiplies every value of the window before anything else.",
};
