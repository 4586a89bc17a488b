// Layers from JSON: what each type may hold, and every way to get it wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { LAYER_FIELDS, type LayerField } from "./layer-fields.ts";
import { makeModel } from "./layers.ts";
import { type LayerComplaints, parseLayers } from "./parse-layer.ts";

const complaints: LayerComplaints = {
  wrong: (path, rule, value) => new Error(`${path} ${rule}, got ${JSON.stringify(value)}`),
  unknownKey: (path, key) => new Error(`${path} must not have ${key}`),
};
const parsed = (value: unknown) => parseLayers("layers", value, complaints);

const VALUES: { readonly [K in LayerField["kind"]]: readonly [good: unknown, bad: unknown[]] } = {
  count: [2, [0, 1.5, "2", null, undefined, 1e9]],
  size: [
    [2, 1],
    [0, [1], [1, 2, 3], [1, 0.5], "2", null],
  ],
  share: [0.5, [1, -0.1, "0.5", null, Number.NaN]],
  amount: [0.1, [-1, "1", null, Number.POSITIVE_INFINITY]],
  flag: [true, [0, "true", null]],
  choice: ["", ["maxout", "toString", 1, null]],
  shape: [
    [2, 3],
    [[], [0], [1.5], 6, null, [1, 1, 1, 1, 1]],
  ],
  layers: [[{ type: "flatten" }], ["flatten", null, [{ type: "nothing" }]]],
};

test("every setting of every layer takes what it should and refuses the rest by name", () => {
  for (const [type, fields] of Object.entries(LAYER_FIELDS)) {
    const good = Object.fromEntries(
      Object.entries(fields as { [key: string]: LayerField }).map(([key, field]) => [
        key,
        field.kind === "choice" ? field.choices[0] : VALUES[field.kind][0],
      ]),
    );
    assert.deepEqual(parsed([{ type, ...good }]), [{ type, ...good }]);
    assert.throws(() => parsed([{ type, ...good, colour: 1 }]), /layers\[0\] must not have colour/);
    for (const [key, field] of Object.entries(fields as { [key: string]: LayerField }))
      for (const bad of VALUES[field.kind][1]) {
        const isOptional = "fallback" in field;
        if (bad === undefined && isOptional) continue;
        assert.throws(
          () => parsed([{ type, ...good, [key]: bad }]),
          new RegExp(`layers\\[0\\]\\.${key}`),
          `${type}.${key} of ${JSON.stringify(bad)}`,
        );
      }
  }
});

test("lists are bounded in length and depth, and types are own names only", () => {
  assert.throws(() => parsed(new Array(257).fill({ type: "flatten" })), /at most 256 layers/);
  let nested: unknown = [{ type: "flatten" }];
  for (let depth = 0; depth < 5; depth++) nested = [{ type: "residual", layers: nested }];
  assert.throws(() => parsed(nested), /at most 4 layers deep/);
  for (const type of ["constructor", "__proto__", undefined, 3])
    assert.throws(() => parsed([{ type }]), /layers\[0\]\.type must be one of dense/);
});

test("what stands for an absent setting is what the network takes for it", () => {
  const image = [{ type: "conv2d", filters: 2, kernelSize: 3 }] as const;
  const written = [{ ...image[0], stride: 1, dilation: 1, groups: 1, padding: "same" }] as const;
  const of = (layers: Parameters<typeof makeModel>[0]) =>
    makeModel([...layers, { type: "flatten" }], [5, 5, 1], 2, 1);
  assert.deepEqual(of(image).parameters, of(written).parameters);
});
