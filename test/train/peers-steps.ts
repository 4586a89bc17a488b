/** Ten steps of ours on WASM against what Keras and PyTorch came to (test/golden/training). */
import assert from "node:assert/strict";
import { compile } from "../../src/compiler/compile.ts";
import { wasmInstance } from "../../src/engine/instance.ts";
import { adamSchedule } from "../../src/train/adam.ts";
import { trainingGraphs } from "../../src/train/step.ts";
import { ADAM, caseOf, distance, freeBiases, goldenOf, STEPS, sketch } from "./peers-case.ts";

const LOSS_TOLERANCE = 1e-4;
/** Of the norm of the tensor. */
const WEIGHT_TOLERANCE = 1e-3;
/** Of what the tensor moved: it has to have gone their way. Rounding parts the peers by 0.05 in C. */
const MOVE_TOLERANCE = 0.2;

/** @throws AssertionError that names the peer, and the step or the tensor */
export function compareWithPeers(letter: string): void {
  const { workload, model, learningRate, x, y } = caseOf(letter);
  const { batch, outputs } = workload;
  const graphs = trainingGraphs(model, { x, y, outputs }, batch, { name: "adam", ...ADAM });
  const instance = wasmInstance(compile({ step: graphs.step }));
  const { inputs, outputs: results } = instance.program.entries[0]!;
  const input = (name: string) => instance.view(inputs.find((tensor) => tensor.name === name)!);
  const schedule = adamSchedule(learningRate, ADAM);
  const losses = Array.from({ length: STEPS }, (_, step) => {
    input("indices").set(Array.from({ length: batch }, (_, row) => step * batch + row));
    input("weights").fill(1 / batch);
    input("schedule").set(schedule());
    instance.run("step");
    return instance.view(results[0]!)[0]!;
  });
  const golden = goldenOf(letter);
  for (const [peer, theirs] of Object.entries(golden.losses))
    losses.forEach((loss, step) => {
      const difference = Math.abs(loss - theirs[step]!) / theirs[step]!;
      assert.ok(
        difference <= LOSS_TOLERANCE,
        `${peer}: loss ${step + 1} is ${loss}, theirs ${theirs[step]}`,
      );
    });
  const free = freeBiases(model);
  for (const { name, data } of model.parameters) {
    const state = instance.program.states.find((tensor) => tensor.name === name)!;
    const end = sketch(letter, name, Float32Array.from(instance.view(state)));
    const sketched = { end, start: sketch(letter, name, data) };
    for (const [peer, theirs] of Object.entries(golden.parameters[name]!)) {
      const { apart, moved, norm } = distance(sketched, theirs);
      assert.ok(apart <= WEIGHT_TOLERANCE * norm, `${peer}: ${name} is ${apart / norm} apart`);
      if (free.has(name)) continue; // its gradient is nothing but rounding
      assert.ok(
        apart <= MOVE_TOLERANCE * moved,
        `${peer}: ${name} has moved ${moved}, ${apart} apart`,
      );
    }
  }
}
