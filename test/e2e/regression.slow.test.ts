/** Regression on real tables, against ridge regression of scikit-learn. */
import assert from "node:assert/strict";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Report } from "../../src/pipeline/report.ts";
import { requirement, SHARED } from "../requirements.ts";
import { folderOf, tinsmith } from "./cli.ts";

const root = await folderOf({ after });

/** RidgeCV of scikit-learn 1.9.1 on the same rows of seed 1, standardized: R² of the test rows. */
const RIDGE = { diabetes: 0.4452, abalone: 0.4809 };

for (const [name, target] of [
  ["diabetes", "progression"],
  ["abalone", "rings"],
] as const)
  test(`${name} is predicted as well as by ridge regression`, requirement("shared"), async () => {
    const file = join(SHARED, `data/tabular-classics/${name}.csv`);
    const args = ["run", file, "--target-columns", target, "--out", name, "--json"];
    const { exitCode, stdout, stderr } = await tinsmith(args, { cwd: root });
    assert.equal(exitCode, 0, stderr);
    const { regression } = JSON.parse(stdout) as Report;
    assert.ok(regression!.r2 > RIDGE[name] - 0.02, `R² ${regression!.r2}`);
  });
