/** The windows of a run in the plane of their features. */
import { SegmentedControl, Text } from "@mantine/core";
import { useState } from "react";
import type { ScatterPoint } from "../../src/server/api.ts";
import { labelColor } from "../charts/palette.ts";
import { ScatterPlot } from "../charts/scatter-plot.tsx";
import { Section } from "./section.tsx";

export function FeaturesPanel({
  scatter,
  labels,
}: {
  scatter: readonly ScatterPoint[];
  labels: readonly string[];
}) {
  const [side, setSide] = useState("all");
  const points = side === "all" ? scatter : scatter.filter((point) => point.side === side);
  const present = labels.filter((label) => scatter.some((point) => point.label === label));
  return (
    <Section
      title="Features"
      aside={
        <SegmentedControl
          size="xs"
          aria-label="Side"
          value={side}
          onChange={setSide}
          data={["all", "training", "testing"]}
        />
      }
    >
      {scatter.length === 0 ? (
        <Text size="sm" className="muted">
          This run kept no points.
        </Text>
      ) : (
        <>
          <ScatterPlot points={points} frame={scatter} labels={labels} />
          <div className="legend" style={{ marginTop: 8 }}>
            {present.map((label) => (
              <span key={label}>
                <span className="dot" style={{ background: labelColor(labels, label) }} />
                {label}
              </span>
            ))}
            <span>
              <svg width="12" height="12" aria-hidden="true">
                <circle
                  cx="6"
                  cy="6"
                  r="5"
                  fill="none"
                  stroke="var(--studio-bad)"
                  strokeWidth="1.4"
                />
              </svg>
              labelled wrong
            </span>
          </div>
        </>
      )}
    </Section>
  );
}
