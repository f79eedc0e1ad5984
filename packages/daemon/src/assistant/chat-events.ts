import type { ModelEvent, ModelFinishReason, ModelUsage } from '@zeke/assistant';

/** What of a chunk of `/v1/chat/completions` is read. The gateway makes them: they have this shape. */
export interface Chunk {
  readonly model?: string;
  readonly choices?: readonly {
    readonly delta?: {
      readonly content?: string | null;
      readonly refusal?: string | null;
      readonly reasoning_details?: readonly ThoughtDelta[];
      readonly tool_calls?: readonly CallDelta[];
    };
    readonly finish_reason?: string | null;
  }[];
  readonly usage?: UsageRecord | null;
}

interface ThoughtDelta {
  readonly type?: string;
  readonly text?: string;
  readonly summary?: string;
  readonly signature?: string;
  readonly data?: string;
}

interface CallDelta {
  readonly index: number;
  readonly id?: string;
  readonly function?: { readonly name?: string; readonly arguments?: string };
  readonly extra_content?: { readonly google?: { readonly thought_signature?: string } };
}

/** As OpenAI names them, and with the cost that was asked for. */
export interface UsageRecord {
  readonly prompt_tokens?: number;
  readonly completion_tokens?: number;
  readonly prompt_tokens_details?: { readonly cached_tokens?: number } | null;
  readonly omen?: { readonly cost_usd?: number };
}

const finishReasons: Readonly<Record<string, ModelFinishReason>> = {
  stop: 'stop',
  length: 'length',
  tool_calls: 'tool-calls',
  content_filter: 'content-filter',
};

const microUsdPerUsd = 1_000_000;

/** Reads the chunks of one answer; what they end with is told by `finish`. */
export class ChatEvents {
  readonly #provider: string | undefined;
  #model: string | undefined;
  #reason: ModelFinishReason | undefined;
  #isRefused = false;
  #usage: ModelUsage = {};
  #costMicroUsd: number | undefined;

  /** `provider` is the one that answers, as the gateway's headers say. */
  constructor(provider: string | undefined) {
    this.#provider = provider;
  }

  /** The model has said how its answer ends: what is missing after that is figures only. */
  get isFinished(): boolean {
    return this.#reason !== undefined;
  }

  *read(chunk: Chunk): Generator<ModelEvent> {
    this.#model = chunk.model ?? this.#model;
    if (chunk.usage) this.#usage = usageOf(chunk.usage);
    const usd = chunk.usage?.omen?.cost_usd;
    if (usd !== undefined) this.#costMicroUsd = Math.round(usd * microUsdPerUsd);
    const choice = chunk.choices?.[0];
    const { content, reasoning_details, refusal, tool_calls } = choice?.delta ?? {};
    for (const thought of reasoning_details ?? []) yield* thoughtEvents(thought);
    if (content) yield { type: 'text', text: content };
    if (refusal) {
      this.#isRefused = true;
      yield { type: 'text', text: refusal };
    }
    for (const call of tool_calls ?? []) yield* callEvents(call);
    if (choice?.finish_reason) this.#reason = finishReasons[choice.finish_reason] ?? 'stop';
  }

  finish(): ModelEvent {
    const reason = this.#isRefused ? 'refusal' : (this.#reason ?? 'stop');
    const cost = this.#costMicroUsd;
    return {
      type: 'finish',
      reason,
      usage: this.#usage,
      ...(this.#model === undefined ? {} : { model: named(this.#provider, this.#model) }),
      ...(cost === undefined ? {} : { costMicroUsd: cost }),
    };
  }
}

function* thoughtEvents(thought: ThoughtDelta): Generator<ModelEvent> {
  if (thought.type === 'reasoning.encrypted') {
    yield { type: 'reasoning-end', redacted: thought.data ?? '' };
    return;
  }
  const text = thought.text ?? thought.summary ?? '';
  if (text !== '') yield { type: 'reasoning', text };
  if (thought.signature) yield { type: 'reasoning-end', signature: thought.signature };
}

function* callEvents({
  extra_content,
  function: part,
  id,
  index,
}: CallDelta): Generator<ModelEvent> {
  if (id !== undefined) yield { type: 'tool-call', index, id, name: part?.name ?? '' };
  if (part?.arguments) yield { type: 'tool-arguments', index, json: part.arguments };
  const signature = extra_content?.google?.thought_signature;
  if (signature) yield { type: 'tool-signature', index, signature };
}

/** Tokens, where they are told. */
export function usageOf(record: UsageRecord): ModelUsage {
  const { completion_tokens, prompt_tokens, prompt_tokens_details } = record;
  const cached = prompt_tokens_details?.cached_tokens;
  return {
    ...(prompt_tokens === undefined ? {} : { inputTokens: prompt_tokens }),
    ...(completion_tokens === undefined ? {} : { outputTokens: completion_tokens }),
    ...(cached === undefined ? {} : { cachedInputTokens: cached }),
  };
}

/** `provider/model`; an answer has the name that was asked for, with its provider or without. */
export function named(provider: string | undefined, model: string): string {
  return provider === undefined || model.startsWith(`${provider}/`)
    ? model
    : `${provider}/${model}`;
}
