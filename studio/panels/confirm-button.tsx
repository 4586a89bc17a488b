/** A button for what cannot be undone: the first click asks, the second one does it. */
import { Button, Group } from "@mantine/core";
import { useState } from "react";

export function ConfirmButton({
  ask,
  confirm,
  pending,
  onConfirm,
}: {
  ask: string;
  confirm: string;
  pending: boolean;
  onConfirm: () => void;
}) {
  const [asked, setAsked] = useState(false);
  if (!asked)
    return (
      <Button
        size="xs"
        variant="subtle"
        color="red"
        c="var(--studio-bad)"
        ml="auto"
        onClick={() => setAsked(true)}
      >
        {ask}
      </Button>
    );
  return (
    <Group gap="xs" ml="auto">
      <Button size="xs" color="red" loading={pending} onClick={onConfirm}>
        {confirm}
      </Button>
      <Button size="xs" variant="default" onClick={() => setAsked(false)}>
        Keep
      </Button>
    </Group>
  );
}
