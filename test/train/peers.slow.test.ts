// Ten training steps against Keras and PyTorch: the large networks.
import { test } from "node:test";
import { compareWithPeers } from "./peers-steps.ts";

for (const letter of ["C", "D"])
  test(`network ${letter} learns what it learns in Keras and PyTorch`, () =>
    compareWithPeers(letter));
