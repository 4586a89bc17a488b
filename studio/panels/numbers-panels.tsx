/** What a regression predicts over what is true, and its errors, for one predicted number a time. */
import { NativeSelect, Text } from "@mantine/core";
import { useState } from "react";
import type { Report } from "../../src/pipeline/report.ts";
import type { RunDetails } from "../../src/server/api.ts";
import { XyPlot } from "../charts/xy-plot.tsx";
import { count } from "../format.ts";
import { figure, fixed, networkOf } from "../headline.ts";
import { Section } from "./section.tsx";

export function NumbersPanels({
  report,
  predictions,
}: {
  report: Report;
  predictions: NonNullable<RunDetails["predictions"]>;
}) {
  const [shown, setShown] = useState(0);
  const { targets } = report.regression!;
  const { name, int8, float32 } = targets[shown]!;
  const scores = int8 ?? float32;
  const pairs = predictions.map(({ actual, predicted }) => ({
    x: actual[shown]!,
    y: predicted[shown]!,
  }));
  const errors = pairs.map(({ x, y }) => ({ x: y, y: y - x }));
  const choose = targets.length > 1 && (
    <NativeSelect
      size="xs"
      aria-label="Predicted number"
      value={shown}
      onChange={({ currentTarget }) => setShown(Number(currentTarget.value))}
      data={targets.map((target, i) => ({ value: String(i), label: target.name }))}
    />
  );
  return (
    <div className="split">
      <Section title="Predicted over true" aside={choose}>
        <XyPlot
          points={pairs}
          line="diagonal"
          xName={`true ${name}`}
          yName={`predicted ${name}`}
          description={`${pairs.length} test windows: ${name} as predicted over what it is`}
        />
        <Text size="xs" className="muted" mt="sm">
          {count(pairs.length)} test windows that training did not see, {networkOf(report)}: R²{" "}
          {fixed(scores.r2)}. On the dashed line a prediction is right.
        </Text>
      </Section>
      <Section title="Residuals">
        <XyPlot
          points={errors}
          line="zero"
          xName={`predicted ${name}`}
          yName="predicted less true"
          description={`${errors.length} test windows: errors over the predicted ${name}`}
        />
        <Text size="xs" className="muted" mt="sm">
          Mean absolute error {figure(scores.mae)}, root of the mean square{" "}
          {figure(Math.sqrt(scores.mse))}. A slope or a curve here is something that the network has
          not learned.
        </Text>
      </Section>
    </div>
  );
}
