/** A titled surface: the unit that pages are made of. */
import { Group, Paper, Title } from "@mantine/core";
import type { ReactNode } from "react";

export function Section({
  title,
  aside,
  children,
}: {
  title: string;
  /** What stands right of the title: a button, a filter. */
  aside?: ReactNode;
  children: ReactNode;
}) {
  return (
    <Paper component="section" withBorder radius="md" p="md" aria-label={title}>
      <Group justify="space-between" mb="xs" gap="sm" mih={30}>
        <Title order={2}>{title}</Title>
        {aside}
      </Group>
      {children}
    </Paper>
  );
}
