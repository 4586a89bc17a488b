/** How an upload goes: a bar while files are sent, then what came of it, file by file. */
import { Alert, CloseButton, Group, Progress, Text } from "@mantine/core";
import { count } from "../format.ts";
import { dismissUpload, summaryOf, useUpload } from "../uploads.ts";

/** More problems than this are counted, not listed. */
const LISTED = 50;

export function UploadReport({ project }: { project: string }) {
  const upload = useUpload(project);
  if (!upload) return null;
  if (!upload.ended)
    return (
      <Alert color="steel" variant="light" role="status">
        <Text size="sm" mb={6}>
          Sending {count(upload.total)} files…
        </Text>
        <Progress
          value={upload.total === 0 ? 0 : (100 * upload.sent) / upload.total}
          animated
          aria-label="Files sent"
        />
      </Alert>
    );
  const bad = upload.problems.length > 0;
  return (
    <Alert color={bad ? "orange" : "teal"} variant="light" role="status">
      <Group justify="space-between" wrap="nowrap" align="flex-start">
        <Text size="sm" fw={550}>
          {summaryOf(upload)}
        </Text>
        <CloseButton size="sm" aria-label="Dismiss" onClick={() => dismissUpload(project)} />
      </Group>
      {(bad || upload.notes.length > 0) && (
        <ul className="plain-list">
          {upload.problems.slice(0, LISTED).map(({ file, message }) => (
            <li key={`${file} ${message}`} style={{ overflowWrap: "anywhere" }}>
              {/* The server's own messages name the file already. */}
              {message.includes(file) ? message : `${file}: ${message}`}
            </li>
          ))}
          {upload.problems.length > LISTED && (
            <li>and {count(upload.problems.length - LISTED)} more</li>
          )}
          {upload.notes.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
    </Alert>
  );
}
