/**
 * Every float32 through exp, log, log10, sin and cos as generated C, against the float64 functions
 * of the system's C library: the largest error within each domain, special values, and a digest of
 * all results (outside the domains too), which must be equal for every C compiler and for
 * WebAssembly, one value at a time and in vector lanes.
 *
 *   npm run soak -- routines [STEP]     STEP 1 takes half an hour; 97 tries each 97th pattern
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { emitC } from "../../src/compiler/emit/c/emit-c.ts";
import type { Place, Program } from "../../src/compiler/program.ts";
import { scheduleKernel } from "../../src/compiler/schedule.ts";
import { wasmInstance } from "../../src/engine/instance.ts";
import { buildKernel, call } from "../../src/ir/build.ts";
import type { Routine } from "../../src/ir/kernel.ts";
import { cos } from "../../src/ir/routines/cos.ts";
import { exp } from "../../src/ir/routines/exp.ts";
import { log } from "../../src/ir/routines/log.ts";
import { log10 } from "../../src/ir/routines/log10.ts";
import { sin } from "../../src/ir/routines/sin.ts";
import { COMPILERS, type Compiler, runProgram, withDirectory } from "../device/c-compiler.ts";
import { programOfKernels } from "../device/kernel-program.ts";

const ROUTINES: readonly Routine[] = [exp, log, log10, sin, cos];
const BLOCK = 65536;
const MAX_ULP = 1;

/** Runs `routine` over a block of the arena. */
const kernelOf = (routine: Routine) =>
  buildKernel(`map_${routine.name}`, (k) => {
    const x = k.input("float32", BLOCK);
    const y = k.output("float32", BLOCK);
    k.parallel(BLOCK, (i) => y.store(i, call(routine, x.load(i))));
  });

/** The digest of the C program below, computed on WebAssembly. */
function wasmDigest(program: Program, step: number): string {
  const instance = wasmInstance(program);
  const { name, calls } = program.entries[0]!;
  const viewBits = (place: Place) => {
    const { buffer, byteOffset } = instance.view({
      ...place,
      name: "bits",
      dtype: "int32",
      shape: [BLOCK],
    });
    return new Uint32Array(buffer, byteOffset, BLOCK);
  };
  const [x, y] = calls[0]!.places.map(viewBits);
  let digest = 0x811c9dc5;
  for (let pattern = 0; pattern <= 0xffffffff; ) {
    let length = 0;
    for (; length < BLOCK && pattern <= 0xffffffff; length++, pattern += step) x![length] = pattern;
    instance.run(name);
    for (let i = 0; i < length; i++) {
      const bits = y![i]!;
      const notANumber = (bits & 0x7fffffff) > 0x7f800000;
      digest = Math.imul(digest ^ (notANumber ? 0x7fc00000 : bits), 0x01000193);
    }
  }
  return (digest >>> 0).toString(16).padStart(8, "0");
}

function sweepSource(routine: Routine, program: Program): string {
  const source = emitC(program, { prefix: "sweep" });
  const [x, y] = program.entries[0]!.calls[0]!.places.map((place) =>
    source.pointer(place, "float32"),
  );
  const angle = routine === sin || routine === cos;
  return `${source.guards}
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
${source.functions}
${source.arena}
static float float_of(uint32_t pattern) {
  float value;
  memcpy(&value, &pattern, sizeof value);
  return value;
}

static uint32_t pattern_of(float value) {
  uint32_t pattern;
  memcpy(&pattern, &value, sizeof pattern);
  return pattern;
}

/* Infinity counts as 2^128; 1e30 stands for a wrong special value or sign of zero. */
static double error_in_ulp(float got, double exact) {
  double size = fabs(exact);
  double result = (double)got;
  int exponent = -125;
  if (isnan(exact) || isnan(got)) return isnan(exact) && isnan(got) ? 0.0 : 1e30;
  if (exact == 0.0) return pattern_of(got) == pattern_of((float)exact) ? 0.0 : 1e30;
  if (isinf(exact)) return result == exact ? 0.0 : 1e30;
  if (isinf(got)) {
    if (size >= 0x1p128) return (got > 0.0f) == (exact > 0.0) ? 0.0 : 1e30;
    result = got > 0.0f ? 0x1p128 : -0x1p128;
  }
  if (size >= 0x1p-126) (void)frexp(size, &exponent);
  if (exponent > 128) exponent = 128;
  return fabs(result - exact) / ldexp(1.0, exponent - 24);
}

int main(int count, char **arguments) {
  float *x = ${x};
  float *y = ${y};
  uint64_t step = count > 1 ? strtoull(arguments[1], NULL, 10) : 1;
  int measure = count > 2;
  uint64_t pattern = 0;
  uint32_t digest = 2166136261u;
  double worst = -1.0;
  uint32_t worst_at = 0;
  while (pattern <= UINT32_MAX) {
    int length = 0;
    for (; length < ${BLOCK} && pattern <= UINT32_MAX; length++, pattern += step)
      x[length] = float_of((uint32_t)pattern);
${source.entries[0]!.statements}
    for (int i = 0; i < length; i++) {
      uint32_t bits = isnan(y[i]) ? 0x7fc00000u : pattern_of(y[i]);
      digest = (digest ^ bits) * 16777619u;
    }
    if (!measure) continue;
    for (int i = 0; i < length; i++) {
      double error;
      if (${angle ? "fabsf(x[i]) > 8192.0f && !isinf(x[i])" : "0"}) continue;
      error = error_in_ulp(y[i], ${routine.name}((double)x[i]));
      if (error > worst) {
        worst = error;
        worst_at = pattern_of(x[i]);
      }
    }
  }
  printf("{\\"digest\\": \\"%08x\\", \\"maxUlp\\": %.6f, \\"at\\": %.9g}\\n", (unsigned)digest, worst,
         isfinite(float_of(worst_at)) ? (double)float_of(worst_at) : 0.0);
  return 0;
}
`;
}

type Sweep = { readonly digest: string; readonly maxUlp: number; readonly at: number };

/** Compiles and runs the C program; without `measure` it only computes the digest. */
function sweepC(routine: Routine, program: Program, compiler: Compiler, measure: boolean): Sweep {
  return withDirectory((cwd) => {
    writeFileSync(join(cwd, "sweep.c"), sweepSource(routine, program));
    runProgram([...compiler.command, "sweep.c", "-o", "sweep", "-lm"], { cwd });
    const output = runProgram([join(cwd, "sweep"), String(step), ...(measure ? ["measure"] : [])]);
    return JSON.parse(new TextDecoder().decode(output));
  });
}

const step = Number(process.argv[2] ?? 1);
if (!Number.isInteger(step) || step < 1) {
  console.error(`soak: STEP must be a whole number of at least 1, got "${process.argv[2]}"`);
  process.exit(1);
}
if (COMPILERS.length === 0) {
  console.error("soak: needs gcc or clang on PATH");
  process.exit(1);
}

const [first, ...others] = COMPILERS;
let failed = false;
const sweeps = ROUTINES.map((routine) => {
  const kernel = kernelOf(routine);
  const program = programOfKernels([kernel]);
  const { digest, maxUlp, at } = sweepC(routine, program, first!, true);
  const isClose = maxUlp <= MAX_ULP;
  failed ||= !isClose;
  const verdict = isClose ? "ok" : `more than ${MAX_ULP}`;
  console.log(`${routine.name}: at most ${maxUlp} ulp (at ${at}), ${verdict}`);
  return { routine, kernel, program, digest };
});
for (const { routine, kernel, program, digest } of sweeps) {
  console.log(`${routine.name}: digest ${digest}, ${first!.name}`);
  const compare = (name: string, other: string): void => {
    failed ||= other !== digest;
    console.log(`${routine.name}: ${other === digest ? "equal" : `differs, ${other}`}, ${name}`);
  };
  for (const compiler of others)
    compare(compiler.name, sweepC(routine, program, compiler, false).digest);
  compare("wasm scalar", wasmDigest(program, step));
  const schedules = [scheduleKernel(kernel)];
  compare("wasm vector", wasmDigest({ ...program, schedules }, step));
}
process.exitCode = failed ? 1 : 0;
