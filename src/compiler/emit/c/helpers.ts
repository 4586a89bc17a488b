/**
 * The hand-written C around generated functions: the guards that make a compiler keep float32
 * arithmetic as it is written (docs/architecture.md, "The arithmetic"), and one small function for
 * each operation whose meaning C leaves open: wrapping, shifts, saturation, bit patterns, sqrt.
 * The op table names them; a file holds only those it uses.
 */

export const GUARDS = `#include <float.h>
#include <stddef.h>
#include <stdint.h>

/* The results of this file are exact: each float operation is rounded on its own, as written. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#elif defined(__GNUC__)
#pragma GCC optimize("fp-contract=off", "no-tree-vectorize", "no-math-errno")
#endif
#if defined(__FAST_MATH__)
#error "compile this file without -ffast-math: it changes the results"
#endif
#if FLT_EVAL_METHOD != 0
#error "float arithmetic must be evaluated in float: use SSE or VFP rather than x87"
#endif

/* Kernels stay functions of their own, so that their size does not depend on their callers. */
#if defined(__GNUC__) && !defined(__clang__) && __GNUC__ >= 8
#define TS_FUNCTION static __attribute__((noipa))
#elif defined(__GNUC__)
#define TS_FUNCTION static __attribute__((noinline))
#else
#define TS_FUNCTION static
#endif
#if defined(__GNUC__)
#define TS_INLINE static inline __attribute__((always_inline))
#else
#define TS_INLINE static inline
#endif
`;

/** Types of buffers that share memory with a buffer of another type. */
export const SHARED_TYPES = `#if defined(__GNUC__)
typedef float __attribute__((may_alias)) ts_shared_float;
typedef int32_t __attribute__((may_alias)) ts_shared_int32_t;
typedef int16_t __attribute__((may_alias)) ts_shared_int16_t;
#else
typedef float ts_shared_float;
typedef int32_t ts_shared_int32_t;
typedef int16_t ts_shared_int16_t;
#endif
`;

type Helper = { readonly text: string; readonly needs?: readonly string[] };

/** `return` of one expression, the form of most helpers. */
const inline = (head: string, value: string): Helper => ({
  text: `TS_INLINE ${head} { return ${value}; }\n`,
});

const wrapping = (bits: 32 | 64, name: string, operator: string): Helper =>
  inline(
    `int${bits}_t ${name}(int${bits}_t a, int${bits}_t b)`,
    `(int${bits}_t)((uint${bits}_t)a ${operator} (uint${bits}_t)b)`,
  );

const ARITHMETIC_SHIFT: Helper = {
  text: "typedef char ts_shift_keeps_sign[(-1 >> 1) == -1 ? 1 : -1];\n",
};

/** In an order in which each can be compiled; keys are the names that the op table uses. */
const HELPERS: { readonly [name: string]: Helper } = {
  ts_bits: {
    text: `TS_INLINE int32_t ts_bits(float x) {
  union { float value; int32_t bits; } u;
  u.value = x;
  return u.bits;
}
`,
  },
  ts_float: {
    text: `TS_INLINE float ts_float(int32_t bits) {
  union { int32_t bits; float value; } u;
  u.bits = bits;
  return u.value;
}
`,
  },
  ts_fabs: {
    ...inline("float ts_fabs(float x)", "ts_float(ts_bits(x) & INT32_MAX)"),
    needs: ["ts_bits", "ts_float"],
  },
  ts_fmin: inline("float ts_fmin(float a, float b)", "a < b ? a : b"),
  ts_fmax: inline("float ts_fmax(float a, float b)", "a > b ? a : b"),
  ts_sqrt: {
    text: `/* Square root, correctly rounded: the instruction where there is one, else digit by digit. */
#if defined(__GNUC__) && defined(__SSE__)
TS_INLINE float ts_sqrt(float x) {
  float root;
  __asm__("sqrtss %1, %0" : "=x"(root) : "x"(x));
  return root;
}
#elif defined(__GNUC__) && defined(__aarch64__)
TS_INLINE float ts_sqrt(float x) {
  float root;
  __asm__("fsqrt %s0, %s1" : "=w"(root) : "w"(x));
  return root;
}
#elif defined(__GNUC__) && defined(__ARM_FP) && (__ARM_FP & 4)
TS_INLINE float ts_sqrt(float x) {
  float root;
  __asm__("vsqrt.f32 %0, %1" : "=t"(root) : "t"(x));
  return root;
}
#else
TS_FUNCTION float ts_sqrt(float x) {
  union { float value; uint32_t bits; } u;
  u.value = x;
  if ((u.bits << 1) == 0u || u.bits == 0x7f800000u) return x; /* zeros and +infinity */
  if (u.bits > 0x7f800000u) { /* negative or NaN */
    u.bits = 0x7fc00000u;
    return u.value;
  }
  int32_t exponent = (int32_t)(u.bits >> 23);
  uint32_t rest = u.bits & 0x7fffffu;
  if (exponent == 0) {
    for (exponent = 1; rest < 0x800000u; exponent--) rest <<= 1;
  } else {
    rest |= 0x800000u;
  }
  exponent -= 127;
  rest <<= (exponent & 1) ? 2 : 1; /* the value is rest * 2^(even exponent - 24) */
  uint32_t root = 0, trial = 0; /* 25 bits of the root; trial is twice the root so far */
  for (uint32_t bit = 0x1000000u; bit != 0u; bit >>= 1) {
    if (trial + bit <= rest) {
      rest -= trial + bit;
      trial += bit << 1;
      root += bit;
    }
    rest <<= 1;
  }
  if (rest != 0u) root += root & 1u; /* a tie cannot occur */
  u.bits = (root >> 1) + (uint32_t)((exponent - (exponent & 1)) / 2 + 126) * 0x800000u;
  return u.value;
}
#endif
`,
  },
  ts_truncate: {
    text: `/* Toward zero; what does not fit becomes the nearest int32, NaN becomes 0. */
#if defined(__GNUC__) && defined(__ARM_FP) && (__ARM_FP & 4) && !defined(__aarch64__)
TS_INLINE int32_t ts_truncate(float x) {
  union { float value; int32_t bits; } u;
  __asm__("vcvt.s32.f32 %0, %1" : "=t"(u.value) : "t"(x));
  return u.bits;
}
#else
TS_INLINE int32_t ts_truncate(float x) {
  if (x >= 2147483648.0f) return INT32_MAX;
  if (x >= -2147483648.0f) return (int32_t)x;
  return x < 0.0f ? INT32_MIN : 0;
}
#endif
`,
  },
  ts_add: wrapping(32, "ts_add", "+"),
  ts_sub: wrapping(32, "ts_sub", "-"),
  ts_mul: wrapping(32, "ts_mul", "*"),
  ts_min: inline("int32_t ts_min(int32_t a, int32_t b)", "a < b ? a : b"),
  ts_max: inline("int32_t ts_max(int32_t a, int32_t b)", "a > b ? a : b"),
  ts_shift_keeps_sign: ARITHMETIC_SHIFT,
  ts_shl: inline("int32_t ts_shl(int32_t a, int32_t by)", "(int32_t)((uint32_t)a << by)"),
  ts_shr: {
    ...inline("int32_t ts_shr(int32_t a, int32_t by)", "a >> by"),
    needs: ["ts_shift_keeps_sign"],
  },
  ts_shru: inline("int32_t ts_shru(int32_t a, int32_t by)", "(int32_t)((uint32_t)a >> by)"),
  ts_clz: {
    text: `TS_INLINE int32_t ts_clz(int32_t a) {
#if defined(__GNUC__)
  return a == 0 ? 32 : sizeof(int) == 4 ? __builtin_clz((unsigned)a) : __builtin_clzl((uint32_t)a);
#else
  int32_t zeros = 32;
  for (uint32_t rest = (uint32_t)a; rest != 0u; rest >>= 1) zeros--;
  return zeros;
#endif
}
`,
  },
  ts_narrow: inline("int32_t ts_narrow(int64_t a)", "(int32_t)(uint32_t)(uint64_t)a"),
  ts_add64: wrapping(64, "ts_add64", "+"),
  ts_sub64: wrapping(64, "ts_sub64", "-"),
  ts_mul64: wrapping(64, "ts_mul64", "*"),
  ts_shl64: inline("int64_t ts_shl64(int64_t a, int32_t by)", "(int64_t)((uint64_t)a << by)"),
  ts_shr64: {
    ...inline("int64_t ts_shr64(int64_t a, int32_t by)", "a >> by"),
    needs: ["ts_shift_keeps_sign"],
  },
};

/** Names that no other function may take. */
export const HELPER_NAMES: readonly string[] = Object.keys(HELPERS);

/** The helpers of these names and what they need, in order. */
export function helperText(used: ReadonlySet<string>): string {
  const all = new Set(used);
  for (const name of used) for (const needed of HELPERS[name]?.needs ?? []) all.add(needed);
  const unknown = [...all].find((name) => !HELPERS[name]);
  if (unknown) throw new Error(`c: no helper "${unknown}"`);
  return Object.entries(HELPERS)
    .filter(([name]) => all.has(name))
    .map(([, helper]) => helper.text)
    .join("");
}
