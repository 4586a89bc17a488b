/**
 * Measures programs against each other. Each contender is a process of its own, so that none pays
 * for another's garbage; their blocks alternate, so that a slow minute of the machine slows all.
 *
 * What a contender's process speaks, one JSON a line: first `{"ready": VERSION}`; then for each
 * number of steps on its standard input `{"cpuSeconds": …, "wallSeconds": …}` of that many steps; at
 * any time `{"failure": MESSAGE}`. `serve.ts` and `python/serve.py` are such processes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export type Contender = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: { readonly [name: string]: string };
};

export type Rate = { readonly stepsPerSecond: number; readonly version: string };

const BLOCKS = 7;
const WARM_UP_SECONDS = 1;
/** A contender so slow that its blocks take longer than this together gets fewer of them. */
const PATIENCE_SECONDS = 20;

type Answer = {
  readonly ready?: string;
  readonly failure?: string;
  readonly cpuSeconds?: number;
  readonly wallSeconds?: number;
};

class Running {
  version = "";
  steps = 1;
  spentSeconds = 0;
  readonly rates: number[] = [];
  readonly #child: ChildProcess;
  readonly #lines: AsyncIterator<string>;
  readonly #clock: "cpuSeconds" | "wallSeconds";

  constructor({ command, args, env }: Contender, clock: "cpuSeconds" | "wallSeconds") {
    this.#clock = clock;
    this.#child = spawn(command, args, {
      stdio: ["pipe", "pipe", process.env["BENCH_VERBOSE"] ? "inherit" : "ignore"],
      env: { ...process.env, ...env },
    });
    this.#child.on("error", () => {}); // the missing answer tells it
    this.#child.stdin!.on("error", () => {});
    this.#lines = createInterface({ input: this.#child.stdout! })[Symbol.asyncIterator]();
  }

  async #answer(): Promise<Answer> {
    const { value, done } = await this.#lines.next();
    if (done) throw new Error("its process ended (BENCH_VERBOSE=1 shows what it says)");
    const answer = JSON.parse(value) as Answer;
    if (answer.failure !== undefined) throw new Error(answer.failure);
    return answer;
  }

  /** Waits for it to be ready, warms it up, and finds how many steps fill a block. */
  async start(blockSeconds: number): Promise<void> {
    this.version = (await this.#answer()).ready ?? "";
    await this.block(1); // compiles, allocates
    let warm = 0;
    for (let seconds = 0; warm < WARM_UP_SECONDS || seconds < blockSeconds / 2; warm += seconds) {
      seconds = await this.block(this.steps);
      const wanted = (this.steps * blockSeconds) / Math.max(seconds, 1e-6);
      this.steps = Math.max(1, Math.ceil(Math.min(wanted, 8 * this.steps)));
    }
    this.spentSeconds = 0;
  }

  /** Runs `steps` steps and returns the seconds they took. */
  async block(steps: number): Promise<number> {
    this.#child.stdin!.write(`${steps}\n`);
    const seconds = (await this.#answer())[this.#clock]!;
    this.spentSeconds += seconds;
    return seconds;
  }

  end(): void {
    this.#child.kill();
  }
}

/**
 * The median rate of each contender that does not fail; failures are told on standard error.
 * @param seconds that the blocks of each should take together
 * @param clock CPU time of the whole process, or the time on the wall
 */
export async function alternate(
  contenders: readonly Contender[],
  seconds: number,
  clock: "cpuSeconds" | "wallSeconds",
): Promise<Map<string, Rate>> {
  const running = new Map<string, Running>();
  const attempt = async (name: string, task: () => Promise<unknown>): Promise<void> => {
    try {
      await task();
    } catch (error) {
      console.error(`bench: ${name} fails: ${(error as Error).message}`);
      running.get(name)?.end();
      running.delete(name);
    }
  };
  try {
    for (const contender of contenders)
      await attempt(contender.name, () => {
        const process = new Running(contender, clock);
        running.set(contender.name, process);
        return process.start(seconds / BLOCKS);
      });
    for (let n = 0; n < BLOCKS; n++)
      for (const [name, contender] of [...running]) {
        if (contender.rates.length > 0 && contender.spentSeconds > PATIENCE_SECONDS) continue;
        await attempt(name, async () => {
          contender.rates.push(contender.steps / (await contender.block(contender.steps)));
        });
      }
    return new Map(
      [...running].map(([name, { rates, version }]) => [
        name,
        { stepsPerSecond: rates.sort((a, b) => a - b)[rates.length >> 1]!, version },
      ]),
    );
  } finally {
    for (const contender of running.values()) contender.end();
  }
}
