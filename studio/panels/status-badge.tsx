/** The status of a run as a small badge. */
import { Badge } from "@mantine/core";
import type { RunStatus } from "../../src/server/api.ts";

const COLORS: { readonly [status in RunStatus]: string } = {
  queued: "gray",
  running: "steel",
  done: "teal",
  failed: "red",
  cancelled: "gray",
  interrupted: "orange",
};

export function StatusBadge({ status }: { status: RunStatus }) {
  return (
    <Badge
      color={COLORS[status]}
      variant="light"
      size="sm"
      radius="sm"
      tt="none"
      styles={{ label: { overflow: "visible" } }}
    >
      {status}
    </Badge>
  );
}
