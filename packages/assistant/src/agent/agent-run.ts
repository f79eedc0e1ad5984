import { RpcError } from '@zeke/rpc';
import type { ToolCallPart } from '../model/model-client.ts';
import { toMessages } from '../sessions/conversation.ts';
import { foldEntries } from '../sessions/fold-entries.ts';
import { recoverSession } from '../sessions/recover-session.ts';
import type { AgentDefinition } from './agent-definition.ts';
import type { AgentStatus } from './agent-event.ts';
import type { Answer } from './answer.ts';
import type { Approvals } from './approvals.ts';
import { Checks } from './checks.ts';
import { closeCalls } from './close-calls.ts';
import { ModelTurns, type ModelTurnsOptions } from './model-turns.ts';
import { unkeptBudget } from './run-budget.ts';
import { CallRunner, type CallsOutcome, prepareCalls } from './run-calls.ts';
import {
  contextIsFull,
  endOfError,
  lastStepEnd,
  type RunEnd,
  RunStop,
  refusedEnd,
  withoutEnd,
} from './run-end.ts';
import type { RunParts } from './run-parts.ts';
import { StepStatus } from './step-status.ts';
import { sweepWorktrees } from './sweep-worktrees.ts';
import { TurnHooks } from './turn-hooks.ts';

/** How often in a row an answer may be cut, empty or paused before the run ends. */
const maxContinuations = 3;

export interface AgentRunOptions extends ModelTurnsOptions {
  readonly agent: AgentDefinition;
  readonly approvals: Approvals;
  /** Words of the user that come meanwhile; the run takes them out. */
  readonly steers: string[];
}

/** Subagents of a session whose worktrees are looked for when it goes on. */
const maxChildren = 1_000;

type Step = 'go-on' | RunEnd;

/** The loop of one run, from its instruction to its end: plan, act, verify. */
export class AgentRun {
  readonly #parts: RunParts;
  readonly #options: AgentRunOptions;
  readonly #status = new StepStatus();
  readonly #checks: Checks;
  readonly #turns: ModelTurns;
  readonly #hooks: TurnHooks;
  readonly #changed = new Set<string>();
  #continuations = 0;
  #lastText = '';

  constructor(parts: RunParts, options: AgentRunOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#checks = new Checks(parts, options.approvals, options.request.verify);
    this.#turns = new ModelTurns(parts, options);
    this.#hooks = new TurnHooks(parts);
  }

  /** Never throws for what goes wrong in the run: that is its end. */
  async execute(): Promise<RunEnd> {
    try {
      await this.#requireKeptBudget();
      await this.#begin();
      for (;;) {
        const end = await this.#step();
        if (end !== 'go-on') return this.#withChanges(end);
      }
    } catch (error) {
      return this.#withChanges(endOfError(error, this.#parts.signal));
    }
  }

  /** Before anything is spent. Throws a `RunStop`. */
  async #requireKeptBudget(): Promise<void> {
    const { budget, options } = this.#parts;
    const { model } = this.#options.request;
    if (!budget.isOfMoney || options.estimateCost === undefined) return;
    const cost = await options.estimateCost(model, { inputTokens: 1_000, outputTokens: 1_000 });
    if (cost !== undefined) return;
    const message = `nobody knows what ${model} costs: ${unkeptBudget}`;
    throw new RunStop({ status: 'failed', reason: 'budget', message });
  }

  async #begin(): Promise<void> {
    const { lease, snapshots, signal } = this.#parts;
    const { agent, request } = this.#options;
    for (const { seq, reason } of lease.damaged) {
      await this.#notice(`entry ${seq} of the session cannot be read and is left out: ${reason}`);
    }
    const orphans = await recoverSession(lease, snapshots, signal);
    if (orphans > 0) await this.#notice(`calls without a result: ${orphans}; the model is told so`);
    if (snapshots === undefined && !agent.isReadOnly) {
      await this.#notice('changes cannot be undone: no snapshots are taken');
    }
    if (lease.entries.length > 0) await this.#sweepWorktrees();
    await this.#hooks.begin();
    if (request.instruction !== undefined) await this.#hear(request.instruction, 'user');
    const { active } = foldEntries(lease.entries);
    if (toMessages(active).at(-1)?.role !== 'user') {
      throw new RpcError('invalid_argument', 'there is nothing to do: say what, by an instruction');
    }
  }

  /** Of subagents that were killed with an earlier run of the session. */
  async #sweepWorktrees(): Promise<void> {
    const { lease, options, signal } = this.#parts;
    const { sessions, worktrees } = options;
    if (worktrees === undefined) return;
    const children = await sessions.list({ parentId: lease.sessionId, limit: maxChildren });
    const only = children.map(({ id }) => id);
    const left = await sweepWorktrees({ sessions, worktrees, only }, signal);
    for (const { folder, reason } of left) {
      await this.#notice(`a subagent that was cut off has left changes in ${folder}: ${reason}`);
    }
  }

  async #step(): Promise<Step> {
    const { budget, signal, lease, channel } = this.#parts;
    if (signal.aborted) throw signal.reason;
    const exceeded = budget.exceeded();
    if (exceeded !== undefined) return { status: 'failed', ...exceeded };
    for (const text of this.#options.steers.splice(0)) await this.#hear(text, 'steer');
    const isLast = budget.isLastStep;
    const step = budget.beginStep();
    await this.#tellStatus(step, this.#status.current, '');
    const answer = await this.#turns.ask(step, isLast);
    const { parts, finish, usage, model, costMicroUsd } = answer;
    await lease.append({
      kind: 'answer',
      step,
      parts,
      finish,
      isPartial: finish === 'cut' || finish === 'canceled',
      usage,
      ...(model !== undefined && { model }),
      ...(costMicroUsd !== undefined && { costMicroUsd }),
    });
    budget.add(this.#turns.counted(answer), costMicroUsd);
    await channel.send({ type: 'usage', usage: budget.usage });
    if (signal.aborted) throw signal.reason;
    return this.#take(answer, step, isLast);
  }

  /** What an answer leads to. */
  async #take(answer: Answer, step: number, isLast: boolean): Promise<Step> {
    const text = textOf(answer);
    if (text !== '') this.#lastText = text;
    const calls = answer.parts.filter((part) => part.type === 'tool-call');
    switch (answer.finish) {
      case 'refusal':
      case 'content-filter':
        await closeCalls(this.#parts.lease, 'It was not run: the answer was stopped.');
        return refusedEnd(answer.finish, text);
      case 'context-length':
        return this.#compactAndGoOn(step);
      case 'cut':
        return this.#continue(
          'The connection broke in the middle of your answer. Go on exactly where it ends; do not repeat what is there.',
        );
      case 'pause':
        if (calls.length === 0) return this.#continue('Go on.');
        break;
      case 'length':
        return this.#afterLength(calls, step);
      default:
        break;
    }
    if (calls.length > 0) return this.#act(calls, step);
    if (text !== '') return this.#finish(step, isLast);
    return this.#continue('You ended without a word. Say what you did and what is left, or go on.');
  }

  async #act(calls: readonly ToolCallPart[], step: number): Promise<Step> {
    this.#continuations = 0;
    const outcome = await this.#runCalls(calls, step);
    const { signal } = this.#parts;
    if (signal.aborted) throw signal.reason;
    for (const path of outcome.changedPaths) this.#changed.add(path);
    if (outcome.changedPaths.length > 0) {
      await this.#options.context.noteChanges(outcome.changedPaths);
    }
    if (outcome.stop !== undefined) return { status: 'failed', ...outcome.stop };
    const parts = await this.#options.context.touch(outcome.touchedPaths, signal);
    const texts = parts.filter((part) => part.type === 'text');
    if (texts.length > 0) {
      const text = texts.map((part) => part.text).join('\n');
      await this.#parts.lease.append({ kind: 'user', origin: 'context', text, parts: texts });
    }
    return 'go-on';
  }

  async #runCalls(calls: readonly ToolCallPart[], step: number): Promise<CallsOutcome> {
    const { channel, registry, lease } = this.#parts;
    const prepared = prepareCalls(calls, this.#parts);
    // A deferred tool that is called by its name has been found.
    const found = calls.map(({ name }) => name).filter((name) => registry.isDeferred(name));
    if (found.length > 0) await lease.append({ kind: 'tools', names: found });
    const titles = prepared.map(({ title }) => title).join(', ');
    await this.#tellStatus(step, this.#status.before(prepared), titles);
    for (const { part, title } of prepared) {
      const { id, name } = part;
      await channel.send({
        type: 'tool-call',
        step,
        callId: id,
        name,
        arguments: part.arguments,
        title,
      });
    }
    const outcome = await new CallRunner(this.#parts, this.#options.approvals, step).run(prepared);
    this.#status.after(outcome.changedPaths.length > 0);
    const why = this.#parts.signal.aborted ? 'canceled' : 'stopped';
    await closeCalls(lease, `It was not run: the run was ${why}.`);
    return outcome;
  }

  /** The model says that it is done. */
  async #finish(step: number, isLast: boolean): Promise<Step> {
    if (this.#options.steers.length > 0) return 'go-on';
    if (isLast) return lastStepEnd(this.#lastText, this.#parts.budget.maxSteps);
    const checked = await this.#checks.run(step, [...this.#changed], (text) =>
      this.#tellStatus(step, 'verifying', text),
    );
    if (checked.kind === 'again') return await this.#sendBack(checked.text);
    const more = checked.kind === 'passed' ? await this.#hooks.finish(this.#lastText) : undefined;
    if (more !== undefined) return await this.#sendBack(more);
    const message = [this.#lastText, checked.note].filter(Boolean).join('\n\n');
    return checked.kind === 'passed'
      ? { status: 'completed', reason: 'done', message }
      : { status: 'failed', reason: 'repeated-failure', message };
  }

  async #sendBack(text: string): Promise<'go-on'> {
    await this.#speak(text);
    return 'go-on';
  }

  async #compactAndGoOn(step: number): Promise<Step> {
    const { lease } = this.#parts;
    await closeCalls(lease, 'It was not run: the answer did not fit the window.');
    this.#continuations += 1;
    if (this.#continuations > 1) return contextIsFull;
    return (await this.#turns.compact(step)) ? 'go-on' : contextIsFull;
  }

  /** Calls that are whole are run; the last one, cut off, is told to be sent in smaller pieces. */
  async #afterLength(calls: readonly ToolCallPart[], step: number): Promise<Step> {
    if (calls.length === 0 && this.#options.request.maxOutputTokens !== undefined) {
      return { status: 'completed', reason: 'max-tokens', message: this.#lastText };
    }
    if (calls.length === 0) {
      return this.#continue(
        'Your answer was cut at its limit of length. Go on exactly where it ends; do not repeat what is there.',
      );
    }
    const acted = await this.#act(calls, step);
    if (acted !== 'go-on') return acted;
    return this.#continue(
      'Your answer was cut at its limit of length, maybe in its last call: send long content in smaller pieces.',
    );
  }

  async #continue(text: string): Promise<Step> {
    this.#continuations += 1;
    if (this.#continuations > maxContinuations) return withoutEnd(this.#continuations);
    await this.#speak(text);
    return 'go-on';
  }

  /** Words of the user, with what their mentions stand for. */
  async #hear(text: string, origin: 'user' | 'steer'): Promise<void> {
    const { lease, channel, guard, signal } = this.#parts;
    const { attachments = {} } = this.#options.request;
    const added = await this.#hooks.hear(text);
    const expanded = await this.#options.context.expand(text, attachments, signal);
    for (const notice of expanded.notices) await this.#notice(notice);
    const whole = [...expanded.parts, ...added];
    const parts = whole.filter((part) => part.type === 'text' || part.type === 'image');
    await lease.append({ kind: 'user', origin, text, parts });
    guard.clear();
    if (origin === 'steer') await channel.send({ type: 'steered', text });
  }

  /** zeke's own words to the model. */
  async #speak(text: string): Promise<void> {
    await this.#parts.lease.append({
      kind: 'user',
      origin: 'zeke',
      text,
      parts: [{ type: 'text', text: `[${text}]` }],
    });
  }

  /** What people should know of a run that did not come to its end. */
  #withChanges(end: RunEnd): RunEnd {
    if (end.status === 'completed' || this.#changed.size === 0) return end;
    return {
      ...end,
      message: `${end.message}\n\nChanged so far: ${[...this.#changed].join(', ')}`,
    };
  }

  async #tellStatus(step: number, status: AgentStatus, description: string): Promise<void> {
    await this.#parts.channel.send({ type: 'step', step, status, description });
  }

  async #notice(text: string): Promise<void> {
    await this.#parts.channel.send({ type: 'notice', text });
  }
}

function textOf({ parts }: Answer): string {
  return parts
    .filter((part) => part.type === 'text')
    .map(({ text }) => text)
    .join('')
    .trim();
}
