import type { EncodeResponseContext, EventEncoder, JsonObject } from '../dialects/dialect.ts';
import { answerContext } from '../http/answer-context.ts';
import type { ChatCall } from '../http/chat-endpoint.ts';
import type { Exchange } from '../http/exchange.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
import { replayResponse } from '../neutral/replay-response.ts';
import type { AnswerSource } from './answer-entry.ts';
import type { CacheState } from './cache-metrics.ts';

/** Who is told an answer that another has asked for. */
export interface Listening {
  readonly exchange: Exchange;
  readonly call: ChatCall;
}

/**
 * A whole answer as this caller wants it, in its dialect, as a stream or not, with an id and a time
 * of its own. Who observes the call hears it.
 */
export function replay(to: Listening, source: AnswerSource, response: ChatResponse): string {
  const { call } = to;
  const context = contextOf(to, source, response.model);
  const own = {
    ...response,
    id: context.responseId,
    model: context.model,
    createdAtMs: context.createdAtMs,
  };
  if (call.stream) {
    const teller = new Teller(to, context);
    const text = replayResponse(own).map((event) => teller.tell(event));
    teller.end();
    return text.join('');
  }
  const encoded: JsonObject =
    call.encodeWhole?.(own, context) ?? call.dialect.encodeResponse(own, context);
  call.observer?.whole(encoded);
  return JSON.stringify(encoded);
}

/** Tells a caller the events of an answer that another has asked for. */
export class Teller {
  readonly #call: ChatCall;
  readonly #context: EncodeResponseContext;
  readonly #encoder: EventEncoder;

  constructor({ call }: Listening, context: EncodeResponseContext) {
    this.#call = call;
    this.#context = context;
    this.#encoder = call.createEncoder?.(context) ?? call.dialect.createEventEncoder(context);
  }

  /** Text to send; an id and a time are this caller's own. */
  tell(event: ChatEvent): string {
    const { createdAtMs, model, responseId: id } = this.#context;
    const own = event.type === 'response-start' ? { ...event, createdAtMs, id, model } : event;
    this.#call.observer?.event(own);
    return this.#encoder.push(own);
  }

  /** The answer came to a good end. */
  end(): void {
    this.#call.observer?.streamEnd(this.#context);
  }
}

/** A model's name is shown as it was to who asked first: the provider's where bytes went through. */
export function contextOf(
  { call, exchange }: Listening,
  { model, passes, provider }: AnswerSource,
  shownModel: string,
): EncodeResponseContext {
  const context = answerContext(exchange, call, { provider: { name: provider }, model });
  return passes && shownModel !== '' ? { ...context, model: shownModel } : context;
}

/** Headers of an answer that another has asked for. */
export function replayHeaders(
  { call, exchange }: Listening,
  source: AnswerSource,
  state: CacheState,
): Record<string, string> {
  const { requestId } = exchange;
  return {
    'x-request-id': requestId,
    ...(call.dialect.name === 'anthropic-messages' ? { 'request-id': requestId } : {}),
    'x-zeke-provider': source.provider,
    ...source.headers,
    'x-zeke-attempts': '0',
    'x-zeke-cost-usd': '0.000000',
    'x-zeke-cache': state,
    'content-type': call.stream ? call.dialect.contentType.stream : call.dialect.contentType.whole,
    ...(call.stream ? { 'cache-control': 'no-cache' } : {}),
  };
}

const toldAgain = [
  'x-zeke-guardrails',
  'x-zeke-merge',
  'x-zeke-model',
  'x-zeke-strategy',
  'x-zeke-translation',
] as const;

/** The headers of a provider's answer that are told again with it. */
export function headersToKeep(headers: Headers): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of toldAgain) {
    const value = headers.get(name);
    if (value !== null) kept[name] = value;
  }
  return kept;
}
