/** The option that names a folder, shared by the commands. */
import { resolve } from "node:path";
import { InvalidArgumentError } from "commander";

/** The absolute path without a slash at the end, so that names can be made of it by appending. */
export function folder(text: string): string {
  if (text.trim() === "") throw new InvalidArgumentError("must name a folder");
  return resolve(text);
}
