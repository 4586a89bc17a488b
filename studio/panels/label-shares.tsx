/** How the recordings spread over the labels: one bar in the labels' colors and a legend. */
import { Group, Paper, Text } from "@mantine/core";
import type { SampleSummary } from "../../src/server/api.ts";
import { labelColor } from "../charts/palette.ts";
import { count, plural, seconds } from "../format.ts";
import { isTable, secondsByLabel } from "../samples.ts";

/** More labels than this are no colors that could be told apart. */
const MOST_SHARES = 32;

export function LabelShares({
  samples,
  labels,
}: {
  samples: readonly SampleSummary[];
  labels: readonly string[];
}) {
  const shares = secondsByLabel(samples, labels);
  const total = samples.reduce((sum, sample) => sum + sample.seconds, 0);
  const table = isTable(samples);
  const numbers = labels.map(Number).filter((n) => !Number.isNaN(n));
  if (labels.length > MOST_SHARES) {
    const [low, high] = [
      numbers.reduce((a, b) => Math.min(a, b), Number.POSITIVE_INFINITY),
      numbers.reduce((a, b) => Math.max(a, b), Number.NEGATIVE_INFINITY),
    ];
    return (
      <Paper withBorder radius="md" px="md" py="sm">
        <Group justify="space-between" gap="xs">
          <Text size="sm" fw={550}>
            {plural(samples.length, table ? "row" : "recording")}
          </Text>
          <Text size="sm" className="muted">
            {numbers.length === labels.length
              ? `labels are numbers from ${low} to ${high}`
              : `${count(labels.length)} different labels`}
          </Text>
        </Group>
      </Paper>
    );
  }
  return (
    <Paper withBorder radius="md" px="md" py="sm">
      <Group justify="space-between" gap="xs" mb={8}>
        <Text size="sm" fw={550}>
          {table
            ? plural(samples.length, "row")
            : `${plural(samples.length, "recording")}, ${seconds(total)}`}
        </Text>
        <div className="legend">
          {shares.map(({ label, seconds: length, samples: number }) => (
            <span key={label}>
              <span className="dot" style={{ background: labelColor(labels, label) }} />
              {label} {table ? number : seconds(length)}
            </span>
          ))}
        </div>
      </Group>
      <div className="share" aria-hidden="true">
        {shares.map(({ label, seconds: length }) => (
          <div key={label} style={{ flex: length, background: labelColor(labels, label) }} />
        ))}
      </div>
    </Paper>
  );
}
