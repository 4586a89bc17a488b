/** The anomaly score: its threshold, and which share of known and unseen windows it flags. */
import { Text } from "@mantine/core";
import type { Report } from "../../src/pipeline/report.ts";
import { percent, score } from "../format.ts";
import { LabelText } from "./label-text.tsx";
import { Section } from "./section.tsx";

export function AnomalyPanel({
  anomaly,
  labels,
}: {
  anomaly: NonNullable<Report["anomaly"]>;
  labels: readonly string[];
}) {
  const rows = [
    { name: "known labels", label: null, share: anomaly.knownFlagged },
    ...Object.entries(anomaly.unseen).map(([label, share]) => ({ name: label, label, share })),
  ];
  return (
    <Section title="Anomaly score">
      <Text size="sm" className="muted" mb={6}>
        Windows above {score(anomaly.threshold)} are flagged as unlike anything trained on.
      </Text>
      <table className="rows">
        <tbody>
          {rows.map(({ name, label, share }) => (
            <tr key={name}>
              <td style={{ width: "42%" }}>
                {label === null ? (
                  name
                ) : (
                  <>
                    <LabelText labels={labels} label={label} />{" "}
                    <span className="muted">(unseen)</span>
                  </>
                )}
              </td>
              <td>
                <div className="meter" aria-hidden="true">
                  <div data-chosen style={{ width: `${100 * share}%` }} />
                </div>
              </td>
              <td className="number" style={{ width: 120 }}>
                {percent(share)} flagged
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
