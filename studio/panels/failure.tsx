/** A failure as a person sees it: what is wrong, what to do, and a way to try again. */
import { Alert, Button, Text } from "@mantine/core";
import { ApiFailure } from "../api-client.ts";

export function Failure({
  error,
  title,
  onRetry,
}: {
  error: unknown;
  title?: string;
  onRetry?: () => void;
}) {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof ApiFailure ? error.hint : undefined;
  return (
    <Alert color="red" variant="light" title={title} role="alert">
      <Text size="sm" style={{ overflowWrap: "anywhere" }}>
        {message}
      </Text>
      {hint && (
        <Text size="sm" mt={4} className="muted" style={{ overflowWrap: "anywhere" }}>
          {hint}
        </Text>
      )}
      {onRetry && (
        <Button size="xs" variant="default" mt="sm" onClick={onRetry}>
          Try again
        </Button>
      )}
    </Alert>
  );
}
