/**
 * The claim of the project on real recordings: every test window of a run gives the same bits in
 * WASM, in C under every compiler of this machine, and on Cortex-M4F and M0+.
 */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, test } from "node:test";
import type { PackedFile } from "../../src/deploy/c99.ts";
import type { Host } from "../../src/engine/host.ts";
import { interpretInstance } from "../../src/engine/instance.ts";
import { readSource } from "../../src/host/read-source.ts";
import type { Pipeline } from "../../src/pipeline/assemble.ts";
import { evaluatePipeline } from "../../src/pipeline/evaluate.ts";
import { runPipeline } from "../../src/pipeline/run.ts";
import { readFiles } from "../../src/samples/formats/read-files.ts";
import { requirement, SHARED } from "../requirements.ts";
import { COMPILERS, HOST, runProgram, withDirectory } from "./c-compiler.ts";
import { CORES, runInQemu } from "./qemu.ts";

/** What the parity step of a run compiled, fed and got, for one form of the network. */
type Recording = { files: PackedFile[]; input: Uint8Array; output: Uint8Array };

/** What ships, and the network before quantisation. */
const FORMS = ["int8", "float32"] as const;
type Recordings = { readonly [form in (typeof FORMS)[number]]: Recording & { pipeline: Pipeline } };

const needs = requirement("cc", "shared");
const recordings = needs.skip === false ? await recordRun() : undefined;

/** Runs the gestures and keeps what passes through the host. */
async function recordRun(): Promise<Recordings> {
  const directory = await HOST.makeTempDirectory();
  after(() => HOST.remove(directory));
  const written = new Map<string, Uint8Array>();
  const found = new Map<string, Recording>();
  const host: Host = {
    ...HOST,
    writeFile: (path, bytes) => {
      written.set(path, bytes);
      return HOST.writeFile(path, bytes);
    },
    run: async (request) => {
      const result = await HOST.run(request);
      if (!request.command.endsWith("/parity")) return result;
      const prefix = `${request.directory}/`;
      const files = [...written]
        .filter(([path]) => path.startsWith(prefix))
        .map(([path, bytes]) => ({
          path: path.slice(prefix.length),
          text: new TextDecoder().decode(bytes),
        }));
      const form = files.some(({ text }) => text.includes("result->quantized"))
        ? "int8"
        : "float32";
      found.set(form, { files, input: request.input!, output: new Uint8Array(result.stdout) });
      return result;
    },
  };
  const samples = await readFiles(await readSource(join(SHARED, "data/ei-gestures")));
  const { report, pipelines } = await runPipeline(
    { name: "gestures", samples: samples.samples },
    { source: "gestures", outputDirectory: join(directory, "out"), host },
  );
  const { compiler: _, windows, ...differences } = report.parity!;
  assert.ok(windows > 100);
  assert.deepEqual(Object.values(differences), [0, 0, 0, 0]);
  assert.equal(report.computed.ramBytes, report.device.ramBytes);
  assert.equal(report.computed.constantBytes, report.device.constantBytes);
  const code = report.device.codeBytes;
  assert.ok(Math.abs(report.computed.codeBytes - code) <= 0.03 * code + 256);
  const { int8, float32 } = pipelines;
  return {
    int8: { ...found.get("int8")!, pipeline: int8! },
    float32: { ...found.get("float32")!, pipeline: float32 },
  };
}

for (const form of FORMS)
  test(`every test window of the gestures: ${form}, interpreter and WASM`, needs, async () => {
    const { pipeline, input } = recordings![form];
    const windows = new Float32Array(input.slice().buffer);
    const { count, ...expected } = await evaluatePipeline(pipeline, windows);
    const { count: _, ...got } = await evaluatePipeline(pipeline, windows, {
      engine: interpretInstance,
    });
    assert.ok(count > 100);
    for (const [name, values] of Object.entries(expected)) {
      const other = got[name as keyof typeof got];
      const bytes = (a: ArrayBufferView) => Buffer.from(a.buffer, a.byteOffset, a.byteLength);
      assert.equal(Buffer.compare(bytes(values), bytes(other)), 0, name);
    }
  });

for (const form of FORMS)
  for (const { name, command } of COMPILERS)
    test(`every test window of the gestures: ${form}, ${name}`, needs, () => {
      const { files, input, output } = recordings![form];
      withDirectory((cwd) => {
        const got = compileHosted(cwd, command, files, input);
        assert.ok(output.length > 0 && Buffer.compare(got, output) === 0);
      });
    });

function compileHosted(
  cwd: string,
  command: readonly string[],
  files: readonly PackedFile[],
  input: Uint8Array,
): Uint8Array {
  for (const { path, text } of files) writeFileSync(join(cwd, path), text);
  const sources = files.filter(({ path }) => path.endsWith(".c")).map(({ path }) => path);
  // Only what ships has to be free of warnings.
  runProgram([...command, "-Wno-conversion", "-o", "program", ...sources], { cwd });
  return runProgram([join(cwd, "program")], { input });
}

for (const form of FORMS)
  for (const core of CORES)
    for (const options of ["-std=c99 -O2", "-std=gnu11 -O3"])
      test(
        `every test window of the gestures: ${form}, ${core.name} ${options}`,
        requirement("cc", "shared", "arm", "qemu"),
        () => {
          const { files, input, output } = recordings![form];
          const own = files.filter(({ path }) => path !== "harness_stdio.c");
          const got = runInQemu(core, options, own, input);
          assert.ok(output.length > 0 && Buffer.compare(got, output) === 0);
        },
      );
