/**
 * The blocks against what independent programs compute: full vectors from `test/golden/dsp`, and
 * the printed figures of the reference blocks (first values; the elements at a quarter, a half,
 * three quarters and the end; mean; Euclidean norm).
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { type Block, blockGraph } from "./block.ts";
import { MOTION_AXES, MOTION_RATE_HZ, motion, runGraph } from "./fixtures.ts";
import { flatten } from "./flatten.ts";
import { spectral } from "./spectral.ts";

type Printed = { first: number[]; quarters: number[]; mean: number; l2: number };
type Row = {
  block: Block;
  params: { [name: string]: unknown };
  /** Versions before 4 lack the two statistics of the spectrum. */
  version?: 2;
  /** Absolute, of the deployed float32 definition. */
  tolerance: number;
  /** Where the golden file does not have the row. */
  printed?: Printed;
};

const FILE = new URL("../../test/golden/dsp/motion.json", import.meta.url);
const golden: {
  signal: { samples: number[] };
  rows: { [id: string]: { features: number[]; printed: Printed } };
} = JSON.parse(readFileSync(FILE, "utf8"));

const ROWS: { [id: string]: Row } = {
  G01: { block: flatten, params: {}, tolerance: 1e-5 },
  G03: { block: spectral, params: {}, version: 2, tolerance: 1e-5 },
  G04: {
    block: spectral,
    params: { "do-fft-overlap": false },
    version: 2,
    tolerance: 1e-5,
    printed: {
      first: [
        1.466758, 0.04310187, -1.408337, 0.6823929, -0.236983, -0.5898914, -0.6804758, -0.3489902,
        -0.6044055, -0.5865025, -0.4520545,
      ],
      quarters: [-0.6044055, -0.3672044, -0.6262271, -1.255085],
      mean: -0.3758723,
      l2: 4.6833321,
    },
  },
  G05: { block: spectral, params: {}, tolerance: 1e-5 },
  G06: {
    block: spectral,
    params: { "filter-type": "low", "filter-cutoff": 8, "fft-length": 32 },
    tolerance: 2e-3,
  },
  G07: {
    block: spectral,
    params: {
      "filter-type": "high",
      "filter-cutoff": 8,
      "filter-order": 4,
      "fft-length": 32,
    },
    tolerance: 2e-3,
    printed: {
      first: [
        0.2667848, 0.2847833, -0.03869534, 0.167585, -1.018849, -0.8043059, -0.5457482, -0.7396979,
        -0.9805089,
      ],
      quarters: [-0.3960993, 0.3569595, 3.922659, -1.047456],
      mean: 0.1784449,
      l2: 24.631126,
    },
  },
  G08: {
    block: spectral,
    params: {
      "filter-type": "low",
      "filter-cutoff": 8,
      "filter-order": 0,
      "fft-length": 32,
      "do-log": false,
    },
    tolerance: 1e-5,
  },
};

test("the synthetic signal is that of the golden file", () => {
  const samples = motion();
  assert.equal(samples.length, golden.signal.samples.length);
  samples.forEach((value, i) => {
    assert.ok(Math.abs(value - golden.signal.samples[i]!) < 1e-14, `sample ${i}`);
  });
});

/** Features of MOTION; float64 mode takes the samples unrounded where the reference does. */
function featuresOf({ block, params, version }: Row, precision: "float32" | "float64"): number[] {
  const graph = blockGraph(block, {
    params: block.parse(params),
    axes: MOTION_AXES,
    sampleRateHz: MOTION_RATE_HZ,
    rows: 125,
  });
  const input = block === flatten ? motion() : Float32Array.from(motion());
  const features = [...runGraph(graph, input, precision)];
  const width = features.length / MOTION_AXES.length;
  return version === 2 ? features.filter((_, i) => ![3, 4].includes(i % width)) : features;
}

function assertClose(got: number, expected: number, tolerance: number, what: string): void {
  const error = Math.abs(got - expected);
  assert.ok(error <= tolerance, `${what}: ${got} must be within ${tolerance} of ${expected}`);
}

/** Half a unit of the seventh digit. */
function halfDigit(printed: number): number {
  const exponent = Number(printed.toExponential().split("e")[1]);
  return Number(`5e${exponent - 7}`);
}

for (const [id, row] of Object.entries(ROWS)) {
  for (const precision of ["float64", "float32"] as const) {
    test(`${id} is met in ${precision}`, () => {
      const got = featuresOf(row, precision);
      const wide = precision === "float64";
      const full = golden.rows[id]?.features;
      if (full) {
        assert.equal(got.length, full.length);
        full.forEach((expected, i) => {
          // Flatten in float64 is held to the digits that the file gives.
          const relative = wide && row.block === flatten;
          const tolerance = relative ? 1e-9 * Math.max(1, Math.abs(expected)) : row.tolerance;
          assertClose(
            got[i]!,
            expected,
            wide ? Math.min(tolerance, 1e-5) : tolerance,
            `${id}[${i}]`,
          );
        });
      }
      const printed = row.printed ?? golden.rows[id]!.printed;
      const { first, quarters, mean, l2 } = printed;
      // Of the figures seven digits are printed: half a unit of the last one is theirs.
      const tolerance = wide ? 1e-5 : row.tolerance;
      const check = (value: number, expected: number, what: string): void =>
        assertClose(value, expected, tolerance + halfDigit(expected), `${id} ${what}`);
      const n = got.length;
      first.forEach((expected, i) => {
        check(got[i]!, expected, `first ${i}`);
      });
      [n / 4, n / 2, (3 * n) / 4, n - 1].forEach((at, i) => {
        check(got[Math.floor(at)]!, quarters[i]!, `quarter ${i}`);
      });
      check(got.reduce((sum, v) => sum + v, 0) / n, mean, "mean");
      check(Math.sqrt(got.reduce((sum, v) => sum + v * v, 0)), l2, "norm");
    });
  }
}
