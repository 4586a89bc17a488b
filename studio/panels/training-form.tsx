/** How a network is trained, as a form: how long, how fast, against which loss, by which optimizer. */
import { NativeSelect, NumberInput } from "@mantine/core";
import type { NamedChoice } from "../../src/pipeline/design-choices.ts";
import type { Recipe } from "../../src/pipeline/recipe.ts";
import type { DesignChoices } from "../../src/server/api.ts";
import { withSetting } from "../recipe-draft.ts";
import { words } from "./layer-list.tsx";

type Training = Recipe["training"];
type Chosen = { readonly name: string; readonly [setting: string]: unknown };

export function TrainingForm({
  recipe,
  choices,
  onChange,
}: {
  recipe: Recipe;
  choices: DesignChoices;
  onChange: (training: Training) => void;
}) {
  const { training } = recipe;
  const set = (name: keyof Training, value: unknown): void =>
    onChange(withSetting(training, name, value));
  const losses = choices.losses[recipe.task] ?? choices.losses.classification;
  const adam = choices.optimizers.find(({ name }) => name === "adam") ?? choices.optimizers[0]!;
  const schedule = asChosen(training.learningRateSchedule) ?? { name: "constant" };
  return (
    <div className="form-grid">
      <Figure name="Epochs" value={training.epochs} min={1} onChange={(n) => set("epochs", n)} />
      <Figure
        name="Learning rate"
        value={training.learningRate}
        decimals={6}
        min={0}
        onChange={(n) => set("learningRate", n)}
      />
      <Figure
        name="Batch size"
        value={training.batchSize}
        min={1}
        onChange={(n) => set("batchSize", n)}
      />
      <Figure
        name="Stop after epochs without gain"
        value={training.patience}
        min={0}
        onChange={(n) => set("patience", n ?? 0)}
      />
      <Choose
        name="Schedule of the rate"
        value={schedule}
        choices={choices.schedules}
        onChange={(value) =>
          set("learningRateSchedule", Object.keys(value).length === 1 ? value.name : value)
        }
      />
      <Choose
        name="Loss"
        value={asChosen(training.loss) ?? { name: losses[0]!.name }}
        choices={losses}
        onChange={(value) => set("loss", value)}
      />
      <Choose
        name="Optimizer"
        value={asChosen(training.optimizer) ?? { name: adam.name }}
        choices={choices.optimizers}
        onChange={(value) => set("optimizer", value)}
      />
      <Figure
        name="Largest norm of gradients"
        value={training.clipNorm}
        decimals={4}
        min={0}
        placeholder="no bound"
        onChange={(n) => set("clipNorm", n)}
      />
      <Figure
        name="Weight decay (L2)"
        value={training.weightDecay}
        decimals={6}
        min={0}
        placeholder="0"
        onChange={(n) => set("weightDecay", n)}
      />
      {recipe.task !== "regression" && (
        <NativeSelect
          size="xs"
          label="Importance of the labels"
          value={typeof training.classWeights === "string" ? training.classWeights : OWN}
          onChange={({ currentTarget: { value } }) => value !== OWN && set("classWeights", value)}
          data={[
            { value: "none", label: "all the same" },
            { value: "auto", label: "rare labels count more" },
            ...(typeof training.classWeights === "string"
              ? []
              : [{ value: OWN, label: "as in the recipe's text" }]),
          ]}
        />
      )}
      <NativeSelect
        size="xs"
        label="Epoch that ships"
        value={training.keep}
        onChange={({ currentTarget }) => set("keep", currentTarget.value)}
        data={[
          { value: "best", label: "the best one" },
          { value: "last", label: "the last one" },
        ]}
      />
    </div>
  );
}

/** Weights that were given one by one, which only the text shows. */
const OWN = "own";

/** A name in a recipe stands for the choice with its defaults. */
function asChosen(value: unknown): Chosen | undefined {
  if (typeof value === "string") return { name: value };
  return typeof value === "object" && value !== null ? (value as Chosen) : undefined;
}

function Choose({
  name,
  value,
  choices,
  onChange,
}: {
  name: string;
  value: Chosen;
  choices: readonly NamedChoice[];
  onChange: (value: Chosen) => void;
}) {
  const chosen = choices.find((choice) => choice.name === value.name);
  const names = choices.map((choice) => ({ value: choice.name, label: words(choice.name) }));
  return (
    <div>
      <NativeSelect
        size="xs"
        label={name}
        value={value.name}
        onChange={({ currentTarget }) => onChange({ name: currentTarget.value })}
        data={chosen ? names : [value.name, ...names]}
      />
      <div className="layer-settings" style={{ marginTop: 4 }}>
        {Object.entries(chosen?.settings ?? {}).map(([setting, { default: fallback }]) =>
          typeof fallback === "boolean" ? (
            <label key={setting} className="layer-setting">
              <span>{words(setting)}</span>
              <input
                type="checkbox"
                checked={(value[setting] ?? fallback) === true}
                onChange={({ currentTarget }) =>
                  onChange(
                    withSetting(
                      value,
                      setting,
                      currentTarget.checked === fallback ? undefined : currentTarget.checked,
                    ),
                  )
                }
              />
            </label>
          ) : (
            <span key={setting} className="layer-setting">
              <span>{words(setting)}</span>
              <NumberInput
                size="xs"
                w={76}
                hideControls
                aria-label={`${words(setting)} of ${value.name}`}
                placeholder={String(fallback)}
                value={(value[setting] as number | undefined) ?? ""}
                onChange={(n) =>
                  onChange(withSetting(value, setting, typeof n === "number" ? n : undefined))
                }
              />
            </span>
          ),
        )}
      </div>
    </div>
  );
}

function Figure({
  name,
  value,
  min,
  decimals = 0,
  placeholder,
  onChange,
}: {
  name: string;
  value: number | undefined;
  min: number;
  decimals?: number;
  placeholder?: string;
  onChange: (value: number | undefined) => void;
}) {
  return (
    <NumberInput
      size="xs"
      label={name}
      min={min}
      allowDecimal={decimals > 0}
      decimalScale={decimals}
      hideControls
      {...(placeholder === undefined ? {} : { placeholder })}
      value={value ?? ""}
      onChange={(n) => onChange(typeof n === "number" ? n : undefined)}
    />
  );
}
