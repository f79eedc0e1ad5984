import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import type { Subprocess } from 'bun';
import { pinned } from '../gateway/processes.ts';
import type { Job, JobResult } from './job.ts';
import type { PeerName } from './peers/names.ts';

const startLimitMs = 30_000;
const jobLimitMs = 120_000;

type Child = Subprocess<'pipe', 'pipe', 'inherit'>;

/** A server or a client of the benchmark in a process of its own, on one core. */
export class BenchmarkProcess implements AsyncDisposable {
  readonly pid: number;
  readonly #child: Child;
  readonly #lines: AsyncIterator<string>;

  private constructor(child: Child) {
    this.#child = child;
    this.pid = child.pid;
    const lines = createInterface({ input: streamOf(child.stdout) });
    this.#lines = lines[Symbol.asyncIterator]();
  }

  /** Starts it, and waits until it says `ready`. */
  static async start(
    kind: 'server' | 'client',
    core: string,
    name: PeerName,
    address: string,
    env: Record<string, string>,
  ): Promise<BenchmarkProcess> {
    const script = `${import.meta.dirname}/${kind}-process.ts`;
    return await BenchmarkProcess.run(core, [process.execPath, script, name, address], env);
  }

  /** The same for any command that prints `ready`. */
  static async run(
    core: string,
    command: readonly string[],
    env: Record<string, string> = {},
  ): Promise<BenchmarkProcess> {
    const child = Bun.spawn(pinned(core, command), {
      stdin: 'pipe',
      stdout: 'pipe',
      stderr: 'inherit',
      env: { ...process.env, ...env },
    });
    const started = new BenchmarkProcess(child);
    const line = await started.#line(startLimitMs);
    if (line === 'ready') return started;
    await started[Symbol.asyncDispose]();
    throw new Error(`${command.join(' ')} did not start: ${line}`);
  }

  async job(job: Job): Promise<JobResult> {
    this.#child.stdin.write(`${JSON.stringify(job)}\n`);
    await this.#child.stdin.flush();
    return JSON.parse(await this.#line(jobLimitMs)) as JobResult;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exited;
  }

  async #line(limitMs: number): Promise<string> {
    const limit = Promise.withResolvers<never>();
    const timer = setTimeout(() => limit.reject(new Error('a process does not answer')), limitMs);
    try {
      const result = await Promise.race([this.#lines.next(), limit.promise]);
      if (result.done) throw new Error('a process has ended before its answer');
      return result.value;
    } finally {
      clearTimeout(timer);
    }
  }
}

/** A child's output for `node:readline`. */
function streamOf(output: ReadableStream<Uint8Array>): NodeJS.ReadableStream {
  return Readable.fromWeb(output as Parameters<typeof Readable.fromWeb>[0]);
}
