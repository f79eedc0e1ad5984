import { RpcError } from '@zeke/rpc';
import type { ContextBuilder } from '../context/context-builder.ts';
import { estimateTokens } from '../context/tokens/estimate-tokens.ts';
import type { ModelInfo, ModelRequest, ModelUsage, ToolCallPart } from '../model/model-client.ts';
import { openCalls, toMessages } from '../sessions/conversation.ts';
import { foldEntries } from '../sessions/fold-entries.ts';
import { recoverSession } from '../sessions/recover-session.ts';
import type { EntryOf } from '../sessions/session-entry.ts';
import type { AgentDefinition } from './agent-definition.ts';
import type { AgentStatus } from './agent-event.ts';
import type { RunRequest } from './agent-options.ts';
import type { Answer } from './answer.ts';
import type { Approvals } from './approvals.ts';
import { askModel } from './ask-model.ts';
import { Checks } from './checks.ts';
import { CallRunner, type CallsOutcome, prepareCalls } from './run-calls.ts';
import {
  contextIsFull,
  lastStepEnd,
  type RunEnd,
  RunStop,
  refusedEnd,
  withoutEnd,
} from './run-end.ts';
import type { RunParts } from './run-parts.ts';
import { StepStatus } from './step-status.ts';
import { systemPrompt } from './system-prompt.ts';
import { waitMs } from './wait-ms.ts';

/** How often in a row an answer may be cut, empty or paused before the run ends. */
const maxContinuations = 3;

export interface AgentRunOptions {
  readonly request: RunRequest;
  readonly agent: AgentDefinition;
  readonly approvals: Approvals;
  readonly context: ContextBuilder;
  readonly info: ModelInfo | undefined;
  /** Words of the user that come meanwhile; the run takes them out. */
  readonly steers: string[];
}

type Step = 'go-on' | RunEnd;

/** The loop of one run, from its instruction to its end: plan, act, verify. */
export class AgentRun {
  readonly #parts: RunParts;
  readonly #options: AgentRunOptions;
  readonly #status = new StepStatus();
  readonly #checks: Checks;
  readonly #changed = new Set<string>();
  #base = '';
  #system = '';
  #continuations = 0;
  #lastText = '';
  #costToldUnknown = false;
  #sentTokens = 0;

  constructor(parts: RunParts, options: AgentRunOptions) {
    this.#parts = parts;
    this.#options = options;
    this.#checks = new Checks(parts, options.approvals, options.request.verify ?? []);
  }

  /** Never throws for what goes wrong in the run: that is its end. */
  async execute(): Promise<RunEnd> {
    try {
      await this.#begin();
      for (;;) {
        const end = await this.#step();
        if (end !== 'go-on') return this.#withChanges(end);
      }
    } catch (error) {
      return this.#withChanges(this.#endOf(error));
    }
  }

  async #begin(): Promise<void> {
    const { lease, snapshots, signal, project, cwd, mode, options } = this.#parts;
    const { agent, request } = this.#options;
    const orphans = await recoverSession(lease, snapshots, signal);
    if (orphans > 0) await this.#notice(`${orphans} calls were interrupted; the model is told so`);
    for (const { seq, reason } of lease.damaged) {
      await this.#notice(`entry ${seq} of the session cannot be read and is left out: ${reason}`);
    }
    if (snapshots === undefined && !agent.isReadOnly)
      await this.#notice('changes cannot be undone: no snapshots are taken');
    if (request.instruction !== undefined) await this.#hear(request.instruction, 'user');
    const { active } = foldEntries(lease.entries);
    if (toMessages(active).at(-1)?.role !== 'user') {
      throw new RpcError('invalid_argument', 'there is nothing to do: say what, by an instruction');
    }
    this.#base =
      agent.system ?? (await systemPrompt({ agent, mode, project, cwd, nowMs: options.now() }));
    await this.#readSystem();
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
    const answer = await this.#ask(step, isLast);
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
    budget.add(this.#counted(answer), costMicroUsd);
    await channel.send({ type: 'usage', usage: budget.usage });
    if (budget.isCostUnknown && !this.#costToldUnknown) {
      this.#costToldUnknown = true;
      await this.#notice('nobody says what answers cost: the budget cannot be kept');
    }
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
        await this.#closeCalls('It was not run: the answer was stopped.');
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
    if (text === '')
      return this.#continue(
        'You ended without a word. Say what you did and what is left, or go on.',
      );
    return this.#finish(step, isLast);
  }

  async #act(calls: readonly ToolCallPart[], step: number): Promise<Step> {
    this.#continuations = 0;
    const outcome = await this.#runCalls(calls, step);
    const { signal } = this.#parts;
    if (signal.aborted) throw signal.reason;
    for (const path of outcome.changedPaths) this.#changed.add(path);
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
    await this.#closeCalls(
      this.#parts.signal.aborted
        ? 'It was not run: the run was canceled.'
        : 'It was not run: the run was stopped.',
    );
    return outcome;
  }

  /** The model says that it is done. */
  async #finish(step: number, isLast: boolean): Promise<Step> {
    if (this.#options.steers.length > 0) return 'go-on';
    if (isLast) return lastStepEnd(this.#lastText, this.#parts.budget.maxSteps);
    const checked = await this.#checks.run(step, [...this.#changed], (text) =>
      this.#tellStatus(step, 'verifying', text),
    );
    if (checked.kind === 'again') {
      await this.#speak(checked.text);
      return 'go-on';
    }
    const message = [this.#lastText, checked.note].filter(Boolean).join('\n\n');
    return checked.kind === 'passed'
      ? { status: 'completed', reason: 'done', message }
      : { status: 'failed', reason: 'repeated-failure', message };
  }

  async #ask(step: number, isLast: boolean): Promise<Answer> {
    const { channel, options, lease, signal } = this.#parts;
    const request = await this.#prepare(step, isLast, false);
    const taken = callIdsOf(lease.entries);
    const answer = await askModel(
      request,
      {
        model: options.model,
        wait: options.wait ?? waitMs,
        isCallIdTaken: (id) => taken.has(id),
        onText: (text) => channel.send({ type: 'text', step, text }),
        onReasoning: (text) => channel.send({ type: 'reasoning', step, text }),
        onNotice: (text) => this.#notice(text),
      },
      signal,
    ).catch((error: unknown) => {
      if (signal.aborted) throw error;
      const { message } = RpcError.from(error);
      throw new RunStop({ status: 'failed', reason: 'model-failed', message });
    });
    this.#options.context.noteUsage(request, answer.usage);
    const costMicroUsd = answer.costMicroUsd ?? this.#estimate(answer);
    return costMicroUsd === undefined ? answer : { ...answer, costMicroUsd };
  }

  /** What limits are measured by: what the provider counted, else what was estimated. */
  #counted({ parts, usage }: Answer): ModelUsage {
    const {
      inputTokens = this.#sentTokens,
      outputTokens = estimateTokens(JSON.stringify(parts)),
      cachedInputTokens = 0,
    } = usage;
    return { inputTokens, outputTokens, cachedInputTokens };
  }

  #estimate({ model, usage }: Answer): number | undefined {
    const { options } = this.#parts;
    return options.estimateCost?.(model ?? this.#options.request.model, usage);
  }

  async #prepare(step: number, isLast: boolean, force: boolean): Promise<ModelRequest> {
    const { lease, registry, budget, project, signal, channel } = this.#parts;
    const { request, context, info } = this.#options;
    const { active, compaction, foundTools } = foldEntries(lease.entries);
    const tools = registry.shown(foundTools);
    const prepared = await context.prepare(
      {
        model: info ?? { id: request.model },
        system: this.#system,
        tools,
        messages: toMessages(active),
        ...(compaction !== undefined && { compaction }),
        force,
      },
      signal,
    );
    this.#sentTokens = prepared.tokensAfter;
    for (const notice of prepared.notices) await this.#notice(notice);
    if (prepared.isCompacted && prepared.compaction !== undefined) {
      const { compaction: record, tokensBefore, tokensAfter, usage } = prepared;
      await lease.append({ kind: 'compaction', record, ...(usage !== undefined && { usage }) });
      if (usage !== undefined) budget.add(usage, usage.costMicroUsd);
      await channel.send({ type: 'compacted', tokensBefore, tokensAfter });
      await this.#readSystem();
    }
    const limits = [budget.tokensLeft, request.maxOutputTokens].filter(
      (limit) => limit !== undefined,
    );
    const maxOutputTokens =
      limits.length === 0 ? undefined : Math.min(...limits, info?.maxOutputTokens ?? Infinity);
    return {
      model: request.model,
      system: isLast ? `${this.#system}\n\n${lastStepNote(step)}` : this.#system,
      messages: prepared.messages,
      ...(tools.length > 0 && { tools, toolChoice: isLast ? 'none' : 'auto' }),
      ...(maxOutputTokens !== undefined && { maxOutputTokens }),
      ...(request.effort !== undefined && { effort: request.effort }),
      intent: 'code',
      project: project.name,
      sessionId: lease.sessionId,
    };
  }

  async #compactAndGoOn(step: number): Promise<Step> {
    await this.#closeCalls('It was not run: the answer did not fit the window.');
    this.#continuations += 1;
    if (this.#continuations > 1) return contextIsFull;
    const { lease } = this.#parts;
    const before = foldEntries(lease.entries).compaction;
    await this.#prepare(step, false, true);
    return foldEntries(lease.entries).compaction === before ? contextIsFull : 'go-on';
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
    const expanded = await this.#options.context.expand(text, attachments, signal);
    for (const notice of expanded.notices) await this.#notice(notice);
    const parts = expanded.parts.filter((part) => part.type === 'text' || part.type === 'image');
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

  async #readSystem(): Promise<void> {
    const { request, context, info } = this.#options;
    const { lease, signal } = this.#parts;
    const first = lease.entries.find(({ data }) => data.kind === 'user')?.data;
    const about = first?.kind === 'user' ? first.text : undefined;
    const model = info ?? { id: request.model };
    const { text, notices } = await context.system(
      { base: this.#base, model, ...(about !== undefined && { about }) },
      signal,
    );
    for (const notice of notices) await this.#notice(notice);
    this.#system = text;
  }

  async #closeCalls(text: string): Promise<void> {
    const { lease } = this.#parts;
    const open = openCalls(foldEntries(lease.entries).active);
    if (open.length === 0) return;
    await lease.append(...open.map(({ id }) => notRun(id, text)));
  }

  #endOf(error: unknown): RunEnd {
    const { signal } = this.#parts;
    const stop = error instanceof RunStop ? error : signal.reason;
    if (stop instanceof RunStop) return stop.end;
    const { code, message } = RpcError.from(error);
    return code === 'canceled'
      ? { status: 'canceled', reason: 'canceled', message: 'the run was canceled' }
      : { status: 'failed', reason: 'failed', message };
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

function callIdsOf(entries: RunParts['lease']['entries']): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { data } of entries) {
    if (data.kind !== 'answer') continue;
    for (const part of data.parts) if (part.type === 'tool-call') ids.add(part.id);
  }
  return ids;
}

function notRun(callId: string, text: string): EntryOf<'result'> {
  return {
    kind: 'result',
    callId,
    isError: true,
    text,
    images: [],
    summary: 'not run',
    changes: [],
    durationMs: 0,
    isRepair: false,
  };
}

function lastStepNote(step: number): string {
  return `This is step ${step}, the last one: call no tool. Say what is done, and what is left to do.`;
}
