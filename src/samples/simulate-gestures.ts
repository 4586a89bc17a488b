/**
 * The bundled example: a physical simulation of hand gestures as a 3-axis accelerometer sees them,
 * made from a seed, so that no recording from elsewhere is needed. Four gestures with six
 * recordings each (idle, snake, updown, wave) and one of `shake`, which is to stay unseen.
 *
 * World axes: x to the right, y forward, z up. A gesture is a path p(t) of the hand and a rotation
 * R(t) of the device in it, both periodic in a phase; speed and size change from cycle to cycle and
 * sometimes the hand hesitates. What the sensor measures is proper acceleration in its own axes,
 *
 *   f = Rᵀ (p'' - g),   g = (0, 0, -9.80665) m/s²,
 *
 * plus physiological tremor (8 to 12 Hz), rumble of the table where the hand slides on it, and
 * sensor noise; averaged over the sampling interval and quantized to 16 bits over ±4 g.
 */

import { cos, sin, TAU } from "../base/math.ts";
import { makeRng, type Rng } from "../base/rng.ts";
import type { Sample } from "./sample.ts";

/** What the bundled example is called, what a recipe names as its source, and its seed. */
export const EXAMPLE_NAME = "example-gestures";
export const EXAMPLE_SOURCE = "example:gestures";
export const EXAMPLE_SEED = 1;

const INTERVAL_MS = 16;
const ROWS = 625;
const RECORDINGS = 6;

/** Physical time steps per row; the sensor averages over them. */
const SUBSTEPS = 4;
const STEP = INTERVAL_MS / 1000 / SUBSTEPS;

const GRAVITY = 9.80665;
const RANGE = 4 * GRAVITY;
const QUANTUM = RANGE / 32768;

/** White noise of the sensor, standard deviation per row in m/s². */
const NOISE = 0.04;

/** Time constant in seconds with which the hand follows a new speed or size. */
const FOLLOW = 0.12;

const DEGREE = TAU / 360;

type Vector = readonly [x: number, y: number, z: number];

type Range = readonly [low: number, high: number];

type Gesture = {
  /** Cycles per second. */
  readonly frequencyHz: Range;
  /** Size of the movement in meters. */
  readonly size: Range;
  /** Amplitude of the tremor in m/s². */
  readonly tremor: Range;
  /** Amplitude of the rumble of the table in m/s². */
  readonly rumble: number;
  /** Path of the hand over the phase, in units of `size`; `skew` is a random habit in [-1, 1]. */
  readonly path: (phase: number, skew: number) => Vector;
  /** Pitch (about x), roll (about y) and yaw (about z) over the phase, in degrees at full size. */
  readonly rotation: (phase: number, skew: number) => Vector;
};

const GESTURES: { readonly [label: string]: Gesture } = {
  // The hand rests, on the table or in the air.
  idle: {
    frequencyHz: [0.1, 0.3],
    size: [0, 0.004],
    tremor: [0.01, 0.25],
    rumble: 0,
    path: (phase, skew) => [sin(phase), skew * cos(phase), 0.5 * sin(2 * phase)],
    rotation: (phase) => [2 * sin(phase), 2 * cos(phase), 0],
  },
  // The hand slides over the table: side to side while it goes forward and back, nose along the path.
  snake: {
    frequencyHz: [0.9, 1.7],
    size: [0.03, 0.07],
    tremor: [0.02, 0.12],
    rumble: 0.5,
    path: (phase, skew) => [sin(phase), (3.5 + skew) * sin(phase / 5), 0],
    rotation: (phase) => [0, 0, 25 * cos(phase)],
  },
  // The hand goes up and down, not quite upright, and nods.
  updown: {
    frequencyHz: [0.8, 1.7],
    size: [0.06, 0.16],
    tremor: [0.05, 0.3],
    rumble: 0,
    path: (phase, skew) => [0.15 * skew * sin(phase), 0.12 * cos(phase), sin(phase)],
    rotation: (phase, skew) => [8 * sin(phase), 4 * skew * cos(phase), 0],
  },
  // The forearm swings about the elbow: the hand moves on an arc, higher in the middle, and rolls.
  wave: {
    frequencyHz: [0.8, 1.6],
    size: [0.07, 0.17],
    tremor: [0.05, 0.3],
    rumble: 0,
    path: (phase, skew) => [sin(phase), 0.15 * skew * sin(phase), 0.15 * cos(2 * phase)],
    rotation: (phase, skew) => [5 * skew * cos(phase), 28 * sin(phase), 0],
  },
  // Fast and oblique: never trained on.
  shake: {
    frequencyHz: [4, 4.8],
    size: [0.024, 0.03],
    tremor: [0.2, 0.5],
    rumble: 0,
    path: (phase, skew) => [sin(phase), 0.8 * sin(phase + 0.6 * skew), 0.8 * cos(phase + skew)],
    rotation: (phase) => [10 * sin(phase), 10 * cos(phase), 0],
  },
};

/**
 * Simulates the example data set: 25 recordings of 10 s at 62.5 Hz, axes accX, accY, accZ in m/s²,
 * with labels and without a given split.
 * @param seed same seed, same samples to the bit
 */
export function simulateGestures(seed: number): Sample[] {
  const rng = makeRng(seed).fork("gestures");
  return Object.keys(GESTURES).flatMap((label) => {
    const recordings = label === "shake" ? 1 : RECORDINGS;
    return Array.from({ length: recordings }, (_, i) => {
      const name = `${label}.${i}`;
      return {
        name,
        label,
        category: undefined,
        axes: ["accX", "accY", "accZ"].map((axis) => ({ name: axis, units: "m/s2" })),
        intervalMs: INTERVAL_MS,
        values: record(GESTURES[label]!, rng.fork(name)),
        signatureValidates: null,
        metadata: { origin: "simulation" },
      };
    });
  });
}

/** One recording, interleaved, shape [ROWS, 3]. */
function record(gesture: Gesture, rng: Rng): Float32Array {
  const hand = makeHand(gesture, rng);
  const tremor = makeTremor(gesture, rng);
  const values = new Float32Array(ROWS * 3);
  let before = hand();
  let now = hand();
  for (let row = 0; row < ROWS; row++) {
    const sum = [0, 0, 0];
    for (let step = 0; step < SUBSTEPS; step++) {
      const after = hand();
      const force = accelerationOf(before.position, now.position, after.position);
      force[2] += GRAVITY;
      const seen = intoDevice(force, now.rotation);
      const shiver = tremor();
      for (let axis = 0; axis < 3; axis++) sum[axis]! += seen[axis]! + shiver[axis]!;
      before = now;
      now = after;
    }
    for (let axis = 0; axis < 3; axis++) {
      const measured = sum[axis]! / SUBSTEPS + NOISE * rng.normal();
      values[3 * row + axis] = quantize(measured);
    }
  }
  return values;
}

type Pose = { readonly position: Vector; readonly rotation: Vector };

/** The moving hand: each call gives its pose one time step later. */
function makeHand(gesture: Gesture, rng: Rng): () => Pose {
  const frequencyHz = rng.uniform(...gesture.frequencyHz);
  const size = rng.uniform(...gesture.size);
  const skew = rng.uniform(-1, 1);
  // How the device lies in the hand: no two people hold it alike.
  const hold: Vector = [6 * rng.normal(), 6 * rng.normal(), 10 * rng.normal()];
  const drift: Vector = [0.01 * rng.normal(), 0.01 * rng.normal(), 0.005 * rng.normal()];
  const speed = makeFollower(frequencyHz);
  const extent = makeFollower(size);
  let phase = rng.uniform(0, TAU);
  let cycle = 0;
  let speedGoal = frequencyHz;
  let extentGoal = size;
  let seconds = 0;
  return () => {
    if (phase >= cycle) {
      cycle = phase + TAU;
      const hesitates = rng.float() < 0.06;
      speedGoal = frequencyHz * (1 + 0.08 * rng.normal());
      extentGoal = size * (hesitates ? 0.3 : 1 + 0.12 * rng.normal());
    }
    phase += TAU * STEP * speed(speedGoal);
    seconds += STEP;
    const reach = extent(extentGoal);
    const [x, y, z] = gesture.path(phase, skew);
    const [pitch, roll, yaw] = gesture.rotation(phase, skew);
    const share = size > 0 ? reach / size : 0;
    return {
      position: [
        reach * x + drift[0] * sin(0.7 * seconds),
        reach * y + drift[1] * sin(0.9 * seconds),
        reach * z + drift[2] * sin(0.5 * seconds),
      ],
      rotation: [
        DEGREE * (hold[0] + share * pitch),
        DEGREE * (hold[1] + share * roll),
        DEGREE * (hold[2] + share * yaw),
      ],
    };
  };
}

/** Follows a goal through two equal lags, so that even its acceleration has no jumps. */
function makeFollower(start: number): (goal: number) => number {
  const gain = STEP / FOLLOW;
  let first = start;
  let second = start;
  return (goal) => {
    first += gain * (goal - first);
    second += gain * (first - second);
    return second;
  };
}

/** Tremor and rumble in m/s² on the device's axes: each call is one time step. */
function makeTremor(gesture: Gesture, rng: Rng): () => Vector {
  const amplitude = rng.uniform(...gesture.tremor);
  const frequencyHz = rng.uniform(8, 12);
  const shares = [rng.uniform(0.3, 1), rng.uniform(0.3, 1), rng.uniform(0.3, 1)];
  const phases = [rng.uniform(0, TAU), rng.uniform(0, TAU), rng.uniform(0, TAU)];
  const of = (axis: number) => {
    phases[axis]! += TAU * STEP * frequencyHz + 0.1 * rng.uniform(-1, 1);
    const rumble = gesture.rumble === 0 ? 0 : gesture.rumble * rng.uniform(-1, 1);
    return amplitude * shares[axis]! * sin(phases[axis]!) + rumble;
  };
  return () => [of(0), of(1), of(2)];
}

/** The second derivative of a path by central differences. */
function accelerationOf(before: Vector, now: Vector, after: Vector): [number, number, number] {
  const of = (axis: 0 | 1 | 2) => (before[axis] - 2 * now[axis] + after[axis]) / (STEP * STEP);
  return [of(0), of(1), of(2)];
}

/** Turns a world vector into the axes of the device: Rᵀ v for R = Rz(yaw) Ry(roll) Rx(pitch). */
function intoDevice([x, y, z]: Vector, [pitch, roll, yaw]: Vector): Vector {
  const x1 = cos(yaw) * x + sin(yaw) * y;
  const y1 = cos(yaw) * y - sin(yaw) * x;
  const x2 = cos(roll) * x1 - sin(roll) * z;
  const z2 = cos(roll) * z + sin(roll) * x1;
  return [x2, cos(pitch) * y1 + sin(pitch) * z2, cos(pitch) * z2 - sin(pitch) * y1];
}

function quantize(value: number): number {
  return QUANTUM * Math.max(-32768, Math.min(32767, Math.round(value / QUANTUM)));
}
