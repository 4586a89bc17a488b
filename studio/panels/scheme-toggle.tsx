/** Light, dark, or as the system has it: one button that goes round. */
import { ActionIcon, useMantineColorScheme } from "@mantine/core";

const NEXT = { auto: "light", light: "dark", dark: "auto" } as const;

const ICONS = {
  auto: "M12 3a9 9 0 1 0 0 18a9 9 0 0 0 0-18Zm0 0v18",
  light:
    "M12 8a4 4 0 1 0 0 8a4 4 0 0 0 0-8ZM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.5 1.5M17.5 17.5L19 19M5 19l1.5-1.5M17.5 6.5L19 5",
  dark: "M20 14.5A8.5 8.5 0 1 1 9.5 4A7 7 0 0 0 20 14.5Z",
} as const;

export function SchemeToggle() {
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const label = `Color scheme: ${colorScheme === "auto" ? "as the system" : colorScheme}`;
  return (
    <ActionIcon
      variant="subtle"
      color="gray"
      ml="auto"
      aria-label={label}
      title={label}
      onClick={() => setColorScheme(NEXT[colorScheme])}
    >
      <svg
        width="18"
        height="18"
        viewBox="0 0 24 24"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.8"
        strokeLinecap="round"
        aria-hidden="true"
      >
        <path d={ICONS[colorScheme]} />
      </svg>
    </ActionIcon>
  );
}
