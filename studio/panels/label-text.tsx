/** A label with the dot of its color. */
import { labelColor } from "../charts/palette.ts";

export function LabelText({ labels, label }: { labels: readonly string[]; label: string | null }) {
  return (
    <span style={{ display: "inline-flex", alignItems: "center", gap: 7 }}>
      <span className="dot" style={{ background: labelColor(labels, label) }} />
      {label ?? <span className="muted">none</span>}
    </span>
  );
}
