import { lstat } from 'node:fs/promises';
import { relative } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { Agent } from '../agent/agent.ts';
import type { AgentEvent, AgentUsage } from '../agent/agent-event.ts';
import type { RunLimits } from '../agent/run-budget.ts';
import type { Project } from '../project/project.ts';
import { resolvePath } from '../project/resolve-path.ts';
import type { SessionStore } from '../sessions/session-store.ts';
import type { Snapshots } from '../snapshots/snapshots.ts';
import type { ShellHost } from '../tools/shell/shell-host.ts';
import { coveredLines, type LineHits } from './coverage.ts';
import { findRunner, type TestRunner } from './find-runner.ts';
import { firstInstruction, nextInstruction } from './instructions.ts';
import { judgeTests, type UnitVerdict } from './judge-tests.ts';
import { runnerKinds } from './runner-kinds.ts';
import { type ChangedTest, TestChanges } from './test-changes.ts';
import { isTestFile } from './test-files.ts';
import { testJudge } from './test-judge.ts';
import { type TestRun, TestRuns } from './test-runs.ts';

/** How often the agent is told what is wrong with its tests and may mend them. */
const maxMendings = 2;
/** Of one run of tests, unless told otherwise. */
const defaultTestTimeoutMs = 300_000;

export interface TestGenOptions {
  readonly agent: Agent;
  readonly sessions: SessionStore;
  readonly snapshots: (project: Project) => Snapshots;
  /** Runs the tests; the session's commands are ended with it. */
  readonly shell: ShellHost;
}

export interface TestGenRequest {
  readonly project: Project;
  /** Absolute; `path` and `command` start here. */
  readonly cwd: string;
  /** The file that gets tests. */
  readonly path: string;
  readonly model: string;
  /** What runs the tests, for bash; else it is found. */
  readonly command?: string;
  /** What the user says of it. */
  readonly hint?: string;
  readonly limits?: RunLimits;
  readonly testTimeoutMs?: number;
}

interface KeptTest extends ChangedTest {
  /** Tests that passed in its unit; undefined where the runner does not say. */
  readonly passed: number | undefined;
  /** Lines of the target that no test ran before, in order; undefined where that is not known. */
  readonly newLines: readonly number[] | undefined;
}

/** Of the target, in lines that can run. */
interface CoverageGain {
  readonly before: number;
  readonly after: number;
  readonly total: number;
}

/** What it tells: the session first, what is done, and what came of it. Each round of the agent has an end. */
export type TestGenEvent =
  | { readonly type: 'agent'; readonly event: AgentEvent }
  | { readonly type: 'note'; readonly text: string }
  | {
      readonly type: 'done';
      readonly kept: readonly KeptTest[];
      /** Put back as they were, with the reason. */
      readonly dropped: readonly { readonly path: string; readonly reason: string }[];
      /** Undefined where the runner cannot say which lines tests run. */
      readonly coverage: CoverageGain | undefined;
      /** What ran the tests. */
      readonly command: string;
      /** The agent's last words. */
      readonly message: string;
      readonly sessionId: string;
      /** Of the agent, in all its rounds. */
      readonly usage: AgentUsage;
    };

/**
 * Writes tests for a file: an agent that can write files with tests and run them, and nothing else. What
 * stays has passed twice and runs lines of the file that no test ran before; all else that it wrote is put
 * back, also where this is canceled or fails. Throws `not_found` and `invalid_argument` for a file that is
 * none or holds tests itself, `failed_precondition` where nothing says how tests are run, `aborted` where
 * the file was changed meanwhile, and `unavailable` where the agent fails before it has written any test.
 */
export async function* generateTests(
  options: TestGenOptions,
  request: TestGenRequest,
  signal: AbortSignal,
): AsyncGenerator<TestGenEvent> {
  const { cwd, model, project } = request;
  const { root } = project;
  const target = await targetOf(request);
  const { command } = request;
  const found = { root, target, cwd, ...(command === undefined ? {} : { command }) };
  const runner = await findRunner(found);
  const session = await options.sessions.create({
    project,
    cwd: runner.cwd,
    agent: 'build',
    model,
  });
  const place = { project, cwd: runner.cwd, sessionId: session.id };
  const timeoutMs = request.testTimeoutMs ?? defaultTestTimeoutMs;
  yield { type: 'agent', event: { type: 'start', sessionId: session.id, model } };
  const runs = new TestRuns({ shell: options.shell, place, runner, target, timeoutMs });
  try {
    const shown = `${runner.command} ${runner.all}`.trim();
    yield { type: 'note', text: `running the tests as they are: ${shown}` };
    const before = await runs.cover(undefined, signal);
    yield { type: 'note', text: toldBefore(before, runner, relative(root, target)) };
    const changes = await TestChanges.begin(options.snapshots(project), signal);
    const generation = new Generation(options, request, { target, runner, runs, before, changes });
    try {
      yield* generation.run(session.id, signal);
    } finally {
      if (!generation.isSettled) await changes.takeAllBack();
    }
  } finally {
    await options.shell.endSession(session.id);
  }
}

async function targetOf({ cwd, path, project }: TestGenRequest): Promise<string> {
  const resolved = await resolvePath({ project, cwd }, path);
  if (!resolved.exists) throw new RpcError('not_found', `${path}: there is no such file`);
  const refuse = (why: string) => new RpcError('invalid_argument', `${resolved.shown}: ${why}`);
  if (!resolved.isInside) throw refuse(`it is not in the project ${project.root}`);
  if (!(await lstat(resolved.path)).isFile()) throw refuse('it is no file: name the one to test');
  if (isTestFile(resolved.shown)) throw refuse('it holds tests itself: name the file they are for');
  return resolved.path;
}

function toldBefore(
  { hits, run }: { readonly run: TestRun; readonly hits: LineHits | undefined },
  { name }: TestRunner,
  target: string,
): string {
  const state = run.isPassed || run.isEmpty ? '' : '; they do not all pass';
  const { coverageNeeds } = runnerKinds[name];
  if (hits === undefined) {
    const advice = coverageNeeds === undefined ? '' : ` (${name} says it with ${coverageNeeds})`;
    return `which lines tests run is not known${advice}${state}`;
  }
  if (hits.size === 0) return `no test runs ${target}${state}`;
  const covered = coveredLines(hits).length;
  return `tests run ${covered} of ${hits.size} lines of ${target}${state}`;
}

interface GenerationParts {
  readonly target: string;
  readonly runner: TestRunner;
  readonly runs: TestRuns;
  readonly before: { readonly run: TestRun; readonly hits: LineHits | undefined };
  readonly changes: TestChanges;
}

/** Rounds of writing and judging, until all is well or no round is left. */
class Generation {
  /** What does not stay has been put back. */
  isSettled = false;
  readonly #options: TestGenOptions;
  readonly #request: TestGenRequest;
  readonly #parts: GenerationParts;
  #end: Extract<AgentEvent, { type: 'end' }> | undefined;
  readonly #used: AgentUsage[] = [];

  constructor(options: TestGenOptions, request: TestGenRequest, parts: GenerationParts) {
    this.#options = options;
    this.#request = request;
    this.#parts = parts;
  }

  async *run(sessionId: string, signal: AbortSignal): AsyncGenerator<TestGenEvent> {
    const { before, changes, runner, runs, target } = this.#parts;
    const { hint, project } = this.#request;
    const { root } = project;
    const first = { target: relative(root, target), root, runner, before: before.hits };
    let instruction = firstInstruction({ ...first, ...(hint === undefined ? {} : { hint }) });
    let tests: readonly ChangedTest[] = [];
    let verdicts: readonly UnitVerdict[] = [];
    let tree = '';
    for (let round = 0; ; round++) {
      yield* this.#write(sessionId, instruction, signal);
      const list = await changes.list(root, target, signal);
      if (list.isTargetChanged) throw changedTarget(first.target);
      if (list.tree === tree) break;
      ({ tests, tree } = list);
      const files = tests.map(({ path }) => path);
      if (files.length > 0) yield { type: 'note', text: `judging ${files.join(', ')}` };
      verdicts = await judgeTests(runs, files, before.hits, signal);
      const isGood = verdicts.every(({ kind }) => kind === 'kept');
      if (isGood || round === maxMendings || this.#end?.status !== 'completed') break;
      instruction = nextInstruction(verdicts, before.hits);
    }
    if (tests.length === 0 && this.#end?.status !== 'completed') throw failed(this.#end?.message);
    yield { type: 'note', text: 'putting back what does not stay' };
    yield* this.#settle(verdicts, tests, sessionId, signal);
  }

  async *#write(
    sessionId: string,
    instruction: string,
    signal: AbortSignal,
  ): AsyncGenerator<TestGenEvent> {
    const { changes, runner } = this.#parts;
    const { model, project } = this.#request;
    const { root } = project;
    const run = {
      sessionId,
      instruction,
      model,
      mode: 'auto-edit' as const,
      onAsk: 'deny' as const,
      verify: 'by-caller' as const,
      confine: (judge: Parameters<typeof testJudge>[0]['judge']) =>
        testJudge({ judge, root, runner }),
      limits: limitsLeft(this.#request.limits ?? {}, this.#used),
    };
    for await (const event of this.#options.agent.run(run, signal)) {
      changes.note(event);
      if (event.type === 'end') {
        this.#end = event;
        this.#used.push(event.usage);
      }
      // It was told before the first round.
      if (event.type !== 'start') yield { type: 'agent', event };
    }
    if (signal.aborted || this.#end?.status === 'canceled') {
      throw new RpcError('canceled', 'the generation of tests was canceled');
    }
  }

  async *#settle(
    verdicts: readonly UnitVerdict[],
    tests: readonly ChangedTest[],
    sessionId: string,
    signal: AbortSignal,
  ): AsyncGenerator<TestGenEvent> {
    const { before, changes, runner } = this.#parts;
    const kept = verdicts.filter((verdict) => verdict.kind === 'kept');
    const dropped = verdicts.flatMap((verdict) =>
      verdict.kind === 'kept'
        ? []
        : verdict.files.map((path) => ({ path, reason: verdict.reason })),
    );
    const left = [...(await changes.takeBack(dropped.map(({ path }) => path)))];
    const harm = kept.length === 0 ? undefined : await this.#harm(kept, tests, signal);
    if (harm !== undefined) {
      const paths = kept.splice(0).flatMap(({ files }) => files);
      left.push(...(await changes.takeBack(paths)));
      dropped.push(...paths.map((path) => ({ path, reason: harm })));
    }
    this.isSettled = true;
    if (left.length > 0) {
      const text = `left as they are, since somebody else changed them: ${left.join(', ')}`;
      yield { type: 'note', text };
    }
    yield {
      type: 'done',
      kept: kept.flatMap(({ files, newLines, passed }) =>
        tests.flatMap((test) => (files.includes(test.path) ? [{ ...test, newLines, passed }] : [])),
      ),
      dropped,
      coverage: gainOf(before.hits, kept),
      command: runner.command,
      message: this.#end?.message ?? '',
      sessionId,
      usage: sumOf(this.#used),
    };
  }

  /** What is worse with the kept tests among all others; undefined: nothing. */
  async #harm(
    kept: readonly UnitVerdict[],
    tests: readonly ChangedTest[],
    signal: AbortSignal,
  ): Promise<string | undefined> {
    const { before, runs } = this.#parts;
    const wasGood = before.run.isPassed || before.run.isEmpty;
    const all = await runs.run(undefined, signal);
    if (wasGood && !all.isPassed) return `with it, not all tests pass:\n${all.text}`;
    const isChanged = tests.some(
      ({ isNew, path }) => !isNew && kept.some(({ files }) => files.includes(path)),
    );
    if (!isChanged || before.hits === undefined) return undefined;
    const { hits } = await runs.cover(undefined, signal);
    const lost = coveredLines(before.hits).filter((line) => (hits?.get(line) ?? 0) === 0);
    return lost.length === 0 ? undefined : 'with it, lines are no longer run that were run before';
  }
}

/** The limits are those of all rounds together, but for the time, which each round has. */
function limitsLeft(limits: RunLimits, rounds: readonly AgentUsage[]): RunLimits {
  const { budgetMicroUsd, maxSteps, maxTokens, ...others } = limits;
  const { costMicroUsd = 0, inputTokens, outputTokens, steps } = sumOf(rounds);
  const left = (limit: number, spent: number) => Math.max(1, limit - spent);
  return {
    ...others,
    ...(maxSteps === undefined ? {} : { maxSteps: left(maxSteps, steps) }),
    ...(maxTokens === undefined ? {} : { maxTokens: left(maxTokens, inputTokens + outputTokens) }),
    ...(budgetMicroUsd === undefined ? {} : { budgetMicroUsd: left(budgetMicroUsd, costMicroUsd) }),
  };
}

function sumOf(rounds: readonly AgentUsage[]): AgentUsage {
  const sum = (count: (usage: AgentUsage) => number) =>
    rounds.reduce((total, usage) => total + count(usage), 0);
  const isCostKnown = rounds.some(({ costMicroUsd }) => costMicroUsd !== undefined);
  return {
    steps: sum(({ steps }) => steps),
    inputTokens: sum(({ inputTokens }) => inputTokens),
    outputTokens: sum(({ outputTokens }) => outputTokens),
    cachedInputTokens: sum(({ cachedInputTokens }) => cachedInputTokens),
    ...(isCostKnown ? { costMicroUsd: sum(({ costMicroUsd = 0 }) => costMicroUsd) } : {}),
  };
}

function gainOf(
  before: LineHits | undefined,
  kept: readonly Extract<UnitVerdict, { kind: 'kept' }>[],
): CoverageGain | undefined {
  if (before === undefined || kept.some(({ newLines }) => newLines === undefined)) return undefined;
  const lines = new Set(before.keys());
  for (const { hits } of kept) for (const line of hits?.keys() ?? []) lines.add(line);
  const covered = coveredLines(before).length;
  const gained = kept.reduce((sum, { newLines = [] }) => sum + newLines.length, 0);
  return { before: covered, after: covered + gained, total: lines.size };
}

function changedTarget(target: string): RpcError {
  const message = `${target} was changed while tests were written for it: run it again`;
  return new RpcError('aborted', message);
}

function failed(message = 'it said nothing'): RpcError {
  return new RpcError('unavailable', `no test was written: ${message}`);
}
