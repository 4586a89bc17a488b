/**
 * The table of operators on the other back ends, and on more seeds: two threads give the bits of
 * one, native code the values within 1e-5.
 */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { wasmInstance } from "../../src/engine/instance.ts";
import { nativeInstance } from "../../src/engine/native.ts";
import { threadPool } from "../../src/engine/threads.ts";
import { startThreads } from "../../src/host/threads.ts";
import { compilerFor, NATIVE } from "../native/compiler.ts";
import { CASES } from "./cases.ts";
import { checkGradients } from "./gradient-check.ts";
import { buildCase } from "./place.ts";
import {
  compileCases,
  firstDifference,
  largestDistance,
  reference,
  runCases,
} from "./run-cases.ts";

test("more seeds: WebAssembly gives the bits of the interpreter", () => {
  for (let seed = 10; seed < 20; seed++) {
    const cases = compileCases(CASES, seed, 3 + (seed % 7));
    runCases(cases, wasmInstance).forEach((values, i) => {
      const difference = firstDifference(values, reference(cases.cases[i]!));
      assert.equal(difference, undefined, `${CASES[i]!.name}, seed ${seed}`);
    });
  }
});

test("two threads give the bits of the interpreter", () => {
  // Without a threshold every kernel is divided that can be.
  const pool = threadPool(startThreads(1), { worthNs: 0 });
  after(() => pool.release());
  for (const seed of [3, 4, 5]) {
    const cases = compileCases(CASES, seed, 7);
    runCases(cases, pool.instance).forEach((values, i) => {
      const difference = firstDifference(values, reference(cases.cases[i]!));
      assert.equal(difference, undefined, `${CASES[i]!.name}, seed ${seed}`);
    });
  }
});

test("native code gives the values of the interpreter within 1e-5", NATIVE, () => {
  for (const seed of [6, 7]) {
    const cases = compileCases(CASES, seed, 7);
    runCases(cases, (program) => nativeInstance(program, compilerFor())).forEach((values, i) => {
      const { worst, where } = largestDistance(values, reference(cases.cases[i]!));
      assert.ok(worst <= 1e-5, `${CASES[i]!.name}, seed ${seed}: ${worst} in ${where}`);
    });
  }
});

test("more seeds: gradients are those of finite differences", () => {
  for (const one of CASES.filter(({ gradient }) => gradient !== false))
    for (let seed = 10; seed < 15; seed++) {
      const { worst, where } = checkGradients(buildCase(one, seed, 3));
      assert.ok(worst < 1e-4, `${one.name}, seed ${seed}: ${worst} at ${where}`);
    }
});
