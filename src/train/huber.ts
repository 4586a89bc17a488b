/**
 * `huber(predictions [B,K], targets [B,K], weights [B]) {delta}` (Huber 1964, equation 3.2): with
 * e = prediction - target, e² / 2 where |e| is at most delta, delta (|e| - delta / 2) beyond; the
 * mean over K, weighted by row.
 */
import type { Operator } from "../graph/graph.ts";
import { absF, gtF, maxF, minF, mulF, selectF, subF } from "../ir/build.ts";
import { elementLoss } from "./element-loss.ts";
import type { SettingTable } from "./settings.ts";

export const HUBER_SETTINGS: SettingTable = { delta: { default: 1, from: 1e-6 } };

export const huber: Operator = elementLoss({
  name: "huber",
  settings: HUBER_SETTINGS,
  loss: (k, prediction, target, setting) => {
    const delta = setting("delta");
    const error = k.value(absF(subF(prediction, target)), "error");
    const linear = mulF(delta, subF(error, delta / 2));
    return selectF(gtF(error, delta), linear, mulF(mulF(0.5, error), error));
  },
  slope: (k, prediction, target, setting) => {
    const delta = setting("delta");
    const error = k.value(subF(prediction, target), "error");
    return maxF(-delta, k.value(minF(delta, error), "bounded"));
  },
});
