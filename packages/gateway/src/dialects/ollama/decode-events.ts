import type { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import type { ChatEvent, TokenLogprob } from '../../neutral/chat-event.ts';
import type { OutputPart } from '../../neutral/chat-request.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import type { EventDecoder, Frame } from '../dialect.ts';
import { type AnswerRecord, readRecord } from './answer-record.ts';
import { decodeDoneReason } from './done-reason.ts';
import { errorOfAnswer, errorOfRecord } from './errors.ts';
import { decodeLogprobs } from './logprobs.ts';
import { decodeMedia } from './media.ts';
import { readUsage } from './usage.ts';

/** Turns the records of `/api/chat`, and those of `/api/generate`, into events. */
export class OllamaEventDecoder implements EventDecoder {
  #state: 'new' | 'started' | 'ended' = 'new';
  #open: { kind: 'text' | 'reasoning'; part: number } | undefined;
  #parts = 0;
  #hasCalls = false;
  /** Probabilities of tokens whose text is still to come. */
  #logprobs: TokenLogprob[] = [];

  push(frame: Frame): ChatEvent[] {
    if (this.#state === 'ended') return [];
    let record: unknown;
    try {
      record = JSON.parse(frame.data);
    } catch {
      return this.#fail(apiError('data_loss', 'Ollama sent a record that is not JSON'));
    }
    if (typeof record !== 'object' || record === null) return [];
    const fields = record as Record<string, unknown>;
    const error = errorOfRecord(fields);
    if (error) return this.#fail(error);
    const events: ChatEvent[] = [];
    const answer = readRecord(fields);
    this.#start(answer, events);
    this.#take(answer, events);
    if (answer.done) this.#finish(answer, fields, events);
    return events;
  }

  end(): ChatEvent[] {
    if (this.#state === 'ended') return [];
    return this.#fail(apiError('data_loss', 'Ollama ended its answer early', { retryable: true }));
  }

  #fail(error: RpcError): ChatEvent[] {
    this.#state = 'ended';
    return [{ type: 'error', error }];
  }

  #start({ model, createdAtMs }: AnswerRecord, events: ChatEvent[]): void {
    if (this.#state !== 'new') return;
    this.#state = 'started';
    events.push({ type: 'response-start', id: madeUpId(), model, createdAtMs });
  }

  #take(answer: AnswerRecord, events: ChatEvent[]): void {
    if (answer.thinking) {
      const part = this.#partOf('reasoning', events);
      events.push({ type: 'reasoning-delta', choice: 0, part, text: answer.thinking });
    }
    const logprobs = answer.thinking ? undefined : decodeLogprobs(answer.logprobs);
    if (logprobs) this.#logprobs.push(...logprobs);
    if (answer.content) this.#text(answer.content, events);
    for (const image of answer.images) this.#whole(events, image);
    for (const call of answer.calls) {
      this.#hasCalls = true;
      this.#whole(events, call);
    }
  }

  #text(text: string, events: ChatEvent[]): void {
    const part = this.#partOf('text', events);
    const delta: ChatEvent = { type: 'text-delta', choice: 0, part, text };
    if (this.#logprobs.length > 0) {
      delta.logprobs = this.#logprobs;
      this.#logprobs = [];
    }
    events.push(delta);
  }

  /** A part that comes in one piece. */
  #whole(events: ChatEvent[], value: AnswerRecord['calls'][number] | string): void {
    this.#close(events);
    const at = { choice: 0, part: this.#parts++ };
    if (typeof value !== 'string') {
      const { id: callId, name, arguments: json } = value;
      events.push(
        { type: 'part-start', ...at, kind: 'tool-call', callId, name },
        { type: 'arguments-delta', ...at, json },
        { type: 'part-end', ...at },
      );
      return;
    }
    const { source } = decodeMedia(value);
    events.push({ type: 'part-start', ...at, kind: 'image', source }, { type: 'part-end', ...at });
  }

  #partOf(kind: 'text' | 'reasoning', events: ChatEvent[]): number {
    if (this.#open?.kind === kind) return this.#open.part;
    this.#close(events);
    this.#open = { kind, part: this.#parts++ };
    events.push({ type: 'part-start', choice: 0, part: this.#open.part, kind });
    return this.#open.part;
  }

  #close(events: ChatEvent[]): void {
    if (!this.#open) return;
    events.push({ type: 'part-end', choice: 0, part: this.#open.part });
    this.#open = undefined;
  }

  #finish(answer: AnswerRecord, record: Record<string, unknown>, events: ChatEvent[]): void {
    this.#close(events);
    this.#state = 'ended';
    const reason = decodeDoneReason(answer.doneReason, this.#hasCalls);
    events.push({ type: 'finish', choice: 0, reason });
    const usage = readUsage(record);
    if (usage) events.push({ type: 'usage', usage });
    events.push({ type: 'response-end' });
  }
}

/**
 * Reads a whole answer of `/api/chat` or `/api/generate`. It has no id: one is made up.
 * Throws what its `error` says, and `data_loss` for what is no answer.
 */
export function decodeResponse(body: unknown): ChatResponse {
  const error = errorOfAnswer(body);
  if (error) throw error;
  const fields = body as Record<string, unknown>;
  const answer = readRecord(fields);
  const parts: OutputPart[] = [];
  if (answer.thinking) parts.push({ type: 'reasoning', text: answer.thinking });
  if (answer.content) parts.push({ type: 'text', text: answer.content });
  for (const image of answer.images)
    parts.push({ type: 'image', source: decodeMedia(image).source });
  for (const call of answer.calls) parts.push({ type: 'tool-call', ...call });
  const finishReason = decodeDoneReason(answer.doneReason, answer.calls.length > 0);
  const logprobs = decodeLogprobs(answer.logprobs);
  const usage = readUsage(fields);
  return {
    id: madeUpId(),
    model: answer.model,
    createdAtMs: answer.createdAtMs,
    choices: [{ parts, finishReason, ...(logprobs ? { logprobs } : {}) }],
    ...(usage ? { usage } : {}),
  };
}

function madeUpId(): string {
  return `ollama-${crypto.randomUUID()}`;
}
