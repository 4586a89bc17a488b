/** One figure with its name and a line of explanation. */
import type { ReactNode } from "react";

export function Tile({
  name,
  value,
  note,
  tone,
}: {
  name: string;
  value: ReactNode;
  note?: ReactNode;
  tone?: "good" | "bad";
}) {
  return (
    <div className="tile">
      <div className="tile-name">{name}</div>
      <div className={`tile-value ${tone ?? ""}`}>{value}</div>
      {note && <div className="tile-note">{note}</div>}
    </div>
  );
}
