// Every optimizer on a linear regression, which is a quadratic: its trajectory against the published
// formulas, written out here in float64 for each element.
import assert from "node:assert/strict";
import { test } from "node:test";
import { UserError } from "../base/errors.ts";
import * as math from "../base/math.ts";
import { buildGraph } from "../graph/build.ts";
import { interpretGraph } from "../graph/interpret-graph.ts";
import { dense } from "../graph/operators/dense.ts";
import { meanSquaredError } from "./mean-squared-error.ts";
import {
  addOptimizer,
  gradientPoints,
  OPTIMIZERS,
  type Optimizer,
  resolveOptimizer,
  scheduleOf,
} from "./optimizers.ts";

const STEPS = 25;
const X = [
  [1, 0.5],
  [-0.75, 2],
  [0.25, -1.5],
];
const Y = [
  [2, -1],
  [0.5, 3],
  [-2, 0.25],
];
// Two weights for each of two outputs, then the two biases: w[0][0], w[0][1], w[1][0], w[1][1], b.
const START = [0.5, -0.25, 1, 0.125, 0, 0.5];
const WEIGHTS = 4;

/** The gradient of the loss: the sum over rows of half the squared length of the error. */
function gradient(p: readonly number[]): number[] {
  const g = START.map(() => 0);
  X.forEach((x, row) => {
    for (let o = 0; o < 2; o++) {
      const error = x[0]! * p[o]! + x[1]! * p[2 + o]! + p[WEIGHTS + o]! - Y[row]![o]!;
      g[o]! += error * x[0]!;
      g[2 + o]! += error * x[1]!;
      g[WEIGHTS + o]! += error;
    }
  });
  return g;
}

/** The parameters after each step, by the graph in float64. */
function trajectory(
  optimizer: Optimizer,
  learningRate: number,
  {
    clipNorm,
    weightDecay = 0,
    factor = () => 1,
  }: { clipNorm?: number; weightDecay?: number; factor?: (step: number) => number } = {},
): number[][] {
  const b = buildGraph();
  const x = b.constant("x", "float32", [3, 2], Float32Array.from(X.flat()));
  const y = b.constant("y", "float32", [3, 2], Float32Array.from(Y.flat()));
  const rows = b.constant("rows", "float32", [3], new Float32Array(3).fill(1));
  const parameters = [
    b.state("w", "float32", [2, 2], Float32Array.from(START.slice(0, WEIGHTS))),
    b.state("b", "float32", [2], Float32Array.from(START.slice(WEIGHTS))),
  ];
  const points = gradientPoints(b, parameters, optimizer);
  const loss = b.one(meanSquaredError, [b.one(dense, [x, ...points]), y, rows]);
  addOptimizer(b, loss, parameters, optimizer, {
    points,
    weightDecay,
    ...(clipNorm === undefined ? {} : { clipNorm }),
  });
  const graph = b.finish([]);
  const next = scheduleOf(optimizer, learningRate);
  const contents = new Map<string, ArrayLike<number>>();
  return Array.from({ length: STEPS }, (_, step) => {
    contents.set("schedule", next(factor(step)));
    const results = interpretGraph(graph, contents, { precision: "float64" });
    for (const tensor of graph.tensors.values())
      if (tensor.kind === "state") contents.set(tensor.name, results.get(tensor.name)!);
    return parameters.flatMap((p) => [...results.get(p)!]);
  });
}

/** An optimizer of single elements: `step` changes `at` and the states. */
type Element = { p: number; g: number; i: number; s: number[] };
function byElement(
  states: (p: number) => number[],
  step: (at: Element, t: number) => void,
  clip: (g: number[]) => number[] = (g) => g,
): number[][] {
  const p = [...START];
  const held = p.map(states);
  return Array.from({ length: STEPS }, (_, n) => {
    clip(gradient(p)).forEach((g, i) => {
      const at = { p: p[i]!, g, i, s: held[i]! };
      step(at, n + 1);
      p[i] = at.p;
    });
    return [...p];
  });
}

function agree(actual: number[][], expected: number[][]): void {
  assert.equal(actual.length, expected.length);
  actual.forEach((values, step) => {
    values.forEach((value, i) => {
      const error = Math.abs(value - expected[step]![i]!);
      const bound = 1e-6 * Math.max(1, Math.abs(expected[step]![i]!));
      assert.ok(error <= bound, `step ${step}, element ${i}: ${value}, not ${expected[step]![i]}`);
    });
  });
  const moved = actual.at(-1)!.every((value, i) => Math.abs(value - START[i]!) > 1e-5);
  assert.ok(moved, "every element moves");
}

const [B1, B2, EPS] = [0.9, 0.999, 1e-8];
const zeros = (n: number) => () => new Array<number>(n).fill(0);
/** Weights decay, biases do not. */
const decay = (i: number, rate: number): number => (i < WEIGHTS ? rate : 0);

/** The first two states as Adam's moments, corrected. */
function moments({ s, g }: Element, t: number): [m: number, v: number] {
  s[0] = B1 * s[0]! + (1 - B1) * g;
  s[1] = B2 * s[1]! + (1 - B2) * g * g;
  return [s[0] / (1 - math.pow(B1, t)), s[1] / (1 - math.pow(B2, t))];
}

const REFERENCES: {
  readonly [name: string]: { optimizer: Optimizer; rate: number; expected: () => number[][] };
} = {
  "gradient descent": {
    optimizer: { name: "sgd" },
    rate: 0.05,
    expected: () =>
      byElement(zeros(0), (at) => {
        at.p -= 0.05 * at.g;
      }),
  },
  "gradient descent by name (Cauchy 1847)": {
    optimizer: { name: "gradientDescent" },
    rate: 0.05,
    expected: () =>
      byElement(zeros(0), (at) => {
        at.p -= 0.05 * at.g;
      }),
  },
  "momentum (Polyak 1964, PyTorch's form)": {
    optimizer: { name: "sgd", momentum: 0.9 },
    rate: 0.01,
    expected: () =>
      byElement(zeros(1), (at) => {
        at.s[0] = 0.9 * at.s[0]! + at.g;
        at.p -= 0.01 * at.s[0];
      }),
  },
  // In their variables: v' = mu v - rate grad(theta + mu v), theta' = theta + v'. What the graph holds
  // is the point theta + mu v.
  "Nesterov's momentum (Sutskever et al. 2013, equations 3 and 4)": {
    optimizer: { name: "sgd", momentum: 0.9, nesterov: true },
    rate: 0.01,
    expected: () => {
      const theta = [...START];
      const v = START.map(() => 0);
      return Array.from({ length: STEPS }, () => {
        const g = gradient(theta.map((value, i) => value + 0.9 * v[i]!));
        return theta.map((_, i) => {
          v[i] = 0.9 * v[i]! - 0.01 * g[i]!;
          theta[i]! += v[i]!;
          return theta[i]! + 0.9 * v[i]!;
        });
      });
    },
  },
  "RMSprop (Tieleman and Hinton 2012)": {
    optimizer: { name: "rmsprop" },
    rate: 0.02,
    expected: () =>
      byElement(zeros(1), (at) => {
        at.s[0] = 0.9 * at.s[0]! + (1 - 0.9) * at.g * at.g;
        at.p -= (0.02 * at.g) / (Math.sqrt(at.s[0]) + EPS);
      }),
  },
  "AdaGrad (Duchi et al. 2011)": {
    optimizer: { name: "adagrad" },
    rate: 0.2,
    expected: () =>
      byElement(zeros(1), (at) => {
        at.s[0]! += at.g * at.g;
        at.p -= (0.2 * at.g) / (Math.sqrt(at.s[0]!) + 1e-10);
      }),
  },
  "Adam (Kingma and Ba 2015, algorithm 1)": {
    optimizer: { name: "adam" },
    rate: 0.05,
    expected: () =>
      byElement(zeros(2), (at, t) => {
        const [m, v] = moments(at, t);
        at.p -= (0.05 * m) / (Math.sqrt(v) + EPS);
      }),
  },
  "AdamW (Loshchilov and Hutter 2019, algorithm 2)": {
    optimizer: { name: "adamW", weightDecay: 0.1 },
    rate: 0.05,
    expected: () =>
      byElement(zeros(2), (at, t) => {
        const [m, v] = moments(at, t);
        at.p -= 0.05 * (m / (Math.sqrt(v) + EPS) + decay(at.i, 0.1) * at.p);
      }),
  },
  "NAdam (Dozat 2016, algorithm 2)": {
    optimizer: { name: "nadam" },
    rate: 0.05,
    expected: () => {
      const mu = (t: number): number => B1 * (1 - 0.5 * math.pow(0.96, t * 0.004));
      const product = (t: number): number => (t === 0 ? 1 : mu(t) * product(t - 1));
      return byElement(zeros(2), (at, t) => {
        const [, v] = moments(at, t);
        const m =
          (mu(t + 1) * at.s[0]!) / (1 - product(t + 1)) + ((1 - mu(t)) * at.g) / (1 - product(t));
        at.p -= (0.05 * m) / (Math.sqrt(v) + EPS);
      });
    },
  },
  "Lion (Chen et al. 2023, program 1)": {
    optimizer: { name: "lion", weightDecay: 0.1 },
    rate: 0.01,
    expected: () =>
      byElement(zeros(1), (at) => {
        const update = Math.sign(0.9 * at.s[0]! + (1 - 0.9) * at.g);
        at.p -= 0.01 * (update + decay(at.i, 0.1) * at.p);
        at.s[0] = 0.99 * at.s[0]! + (1 - 0.99) * at.g;
      }),
  },
  "Schedule-Free AdamW (Defazio et al. 2024, algorithm 1)": {
    optimizer: { name: "scheduleFree", weightDecay: 0.1 },
    rate: 0.5,
    expected: () => {
      const [x, z] = [[...START], [...START]];
      const v = START.map(() => 0);
      let squares = 0;
      return Array.from({ length: STEPS }, (_, n) => {
        const rate = 0.5 * Math.sqrt(1 - math.pow(B2, n + 1));
        squares += rate * rate;
        const c = (rate * rate) / squares;
        const y = x.map((value, i) => (1 - B1) * z[i]! + B1 * value);
        gradient(y).forEach((g, i) => {
          v[i] = B2 * v[i]! + (1 - B2) * g * g;
          z[i]! -= rate * (g / (Math.sqrt(v[i]!) + EPS) + decay(i, 0.1) * y[i]!);
          x[i] = (1 - c) * x[i]! + c * z[i]!;
        });
        return [...x];
      });
    },
  },
  "Prodigy (Mishchenko and Defazio 2024, algorithm 4)": {
    optimizer: { name: "prodigy", weightDecay: 0.1, d0: 0.001 },
    rate: 1,
    expected: () => {
      const p = [...START];
      const [m, v, s] = [START.map(() => 0), START.map(() => 0), START.map(() => 0)];
      const [d0, b3] = [0.001, Math.sqrt(B2)];
      let d = d0;
      let r = 0;
      return Array.from({ length: STEPS }, () => {
        const rate = d;
        r *= b3;
        let norm = 0;
        gradient(p).forEach((g, i) => {
          r += (d / d0) * rate * g * (START[i]! - p[i]!);
          m[i] = B1 * m[i]! + (1 - B1) * d * g;
          v[i] = B2 * v[i]! + (1 - B2) * d * d * g * g;
          s[i] = b3 * s[i]! + (d / d0) * rate * g;
          norm += Math.abs(s[i]!);
        });
        d = Math.max(d, r / norm);
        p.forEach((value, i) => {
          p[i]! -= rate * (m[i]! / (Math.sqrt(v[i]!) + d * EPS) + decay(i, 0.1) * value);
        });
        return [...p];
      });
    },
  },
};

for (const [name, { optimizer, rate, expected }] of Object.entries(REFERENCES))
  test(`${name}: the trajectory is that of the formulas`, () => {
    agree(trajectory(optimizer, rate), expected());
  });

test("every optimizer has a reference", () => {
  const tested = new Set(Object.values(REFERENCES).map(({ optimizer }) => optimizer.name));
  assert.deepEqual([...tested].sort(), [...OPTIMIZERS.keys()].sort());
});

test("Prodigy's estimate grows from a start that is far too small", () => {
  const path = trajectory({ name: "prodigy" }, 1);
  const distance = Math.abs(path.at(-1)![0]! - START[0]!);
  assert.ok(distance > 1e-3, `after ${STEPS} steps of first 1e-6: ${distance}`);
});

test("clipping bounds the norm of all gradients together (Pascanu et al. 2013, algorithm 1)", () => {
  const clip = (g: number[]): number[] => {
    const norm = Math.sqrt(g.reduce((s, value) => s + value * value, 0));
    return norm > 2 ? g.map((value) => (value * 2) / norm) : g;
  };
  const norms = new Set<boolean>();
  const expected = byElement(
    zeros(0),
    (at) => {
      at.p -= 0.05 * at.g;
    },
    (g) => {
      const clipped = clip(g);
      norms.add(clipped === g);
      return clipped;
    },
  );
  assert.equal(norms.size, 2, "some steps are clipped, some are not");
  agree(trajectory({ name: "sgd" }, 0.05, { clipNorm: 2 }), expected);
});

test("weight decay of any optimizer is the gradient of half the squared weights", () => {
  const expected = byElement(
    zeros(1),
    (at) => {
      at.s[0] = 0.9 * at.s[0]! + at.g + decay(at.i, 0.3) * at.p;
      at.p -= 0.01 * at.s[0]!;
    },
    (g) => g,
  );
  agree(trajectory({ name: "sgd", momentum: 0.9 }, 0.01, { weightDecay: 0.3 }), expected);
});

test("the factor of a schedule scales each optimizer's step", () => {
  for (const name of OPTIMIZERS.keys()) {
    // The first step of each is in proportion to the rate.
    const [full] = trajectory({ name }, 0.01);
    const [half] = trajectory({ name }, 0.01, { factor: () => 0.5 });
    full!.forEach((value, i) => {
      const [a, b] = [value - START[i]!, half![i]! - START[i]!];
      assert.ok(a !== 0 && Math.abs(b / a - 0.5) < 1e-6, `${name}: ${a} and ${b}`);
    });
  }
});

test("unknown optimizers, settings and values are refused", () => {
  const refused = (optimizer: Optimizer, message: RegExp) =>
    assert.throws(
      () => resolveOptimizer(optimizer),
      (error) =>
        error instanceof UserError &&
        error.code === "training-options" &&
        message.test(error.message),
    );
  refused({ name: "adamx" }, /optimizer must be one of adagrad, .*, got adamx/);
  refused({ name: "constructor" }, /got constructor/);
  refused({ name: "adam", beta3: 1 }, /got beta3/);
  refused({ name: "adam", toString: 1 } as never, /got toString/);
  refused({ name: "adam", beta1: 1 }, /beta1 must be a number from 0 to below 1, got 1/);
  refused({ name: "adam", epsilon: Number.NaN }, /epsilon must be a finite number/);
  refused({ name: "sgd", nesterov: 1 }, /nesterov must be true or false, got 1/);
  assert.deepEqual(resolveOptimizer({ name: "sgd", momentum: 0.5 }).settings, {
    momentum: 0.5,
    nesterov: false,
  });
});
