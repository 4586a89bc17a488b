/** The figures of a run: how good it is, and what it costs on the device. */
import type { ParityFigures } from "../../src/deploy/parity.ts";
import type { Report } from "../../src/pipeline/report.ts";
import { bytes, count, percent, score } from "../format.ts";
import { figure, fixed, networkOf } from "../headline.ts";
import { Tile } from "./tile.tsx";

export function ResultTiles({ report }: { report: Report }) {
  const { device, parity } = report;
  const flash = device.constantBytes + device.codeBytes;
  const basis = device.basis === "linked" ? "linked" : "computed";
  return (
    <div className="tiles">
      <ScoreTiles report={report} />
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

/** How good what ships is, with float32 beside it where int8 ships. */
function ScoreTiles({ report }: { report: Report }) {
  const network = networkOf(report);
  const { regression } = report;
  const { int8, float32 } = report.test;
  const beside = (value: string): string =>
    network === "int8" ? `float32 ${value}` : "a layer has no int8 form yet";
  if (regression) {
    const { r2, mae, mse, explainedVariance, targets } = regression;
    const only = targets.length === 1 ? targets[0]!.float32 : undefined;
    const note = (value: string | undefined, otherwise: string): string =>
      only && value !== undefined ? beside(value) : otherwise;
    const over = `mean over ${targets.length} outputs`;
    return (
      <>
        <Tile name={`R², ${network}`} value={fixed(r2)} note={note(fixed(only?.r2), over)} />
        <Tile
          name={`Mean absolute error, ${network}`}
          value={figure(mae)}
          note={note(only && figure(only.mae), over)}
        />
        <Tile
          name={`Explained variance, ${network}`}
          value={fixed(explainedVariance)}
          note={`mean squared error ${figure(mse)}`}
        />
      </>
    );
  }
  const shipped = int8 ?? float32;
  return (
    <>
      <Tile
        name={`Accuracy, ${network}`}
        value={percent(shipped?.accuracy)}
        note={beside(percent(float32?.accuracy))}
      />
      <Tile
        name={`F1, ${network}`}
        value={percent(shipped?.f1)}
        note={beside(percent(float32?.f1))}
      />
      <Tile
        name={`Loss, ${network}`}
        value={score(shipped?.loss)}
        note={beside(score(float32?.loss))}
      />
    </>
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
