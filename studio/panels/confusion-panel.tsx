/** The confusion matrix with the scores of both networks, int8 and float32. */
import { SegmentedControl, Text } from "@mantine/core";
import { useState } from "react";
import type { Report } from "../../src/pipeline/report.ts";
import { ConfusionMatrix } from "../charts/confusion-matrix.tsx";
import { count } from "../format.ts";
import { Section } from "./section.tsx";

export function ConfusionPanel({ test }: { test: Report["test"] }) {
  const [chosen, setOf] = useState<"int8" | "float32">("int8");
  const of = test.int8 ? chosen : "float32";
  const scores = test[of];
  if (!scores) return null;
  const { confusion } = scores;
  const windows = confusion.flat().reduce((sum, n) => sum + n, 0);
  return (
    <Section
      title="Confusion"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Network"
          value={of}
          onChange={(value) => setOf(value as typeof of)}
          data={test.int8 ? ["int8", "float32"] : ["float32"]}
        />
      }
    >
      <ConfusionMatrix labels={test.labels} confusion={confusion} />
      <Text size="xs" className="muted" mt="sm">
        Percent of each row, over {count(windows)} test windows of recordings that training did not
        see.
      </Text>
    </Section>
  );
}
