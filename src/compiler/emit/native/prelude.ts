/**
 * The hand-written C around native kernels: vector types of 4, 8 and 16 lanes, what the op table
 * calls helpers, and the N-API module that runs entries on an ArrayBuffer. GCC and Clang compile it.
 */

const vectors = (lanes: number): string => {
  const list = (text: (i: number) => string): string =>
    Array.from({ length: lanes }, (_, i) => text(i)).join(", ");
  return `
typedef float f${lanes} __attribute__((vector_size(${4 * lanes})));
typedef int32_t i${lanes} __attribute__((vector_size(${4 * lanes})));
typedef uint32_t w${lanes} __attribute__((vector_size(${4 * lanes})));
typedef float u${lanes} __attribute__((vector_size(${4 * lanes}), aligned(4), may_alias));
typedef int32_t v${lanes} __attribute__((vector_size(${4 * lanes}), aligned(4), may_alias));
static const i${lanes} ts_ramp${lanes} = {${list(String)}};
HELPER f${lanes} ts_spread${lanes}(float x) { return (f${lanes}){${list(() => "x")}}; }
HELPER i${lanes} ts_fill${lanes}(int32_t x) { return (i${lanes}){${list(() => "x")}}; }
HELPER f${lanes} ts_select${lanes}(i${lanes} c, f${lanes} a, f${lanes} b) {
  return (f${lanes})((c & (i${lanes})a) | (~c & (i${lanes})b));
}
HELPER i${lanes} ts_choose${lanes}(i${lanes} c, i${lanes} a, i${lanes} b) { return (c & a) | (~c & b); }
HELPER f${lanes} ts_sqrt${lanes}(f${lanes} x) {
  for (int i = 0; i < ${lanes}; i++) x[i] = __builtin_sqrtf(x[i]);
  return x;
}
HELPER i${lanes} ts_truncate${lanes}(f${lanes} x) {
  i${lanes} fits = (x >= -2147483648.0f) & (x < 2147483648.0f);
  i${lanes} beyond = ts_choose${lanes}(x > 0.0f, ts_fill${lanes}(INT32_MAX), (x < 0.0f) & INT32_MIN);
  i${lanes} whole = __builtin_convertvector((f${lanes})(fits & (i${lanes})x), i${lanes});
  return ts_choose${lanes}(fits, whole, beyond);
}
`;
};

/** Types and helpers; the text compiles with -fwrapv and -fno-strict-aliasing. */
export function preludeText(lanes: number): string {
  const sizes = [4, 8, 16].filter((size) => size <= lanes);
  return `#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <node_api.h>
#if defined(__linux__)
#include <sys/mman.h>
#endif

#define TS_INLINE __attribute__((always_inline))
#define TS_KERNEL __attribute__((noinline))
#if defined(__clang__)
#define TS_PARALLEL _Pragma("clang loop vectorize(assume_safety)")
#else
#define TS_PARALLEL _Pragma("GCC ivdep")
#endif
#define HELPER static inline TS_INLINE
${sizes.map(vectors).join("")}
HELPER int32_t ts_bits(float x) { int32_t bits; memcpy(&bits, &x, 4); return bits; }
HELPER float ts_float(int32_t bits) { float x; memcpy(&x, &bits, 4); return x; }
HELPER float ts_fabs(float x) { return __builtin_fabsf(x); }
HELPER float ts_sqrt(float x) { return __builtin_sqrtf(x); }
HELPER float ts_fmin(float a, float b) { return a < b ? a : b; }
HELPER float ts_fmax(float a, float b) { return a > b ? a : b; }
HELPER int32_t ts_truncate(float x) {
  return x >= 2147483648.0f ? INT32_MAX
       : x >= -2147483648.0f ? (int32_t)x
       : x < 0.0f ? INT32_MIN : 0;
}
HELPER int32_t ts_add(int32_t a, int32_t b) { return a + b; }
HELPER int32_t ts_sub(int32_t a, int32_t b) { return a - b; }
HELPER int32_t ts_mul(int32_t a, int32_t b) { return a * b; }
HELPER int32_t ts_min(int32_t a, int32_t b) { return a < b ? a : b; }
HELPER int32_t ts_max(int32_t a, int32_t b) { return a > b ? a : b; }
HELPER int32_t ts_shl(int32_t a, int32_t by) { return (int32_t)((uint32_t)a << by); }
HELPER int32_t ts_shr(int32_t a, int32_t by) { return a >> by; }
HELPER int32_t ts_shru(int32_t a, int32_t by) { return (int32_t)((uint32_t)a >> by); }
HELPER int32_t ts_clz(int32_t a) { return a == 0 ? 32 : __builtin_clz((uint32_t)a); }
HELPER int32_t ts_narrow(int64_t a) { return (int32_t)a; }
HELPER int64_t ts_add64(int64_t a, int64_t b) { return a + b; }
HELPER int64_t ts_sub64(int64_t a, int64_t b) { return a - b; }
HELPER int64_t ts_mul64(int64_t a, int64_t b) { return a * b; }
HELPER int64_t ts_shl64(int64_t a, int32_t by) { return (int64_t)((uint64_t)a << by); }
HELPER int64_t ts_shr64(int64_t a, int32_t by) { return a >> by; }

`;
}

/**
 * The module: `attach(bytes)` gives one function without parameters for each entry, in order. They
 * run on the memory of a Uint8Array, shared or not, from the first address in it that is a multiple
 * of 64 on, and keep it alive.
 * @param functions C names of the entries, `void name(uint8_t *memory)`
 * @param bytes the memory that they use, without the alignment
 */
export function moduleText(functions: readonly string[], bytes: number): string {
  return `typedef void (*entry_function)(uint8_t *);
static const entry_function entries[] = {${functions.join(", ")}};
typedef struct { uint8_t *memory; entry_function run; } bound;

static napi_value run_entry(napi_env env, napi_callback_info info) {
  void *data;
  if (napi_get_cb_info(env, info, NULL, NULL, NULL, &data) == napi_ok)
    ((bound *)data)->run(((bound *)data)->memory);
  return NULL;
}

static void release(napi_env env, void *data, void *hint) {
  (void)env;
  (void)hint;
  free(data);
}

/* Large pages, where the system has them: neighbouring rows of large tensors lie on other pages. */
static void ask_for_large_pages(uint8_t *start, size_t length) {
#if defined(__linux__) && defined(MADV_HUGEPAGE)
  const uintptr_t page = 2u << 20;
  uintptr_t from = ((uintptr_t)start + page - 1) & ~(page - 1);
  uintptr_t to = ((uintptr_t)start + length) & ~(page - 1);
  if (from < to) madvise((void *)from, to - from, MADV_HUGEPAGE);
#else
  (void)start;
  (void)length;
#endif
}

static napi_value attach(napi_env env, napi_callback_info info) {
  size_t count = 1, length = 0;
  napi_value bytes, list;
  napi_typedarray_type type;
  void *start = NULL;
  napi_get_cb_info(env, info, &count, &bytes, NULL, NULL);
  if (count < 1 ||
      napi_get_typedarray_info(env, bytes, &type, &length, &start, NULL, NULL) != napi_ok ||
      type != napi_uint8_array || length < ${bytes + 63}u) {
    napi_throw_type_error(env, NULL, "native: there must be a Uint8Array of at least ${bytes + 63} bytes");
    return NULL;
  }
  ask_for_large_pages(start, length);
  napi_create_array(env, &list);
  for (uint32_t i = 0; i < ${functions.length}u; i++) {
    napi_value function;
    bound *data = malloc(sizeof *data);
    if (data == NULL) abort();
    data->memory = (uint8_t *)(((uintptr_t)start + 63) & ~(uintptr_t)63);
    data->run = entries[i];
    napi_create_function(env, NULL, 0, run_entry, data, &function);
    napi_add_finalizer(env, function, data, release, NULL, NULL);
    napi_set_named_property(env, function, "memory", bytes);
    napi_set_element(env, list, i, function);
  }
  napi_value offset;
  napi_create_uint32(env, (uint32_t)(-(uintptr_t)start & 63), &offset);
  napi_set_named_property(env, list, "offset", offset);
  return list;
}

NAPI_MODULE_INIT() {
  napi_value function;
  napi_create_function(env, "attach", NAPI_AUTO_LENGTH, attach, NULL, &function);
  napi_set_named_property(env, exports, "attach", function);
  return exports;
}
`;
}
