/** What the curves of a run say, and what to try next. */
import { Text } from "@mantine/core";
import type { Advice } from "../advice.ts";

export function AdviceCard({ advice }: { advice: Advice }) {
  const { title, tone, sentences, remedies } = advice;
  return (
    <section className="advice" data-tone={tone} aria-label="Advice">
      <Text size="sm" fw={600}>
        {title}
      </Text>
      {sentences.map((sentence) => (
        <Text key={sentence} size="sm" mt={2}>
          {sentence}
        </Text>
      ))}
      {remedies.length > 0 && (
        <ul>
          {remedies.map((remedy) => (
            <li key={remedy}>{remedy}</li>
          ))}
        </ul>
      )}
    </section>
  );
}
