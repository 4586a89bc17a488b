/**
 * The Host port: what the neutral layers ask of the machine they run on. `host/` answers in Node;
 * a browser answers what it can. Paths use `/`.
 */

export type ProcessRequest = {
  readonly command: string;
  readonly args: readonly string[];
  /** Working directory; by default the current one. */
  readonly directory?: string;
  /** Written to standard input, which is then closed. */
  readonly input?: Uint8Array;
};

export type ProcessResult = {
  readonly exitCode: number;
  readonly stdout: Uint8Array;
  readonly stderr: Uint8Array;
};

export type Host = {
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** Writes a whole file and makes the folders above it. */
  readonly writeFile: (path: string, bytes: Uint8Array) => Promise<void>;
  /** Whether a file or folder is there. */
  readonly exists: (path: string) => Promise<boolean>;
  /** Names in a folder, sorted. */
  readonly list: (path: string) => Promise<readonly string[]>;
  readonly makeDirectory: (path: string) => Promise<void>;
  /** A fresh directory for temporary files; the caller removes it. */
  readonly makeTempDirectory: () => Promise<string>;
  readonly rename: (from: string, to: string) => Promise<void>;
  /** Removes a file or a folder with everything in it; nothing there is no error. */
  readonly remove: (path: string) => Promise<void>;
  /**
   * Runs a program to its end.
   * @throws Error when it cannot be started; CancelledError when the run is cancelled meanwhile
   */
  readonly run: (process: ProcessRequest) => Promise<ProcessResult>;
};
