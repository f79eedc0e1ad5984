import { RpcError } from '@zeke/rpc';
import type { ContextBuilder } from '../context/context-builder.ts';
import { estimateTokens } from '../context/tokens/estimate-tokens.ts';
import type { ModelInfo, ModelRequest, ModelUsage } from '../model/model-client.ts';
import { toMessages } from '../sessions/conversation.ts';
import { foldEntries } from '../sessions/fold-entries.ts';
import type { RunRequest } from './agent-options.ts';
import type { Answer } from './answer.ts';
import { askModel } from './ask-model.ts';
import { RunStop } from './run-end.ts';
import type { RunParts } from './run-parts.ts';
import { waitMs } from './wait-ms.ts';

export interface ModelTurnsOptions {
  readonly request: RunRequest;
  readonly context: ContextBuilder;
  /** Undefined for a model that nobody has figures of. */
  readonly info: ModelInfo | undefined;
  /** The core of the system prompt. */
  readonly base: string;
}

/** Asks the model: makes a request of the session and its context, and an answer of what comes. */
export class ModelTurns {
  readonly #parts: RunParts;
  readonly #options: ModelTurnsOptions;
  #system: string | undefined;
  #sentTokens = 0;

  constructor(parts: RunParts, options: ModelTurnsOptions) {
    this.#parts = parts;
    this.#options = options;
  }

  /**
   * One answer to the session as it is; with `isLast` without tools. Its cost is estimated where nobody
   * says it. Throws a `RunStop` where no answer can be had.
   */
  async ask(step: number, isLast: boolean): Promise<Answer> {
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
        onNotice: (text) => channel.send({ type: 'notice', text }),
      },
      signal,
    ).catch((error: unknown) => {
      if (signal.aborted) throw error;
      const { message } = RpcError.from(error);
      throw new RunStop({ status: 'failed', reason: 'model-failed', message });
    });
    this.#options.context.noteUsage(request, answer.usage);
    const { model = request.model } = answer;
    const costMicroUsd =
      answer.costMicroUsd ?? (await options.estimateCost?.(model, this.counted(answer)));
    return costMicroUsd === undefined ? answer : { ...answer, costMicroUsd };
  }

  /** What limits are measured by: what the provider counted, else what is estimated. */
  counted({ parts, usage }: Answer): ModelUsage {
    const {
      inputTokens = this.#sentTokens,
      outputTokens = estimateTokens(JSON.stringify(parts)),
      cachedInputTokens = 0,
    } = usage;
    return { inputTokens, outputTokens, cachedInputTokens };
  }

  /** Makes the conversation shorter than it was sent last. False where that cannot be. */
  async compact(step: number): Promise<boolean> {
    const { lease } = this.#parts;
    const before = foldEntries(lease.entries).compaction;
    await this.#prepare(step, false, true);
    return foldEntries(lease.entries).compaction !== before;
  }

  async #prepare(step: number, isLast: boolean, force: boolean): Promise<ModelRequest> {
    const { lease, registry, project, signal, channel } = this.#parts;
    const { request, context, info } = this.#options;
    this.#system ??= await this.#readSystem();
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
    for (const text of prepared.notices) await channel.send({ type: 'notice', text });
    if (prepared.isCompacted) await this.#keepCompaction(prepared);
    const maxOutputTokens = this.#maxOutputTokens();
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

  async #keepCompaction(prepared: Awaited<ReturnType<ContextBuilder['prepare']>>): Promise<void> {
    const { lease, budget, channel } = this.#parts;
    const { compaction: record, tokensBefore, tokensAfter } = prepared;
    if (record === undefined) return;
    const usage = prepared.usage && (await this.#priced(prepared.usage));
    await lease.append({ kind: 'compaction', record, ...(usage !== undefined && { usage }) });
    if (usage !== undefined) budget.add(usage, usage.costMicroUsd);
    await channel.send({ type: 'compacted', tokensBefore, tokensAfter });
    this.#system = await this.#readSystem();
  }

  async #priced<Usage extends ModelUsage & { readonly costMicroUsd?: number }>(
    usage: Usage,
  ): Promise<Usage> {
    const { estimateCost } = this.#parts.options;
    const costMicroUsd =
      usage.costMicroUsd ?? (await estimateCost?.(this.#options.request.model, usage));
    return costMicroUsd === undefined ? usage : { ...usage, costMicroUsd };
  }

  #maxOutputTokens(): number | undefined {
    const { request, info } = this.#options;
    const limits = [this.#parts.budget.tokensLeft, request.maxOutputTokens];
    const known = limits.filter((limit) => limit !== undefined);
    if (known.length === 0) return undefined;
    return Math.min(...known, info?.maxOutputTokens ?? Number.POSITIVE_INFINITY);
  }

  async #readSystem(): Promise<string> {
    const { request, context, info, base } = this.#options;
    const { lease, signal, channel } = this.#parts;
    const first = lease.entries.find(({ data }) => data.kind === 'user')?.data;
    const about = first?.kind === 'user' ? first.text : undefined;
    const model = info ?? { id: request.model };
    const { text, notices } = await context.system(
      { base, model, ...(about !== undefined && { about }) },
      signal,
    );
    for (const notice of notices) await channel.send({ type: 'notice', text: notice });
    return text;
  }
}

function callIdsOf(entries: RunParts['lease']['entries']): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const { data } of entries) {
    if (data.kind !== 'answer') continue;
    for (const part of data.parts) if (part.type === 'tool-call') ids.add(part.id);
  }
  return ids;
}

function lastStepNote(step: number): string {
  return `This is step ${step}, the last one: call no tool. Say what is done, and what is left to do.`;
}
