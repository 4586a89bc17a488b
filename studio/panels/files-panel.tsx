/** The files of the C library, with their sizes and hashes. */
import { Text } from "@mantine/core";
import type { Report } from "../../src/pipeline/report.ts";
import { fileHref, libraryHref } from "../api-client.ts";
import { bytes } from "../format.ts";
import { Section } from "./section.tsx";

/** Enough of a hash to compare by eye; the title has all of it. */
const HASH_DIGITS = 12;

export function FilesPanel({ run, report }: { run: string; report: Report }) {
  return (
    <Section
      title="C library"
      aside={
        <a className="link" href={libraryHref(run)} download style={{ fontSize: 13.5 }}>
          library.zip
        </a>
      }
    >
      <div className="scroll">
        <table className="rows">
          <thead>
            <tr>
              <th>File</th>
              <th className="number">Size</th>
              <th>SHA-256</th>
            </tr>
          </thead>
          <tbody>
            {report.artefact.files.map(({ path, bytes: size, sha256 }) => (
              <tr key={path}>
                <td>
                  <a className="mono link" href={fileHref(run, path)}>
                    {path}
                  </a>
                </td>
                <td className="number">{bytes(size)}</td>
                <td className="mono muted" title={sha256}>
                  {sha256.slice(0, HASH_DIGITS)}…
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <Text size="xs" className="muted" mt="sm">
        No heap, no libm, no dependency. <code>make test</code> in the library checks it with your
        compiler.
      </Text>
    </Section>
  );
}
