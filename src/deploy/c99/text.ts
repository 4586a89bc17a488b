/** What the files of a C library have in common: their first lines and the spelling of texts. */
import { utf8 } from "../../base/bytes.ts";

export const LICENCE_LINE = "SPDX-License-Identifier: 0BSD";

/** A comment that opens a C file. */
export function fileHeader(lines: readonly string[]): string {
  const body = lines.map((line) => (line === "" ? " *" : ` * ${line}`));
  return `/* ${LICENCE_LINE}\n *\n${body.join("\n")}\n */\n`;
}

/** Text that may stand inside a C comment; control and direction characters become blanks. */
export function commentText(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\p{Cf}]+/gu, " ")
    .replaceAll("*/", "* /")
    .replaceAll("/*", "/ *");
}

/** A C string literal: ASCII as it is, everything else as octal escapes of its UTF-8 bytes. */
export function stringLiteral(text: string): string {
  const characters = Array.from(utf8(text), (byte) => {
    const plain = byte >= 0x20 && byte < 0x7f && !'"\\?'.includes(String.fromCharCode(byte));
    return plain ? String.fromCharCode(byte) : `\\${byte.toString(8).padStart(3, "0")}`;
  });
  return `"${characters.join("")}"`;
}

/** Values with commas, broken into lines of at most 100 characters. */
export function valueLines(values: readonly string[], indent: string): string {
  const lines: string[] = [];
  let line = indent;
  for (const value of values) {
    if (line.length + value.length + 2 > 100) {
      lines.push(line.trimEnd());
      line = indent;
    }
    line += `${value}, `;
  }
  return [...lines, line.trimEnd()].join("\n");
}
