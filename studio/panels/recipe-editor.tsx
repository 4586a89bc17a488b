/** The recipe of a project to edit: its network and training as forms, and all of it as text. */
import { Button, Group, SegmentedControl, Stack, Text, Textarea } from "@mantine/core";
import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Recipe } from "../../src/pipeline/recipe.ts";
import type { Project } from "../../src/server/api.ts";
import { api } from "../api-client.ts";
import { keys, useDesignChoices } from "../queries.ts";
import { readDraft, writeDraft } from "../recipe-draft.ts";
import { Failure } from "./failure.tsx";
import { LayerList } from "./layer-list.tsx";
import { Section } from "./section.tsx";
import { TrainingForm } from "./training-form.tsx";

export function RecipeEditor({
  project,
  own,
  shown,
}: {
  project: Project;
  own: Recipe | null;
  shown: Recipe | undefined;
}) {
  const client = useQueryClient();
  const [view, setView] = useState<"form" | "json">(shown ? "form" : "json");
  const before = shown ? JSON.stringify(shown, null, 2) : "";
  const [text, setText] = useState(before);
  const refresh = () => client.invalidateQueries({ queryKey: keys.recipe(project.id) });
  const save = useMutation({
    mutationFn: async (json: string) => api.saveRecipe(project.id, parse(json)),
    onSuccess: refresh,
  });
  const reset = useMutation({
    mutationFn: () => api.deleteRecipe(project.id),
    onSuccess: refresh,
  });
  const error = save.error ?? reset.error;
  return (
    <Section
      title="Edit the recipe"
      aside={
        <Group gap="xs">
          <SegmentedControl
            size="xs"
            aria-label="Show the recipe as"
            value={view}
            onChange={(value) => setView(value as typeof view)}
            data={[
              { value: "form", label: "form" },
              { value: "json", label: "tinsmith.json" },
            ]}
          />
          {own && (
            <Button
              size="xs"
              variant="default"
              loading={reset.isPending}
              onClick={() => reset.mutate()}
            >
              Let the designer choose
            </Button>
          )}
          <Button
            size="xs"
            loading={save.isPending}
            disabled={text.trim() === "" || (own !== null && text === before)}
            onClick={() => save.mutate(text)}
          >
            {own ? "Save" : "Use this recipe"}
          </Button>
        </Group>
      }
    >
      <Stack gap="sm">
        {error && <Failure title="The recipe was not saved" error={error} />}
        {view === "form" && <Forms text={text} onText={setText} />}
        <Textarea
          display={view === "json" ? undefined : "none"}
          aria-label="Recipe as JSON"
          autosize
          minRows={8}
          maxRows={32}
          spellCheck={false}
          placeholder="The recipe of the first run appears here. You can also paste one."
          styles={{
            input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: 12.5 },
          }}
          value={text}
          onChange={({ currentTarget }) => setText(currentTarget.value)}
        />
      </Stack>
    </Section>
  );
}

/** The parts of the recipe that have a form; the text is what counts, and what they change. */
function Forms({ text, onText }: { text: string; onText: (text: string) => void }) {
  const choices = useDesignChoices();
  const draft = readDraft(text);
  if (choices.error) return <Failure error={choices.error} />;
  if (!draft)
    return (
      <Text size="sm" className="muted">
        {text.trim() === ""
          ? "The design of the first run appears here."
          : "The text is no recipe that a form could show; see tinsmith.json."}
      </Text>
    );
  if (!choices.data) return null;
  const change = (part: Partial<Recipe>): void => onText(writeDraft({ ...draft, ...part }));
  const isRegression = draft.task === "regression";
  return (
    <>
      <Text size="sm" fw={550}>
        Network
      </Text>
      <LayerList
        layers={draft.layers}
        table={choices.data.layers}
        output={
          isRegression
            ? "a dense layer, one output for each number"
            : "a dense layer with softmax, one output for each label"
        }
        onChange={(layers) => change({ layers })}
      />
      <Text size="sm" fw={550}>
        Training
      </Text>
      <TrainingForm
        recipe={draft}
        choices={choices.data}
        onChange={(training) => change({ training })}
      />
    </>
  );
}

/** Says where text is no JSON before the server has to. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new Error(`recipe: the text must be JSON, got ${(error as Error).message}`);
  }
}
