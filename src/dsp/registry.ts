/** Every block by its type; a new one is a file and a line here. */
import { UserError } from "../base/errors.ts";
import type { Block } from "./block.ts";
import { flatten } from "./flatten.ts";
import { mfcc } from "./mfcc.ts";
import { mfe } from "./mfe.ts";
import { raw } from "./raw.ts";
import { spectral } from "./spectral.ts";

export const BLOCKS: readonly Block[] = [raw, flatten, spectral, mfe, mfcc];

/** @throws UserError `unknown-block` */
export function blockOf(type: string): Block {
  const block = BLOCKS.find((candidate) => candidate.type === type);
  if (block) return block;
  const types = BLOCKS.map((candidate) => candidate.type).join(", ");
  throw new UserError("unknown-block", `block: the type must be one of ${types}, got "${type}"`);
}
