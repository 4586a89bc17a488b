/**
 * Blanks out everything in TypeScript text that is not code, so that a rule can be a plain search:
 * comments, the contents of strings and templates (not the expressions in them) and regular
 * expressions become spaces. Length, line breaks and quotes stay, so a position in the result is a
 * position in the source. A `/` starts a regular expression when no operand stands before it; the
 * one case this leaves out, a literal straight after `)` or `}`, is read as a division.
 */

const OPERAND_END = /[\w$)\]}"'`\u0080-\uffff]/;
const WORD_BEFORE_OPERAND =
  /(?:^|[^\w$.])(?:return|typeof|case|in|of|delete|void|throw|new|else|do|yield|await|extends)$/;

/** True when a `/` that follows `before` (stripped code) divides instead of opening a literal. */
function isDivision(before) {
  const code = before.trimEnd();
  if (/(\+\+|--)$/.test(code)) return true;
  // A postfix `!` (not null) touches its operand; a prefix one does not.
  if (code.endsWith("!")) return /[\w$)\]]!$/.test(code);
  return OPERAND_END.test(code.slice(-1)) && !WORD_BEFORE_OPERAND.test(code.slice(-20));
}

/** @returns {string} `source` with comments, literals' contents and regular expressions as spaces */
export function stripCode(source) {
  let out = "";
  let at = 0;
  const keep = (length) => {
    out += source.slice(at, at + length);
    at += length;
  };
  const blank = (end) => {
    out += source.slice(at, end).replace(/[^\n]/g, " ");
    at = end;
  };
  const indexOrEnd = (index, extra) => (index < 0 ? source.length : index + extra);

  const quoted = (quote) => {
    let end = at + 1;
    while (end < source.length && source[end] !== quote && source[end] !== "\n") {
      end += source[end] === "\\" ? 2 : 1;
    }
    keep(1);
    blank(Math.min(end, source.length));
    if (source[at] === quote) keep(1);
  };
  const template = () => {
    keep(1);
    while (at < source.length && source[at] !== "`") {
      if (source.startsWith("${", at)) {
        keep(2);
        code(true);
        keep(1);
      } else {
        blank(Math.min(at + (source[at] === "\\" ? 2 : 1), source.length));
      }
    }
    keep(1);
  };
  const regularExpression = () => {
    let end = at + 1;
    let inClass = false;
    while (end < source.length && source[end] !== "\n" && (inClass || source[end] !== "/")) {
      if (source[end] === "[") inClass = true;
      if (source[end] === "]") inClass = false;
      end += source[end] === "\\" ? 2 : 1;
    }
    // Quotes stand for the slashes, so that what follows sees an operand.
    out += '"';
    at += 1;
    blank(Math.min(end, source.length));
    if (source[at] === "/") {
      out += '"';
      at += 1;
    }
  };
  /** Copies code up to the end, or inside a template up to the brace that closes it. */
  const code = (inTemplate) => {
    let depth = 0;
    while (at < source.length) {
      const char = source[at];
      if (source.startsWith("//", at)) blank(indexOrEnd(source.indexOf("\n", at), 0));
      else if (source.startsWith("/*", at)) blank(indexOrEnd(source.indexOf("*/", at + 2), 2));
      else if (char === '"' || char === "'") quoted(char);
      else if (char === "`") template();
      else if (char === "/" && !isDivision(out.slice(-200))) regularExpression();
      else {
        if (inTemplate && char === "}" && depth === 0) return;
        if (char === "{") depth += 1;
        if (char === "}") depth -= 1;
        keep(1);
      }
    }
  };
  code(false);
  return out;
}
