// Ten training steps against Keras and PyTorch: the quick networks (the others are slow tests).
import { test } from "node:test";
import { compareWithPeers } from "./peers-steps.ts";

for (const letter of ["A", "B", "E"])
  test(`network ${letter} learns what it learns in Keras and PyTorch`, () =>
    compareWithPeers(letter));
