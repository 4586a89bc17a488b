/** The layers of a network as rows to edit: type, settings, place; and a row to add another. */
import { ActionIcon, NativeSelect, TextInput } from "@mantine/core";
import type { Layer } from "../../src/models/layer.ts";
import type { LayerField } from "../../src/models/layer-fields.ts";
import type { DesignChoices } from "../../src/server/api.ts";
import {
  isOptional,
  moved,
  newLayer,
  settingText,
  settingValue,
  withSetting,
} from "../recipe-draft.ts";

type Table = DesignChoices["layers"];

export function LayerList({
  layers,
  table,
  output,
  onChange,
}: {
  layers: readonly Layer[];
  table: Table;
  /** What follows the last layer, in words. */
  output?: string;
  onChange: (layers: readonly Layer[]) => void;
}) {
  const types = Object.keys(table) as Layer["type"][];
  const replace = (at: number, layer: Layer): void =>
    onChange(layers.map((old, i) => (i === at ? layer : old)));
  return (
    <ol className="layers">
      {layers.map((layer, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a layer is its place in the list
        <li key={i}>
          <div className="layer-row">
            <NativeSelect
              size="xs"
              aria-label={`Type of layer ${i + 1}`}
              value={layer.type}
              onChange={({ currentTarget }) => {
                const type = currentTarget.value as Layer["type"];
                replace(i, newLayer(type, table[type]));
              }}
              data={types.includes(layer.type) ? types : [layer.type, ...types]}
            />
            <div className="layer-settings">
              {Object.entries(table[layer.type] ?? {})
                .filter(([, field]) => field.kind !== "layers")
                .map(([name, field]) => (
                  <SettingInput
                    key={name}
                    name={name}
                    where={`layer ${i + 1}`}
                    field={field}
                    value={(layer as { readonly [key: string]: unknown })[name]}
                    onChange={(value) => replace(i, withSetting(layer, name, value))}
                  />
                ))}
            </div>
            <div className="layer-actions">
              <ActionIcon
                variant="subtle"
                size="sm"
                disabled={i === 0}
                aria-label={`Move layer ${i + 1} up`}
                onClick={() => onChange(moved(layers, i, i - 1))}
              >
                ↑
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                size="sm"
                disabled={i === layers.length - 1}
                aria-label={`Move layer ${i + 1} down`}
                onClick={() => onChange(moved(layers, i, i + 1))}
              >
                ↓
              </ActionIcon>
              <ActionIcon
                variant="subtle"
                color="red"
                size="sm"
                aria-label={`Remove layer ${i + 1}`}
                onClick={() => onChange(layers.filter((_, at) => at !== i))}
              >
                ×
              </ActionIcon>
            </div>
          </div>
          {Object.entries(table[layer.type] ?? {})
            .filter(([, field]) => field.kind === "layers")
            .map(([name]) => (
              <div key={name} className="layer-branch">
                <span className="muted">{name === "layers" ? "branch" : name}</span>
                <LayerList
                  layers={((layer as { readonly [key: string]: unknown })[name] as Layer[]) ?? []}
                  table={table}
                  onChange={(inner) => replace(i, withSetting(layer, name, inner))}
                />
              </div>
            ))}
        </li>
      ))}
      <li className="layer-row">
        <NativeSelect
          size="xs"
          aria-label="Add a layer"
          value=""
          onChange={({ currentTarget }) => {
            const type = currentTarget.value as Layer["type"];
            onChange([...layers, newLayer(type, table[type])]);
          }}
          data={[{ value: "", label: "Add a layer…", disabled: true }, ...types]}
        />
        {output && <span className="muted layer-settings">then {output}</span>}
      </li>
    </ol>
  );
}

function SettingInput({
  name,
  where,
  field,
  value,
  onChange,
}: {
  name: string;
  where: string;
  field: LayerField;
  value: unknown;
  onChange: (value: unknown) => void;
}) {
  const label = `${words(name)} of ${where}`;
  if (field.kind === "choice")
    return (
      <Labelled name={name}>
        <NativeSelect
          size="xs"
          aria-label={label}
          value={String(value ?? field.fallback ?? "")}
          onChange={({ currentTarget }) =>
            onChange(currentTarget.value === field.fallback ? undefined : currentTarget.value)
          }
          data={[...field.choices]}
        />
      </Labelled>
    );
  if (field.kind === "flag")
    return (
      <Labelled name={name}>
        <input
          type="checkbox"
          aria-label={label}
          checked={(value ?? field.fallback) === true}
          onChange={({ currentTarget: { checked } }) =>
            onChange(checked === field.fallback ? undefined : checked)
          }
        />
      </Labelled>
    );
  return (
    <Labelled name={name}>
      <TextInput
        // What is typed is written when the field is left, so that "1." may become "1.5".
        key={settingText(value)}
        size="xs"
        w={field.kind === "shape" ? 110 : 64}
        aria-label={label}
        placeholder={placeholderOf(field)}
        defaultValue={settingText(value)}
        error={!isOptional(field) && value === undefined}
        onBlur={({ currentTarget }) => {
          const next = settingValue(currentTarget.value, field);
          if (settingText(next) !== settingText(value)) onChange(next);
        }}
        onKeyDown={(event) => {
          if (event.key === "Enter") event.currentTarget.blur();
        }}
      />
    </Labelled>
  );
}

function Labelled({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="layer-setting">
      <span>{words(name)}</span>
      {children}
    </label>
  );
}

/** The fallback, or where it comes from: a pool's stride is its size. */
function placeholderOf(field: LayerField): string {
  return "fallback" in field ? String(field.fallback ?? "") : "";
}

/** "kernelSize" is "kernel size". */
export const words = (name: string): string =>
  name.replace(/([a-z])([A-Z0-9])/g, "$1 $2").toLowerCase();
