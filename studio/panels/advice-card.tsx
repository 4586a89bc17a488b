/** What the curves of a run say, and what to try next. */
import { Alert, Text } from "@mantine/core";
import type { Advice } from "../advice.ts";

export function AdviceCard({ advice }: { advice: Advice }) {
  const { title, color, sentences, remedies } = advice;
  return (
    <Alert color={color} variant="light" title={title} aria-label="Advice">
      {sentences.map((sentence) => (
        <Text key={sentence} size="sm">
          {sentence}
        </Text>
      ))}
      {remedies.length > 0 && (
        <ul className="remedies">
          {remedies.map((remedy) => (
            <li key={remedy}>{remedy}</li>
          ))}
        </ul>
      )}
    </Alert>
  );
}
