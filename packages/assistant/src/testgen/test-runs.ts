import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { readBoundedFile } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { ShellHost } from '../tools/shell/shell-host.ts';
import type { ToolPlace } from '../tools/tool.ts';
import { goHits, type LineHits, lcovHits } from './coverage.ts';
import type { TestRunner } from './find-runner.ts';
import { noTests, type RunnerKind, runnerKinds } from './runner-kinds.ts';

/** What a shell ends with where there is no such program. */
const notFoundCode = 127;

/** A larger report is not read. */
const maxReportBytes = 64 * 1024 * 1024;

export interface TestRunsOptions {
  readonly shell: ShellHost;
  readonly place: ToolPlace;
  readonly runner: TestRunner;
  /** Absolute: the file whose lines count. */
  readonly target: string;
  /** Of one run of tests. */
  readonly timeoutMs: number;
}

/** How a run of tests went. */
export interface TestRun {
  /** They ended well; where the runner says how many, there was at least one. */
  readonly isPassed: boolean;
  /** The runner found nothing to run. */
  readonly isEmpty: boolean;
  /** Undefined where the runner does not say. */
  readonly passed: number | undefined;
  /** What was printed, cut in the middle where it is long. */
  readonly text: string;
}

/** Runs tests as the shell tool runs commands: in the project's sandbox, where there is one. */
export class TestRuns {
  readonly #options: TestRunsOptions;
  readonly #kind: RunnerKind;

  constructor(options: TestRunsOptions) {
    this.#options = options;
    this.#kind = runnerKinds[options.runner.name];
  }

  /** Files (relative to the project's root) that can only be run together have the same. */
  unitOf(file: string): string {
    return this.#kind.unit?.(file) ?? file;
  }

  /**
   * Runs these files, relative to the project's root, or all tests. Throws `failed_precondition` where the
   * runner is not installed.
   */
  async run(files: readonly string[] | undefined, signal: AbortSignal): Promise<TestRun> {
    const { command } = this.#options.runner;
    const run = await this.#start(`${command} ${this.#named(files)}`, signal);
    if (run.exitCode !== notFoundCode) return run;
    throw new RpcError(
      'failed_precondition',
      `the tests cannot be run by ${JSON.stringify(command)}: ${run.text}; install it, or say with --command what runs them`,
    );
  }

  /** The lines of the target that these tests run; undefined where the runner cannot say. */
  async cover(
    files: readonly string[] | undefined,
    signal: AbortSignal,
  ): Promise<{ readonly run: TestRun; readonly hits: LineHits | undefined }> {
    const { place, runner, shell, target } = this.#options;
    const name = `coverage-${randomBytes(6).toString('hex')}`;
    const folder = `"$TMPDIR"/${name}`;
    const words = this.#kind.coverage?.(folder, relative(runner.cwd, target));
    if (words === undefined) return { run: await this.run(files, signal), hits: undefined };
    const { arguments: how, before = '', command: covering = (plain) => plain, report } = words;
    const program = `${before} ${covering(runner.command)}`.trim();
    const command = `mkdir -p ${folder} && ${program} ${how} ${this.#named(files)}`;
    const outside = join(shell.temporaryFolder(place.sessionId), name);
    try {
      const run = await this.#start(command, signal);
      const text = await readReport(join(outside, report));
      if (text !== undefined) return { run, hits: await this.#hits(text) };
      if (run.isEmpty) return { run, hits: new Map() };
      // Where what counts lines is not installed, that says nothing of the tests.
      return { run: run.isPassed ? run : await this.run(files, signal), hits: undefined };
    } finally {
      await rm(outside, { recursive: true, force: true });
    }
  }

  #named(files: readonly string[] | undefined): string {
    const { place, runner } = this.#options;
    if (files === undefined || this.#kind.files === undefined) return runner.all;
    const { root } = place.project;
    return this.#kind.files(files.map((file) => relative(runner.cwd, join(root, file))));
  }

  async #hits(report: string): Promise<LineHits> {
    const { runner, target } = this.#options;
    if (runner.name !== 'go') return lcovHits(report, runner.cwd, target);
    const manifest = await readReport(join(runner.cwd, 'go.mod'));
    const module = /^module\s+"?([^\s"]+)/m.exec(manifest ?? '')?.[1] ?? '';
    return goHits(report, `${module}/${relative(runner.cwd, target)}`);
  }

  async #start(
    command: string,
    signal: AbortSignal,
  ): Promise<TestRun & { readonly exitCode: number | undefined }> {
    const { place, runner, shell, timeoutMs } = this.#options;
    signal.throwIfAborted();
    const running = await shell.start(place, {
      command: command.trim(),
      cwd: runner.cwd,
      reach: undefined,
      hasTerminal: false,
      hasInput: false,
      timeoutMs,
      onOutput: () => {},
    });
    const stop = (): void => running.stop();
    signal.addEventListener('abort', stop, { once: true });
    if (signal.aborted) stop();
    const end = await running.ended;
    signal.removeEventListener('abort', stop);
    if (signal.aborted) throw new RpcError('canceled', 'the generation of tests was canceled');
    const printed = running.output.text(running.outputPath).trim();
    const late = `[ended after ${timeoutMs / 1_000} seconds, which is the limit]`;
    const text = end.endedBy === 'time-limit' ? `${printed}\n${late}` : printed;
    const passed = passedIn(text, this.#kind.passed);
    const { exitCode } = end;
    const isNone = exitCode === 0 && passed === 0;
    const isEmpty = exitCode !== undefined && (passed ?? 0) === 0 && (isNone || noTests.test(text));
    return { isPassed: exitCode === 0 && passed !== 0, isEmpty, passed, text, exitCode };
  }
}

function passedIn(text: string, pattern: RegExp | undefined): number | undefined {
  if (pattern === undefined) return undefined;
  if (pattern.global) return text.match(pattern)?.length ?? 0;
  return Number(pattern.exec(text)?.[1] ?? 0);
}

/** Undefined where it is not there, or too large. */
async function readReport(path: string): Promise<string | undefined> {
  try {
    return (await readBoundedFile(path, maxReportBytes)).toString();
  } catch {
    return undefined;
  }
}
