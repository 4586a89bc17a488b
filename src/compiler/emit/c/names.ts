/**
 * Names in generated C: turns any text into an identifier that is no keyword and no function a
 * compiler knows by itself, and keeps names apart within one scope.
 */

const KEYWORDS =
  "auto break case char const continue default do double else enum extern float for goto if inline " +
  "int long register restrict return short signed sizeof static struct switch typedef union " +
  "unsigned void volatile while asm typeof bool true false class new delete this template and or " +
  "not xor main arena result";

/** Library functions that compilers treat as built in; a static one of that name draws a warning. */
const BUILT_IN =
  "abort abs acos acosh alloca asin asinh atan atan2 atanh bcmp bcopy bzero calloc cbrt ceil conj " +
  "copysign cos cosh erf erfc exit exp exp10 exp2 expm1 fabs fdim ffs floor fma fmax fmin fmod " +
  "free frexp gamma hypot ilogb index isalpha isdigit isnan j0 j1 jn labs ldexp lgamma log log10 " +
  "log1p log2 logb lrint lround malloc memcmp memcpy memmove memset modf nan pow pow10 printf " +
  "puts realloc remainder remquo rindex rint round scalb signbit significand sin sincos sinh sqrt " +
  "stpcpy strcat strchr strcmp strcpy strlen tan tanh tgamma toascii tolower toupper trunc y0 y1 yn";

const RESERVED: ReadonlySet<string> = new Set(`${KEYWORDS} ${BUILT_IN}`.split(" "));

/** The nearest identifier: other characters become `_`, keywords get a trailing `_`. */
export function identifier(text: string): string {
  const plain = text
    .replace(/[^A-Za-z0-9_]+/g, "_")
    .replace(/^_+|_+$/g, "")
    .replace(/^(?=\d)/, "n");
  const name = plain === "" ? "unnamed" : plain;
  return RESERVED.has(name) ? `${name}_` : name;
}

/** One scope: `name` gives an identifier that it has not given before. */
export type Scope = {
  readonly name: (hint: string) => string;
  readonly has: (n: string) => boolean;
};

export function makeScope(taken: Iterable<string> = []): Scope {
  const used = new Set(taken);
  return {
    has: (name) => used.has(name),
    name: (hint) => {
      const base = identifier(hint);
      let name = base;
      for (let n = 2; used.has(name); n++) name = `${base}_${n}`;
      used.add(name);
      return name;
    },
  };
}
