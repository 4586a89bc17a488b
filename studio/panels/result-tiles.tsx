/** The figures of a run: how good it is, and what it costs on the device. */
import type { ParityFigures } from "../../src/deploy/parity.ts";
import type { Report } from "../../src/pipeline/report.ts";
import { bytes, count, percent, score } from "../format.ts";
import { Tile } from "./tile.tsx";

export function ResultTiles({ report }: { report: Report }) {
  const { int8, float32 } = report.test;
  const { device, parity } = report;
  const flash = device.constantBytes + device.codeBytes;
  const basis = device.basis === "linked" ? "linked" : "computed";
  return (
    <div className="tiles">
      <Tile
        name="Accuracy, int8"
        value={percent(int8.accuracy)}
        note={`float32 ${percent(float32.accuracy)}`}
      />
      <Tile name="F1, int8" value={percent(int8.f1)} note={`float32 ${percent(float32.f1)}`} />
      <Tile name="Loss, int8" value={score(int8.loss)} note={`float32 ${score(float32.loss)}`} />
      <Tile
        name="RAM"
        value={bytes(device.ramBytes)}
        note={`${count(device.ramBytes)} B static, ${basis}`}
      />
      <Tile
        name="Flash"
        value={bytes(flash)}
        note={`constants ${bytes(device.constantBytes)}, code ${bytes(device.codeBytes)}`}
      />
      <Tile name="Stack" value={bytes(device.stackBytes)} note={`worst case, ${device.target}`} />
      <Tile name="MACs" value={count(device.macs)} note="multiply-accumulates a window" />
      <ParityTile parity={parity} />
    </div>
  );
}

function ParityTile({ parity }: { parity: ParityFigures | null }) {
  if (parity === null)
    return <Tile name="Parity" value="not checked" note="No C compiler was found." />;
  const { int8Mismatches, float32MaxUlp, featureMaxUlp, anomalyMaxUlp } = parity;
  const equal = int8Mismatches + float32MaxUlp + featureMaxUlp + anomalyMaxUlp === 0;
  return equal ? (
    <Tile
      name="Parity"
      tone="good"
      value="every bit equal"
      note={`compiled C and screen, ${count(parity.windows)} windows`}
    />
  ) : (
    <Tile
      name="Parity"
      tone="bad"
      value="DIFFERS"
      note={`int8 ${int8Mismatches}, float32 ${float32MaxUlp} ulp, features ${featureMaxUlp} ulp, anomaly ${anomalyMaxUlp} ulp`}
    />
  );
}
