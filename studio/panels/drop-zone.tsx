/** Where recordings are dropped, or chosen with the keyboard: files, a folder, an archive. */
import { Button, Group, Text } from "@mantine/core";
import { type DragEvent, useRef, useState } from "react";
import { filesOfDrop, filesOfInput, type Picked } from "../dropped-files.ts";

export function DropZone({
  title,
  onPicked,
  busy = false,
}: {
  title: string;
  onPicked: (picked: Picked) => void;
  busy?: boolean;
}) {
  const [over, setOver] = useState(false);
  const files = useRef<HTMLInputElement>(null);
  const folder = useRef<HTMLInputElement>(null);
  const give = (picked: Picked): void => {
    if (picked.files.length > 0) onPicked(picked);
  };
  const drop = async (event: DragEvent): Promise<void> => {
    event.preventDefault();
    setOver(false);
    if (!busy) give(await filesOfDrop(event.dataTransfer));
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: the buttons inside do the same by keyboard
    <div
      className="drop"
      data-testid="drop"
      data-over={over || undefined}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={drop}
    >
      <Text fw={550} size="sm">
        {title}
      </Text>
      <Text size="xs" className="muted" mt={2}>
        CSV, WAV, acquisition JSON or CBOR; labels come from file names or folders
      </Text>
      <Group justify="center" gap="xs" mt="sm">
        <Button size="xs" variant="default" disabled={busy} onClick={() => files.current?.click()}>
          Choose files…
        </Button>
        <Button size="xs" variant="default" disabled={busy} onClick={() => folder.current?.click()}>
          Choose a folder…
        </Button>
      </Group>
      {[files, folder].map((ref) => (
        <input
          key={ref === files ? "files" : "folder"}
          ref={ref}
          type="file"
          multiple
          hidden
          {...(ref === folder ? { webkitdirectory: "" } : {})}
          onChange={({ currentTarget }) => {
            if (currentTarget.files) give(filesOfInput(currentTarget.files));
            currentTarget.value = "";
          }}
        />
      ))}
    </div>
  );
}
