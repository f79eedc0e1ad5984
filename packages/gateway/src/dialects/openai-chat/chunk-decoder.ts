import { RpcError } from '@zeke/rpc';
import { apiError } from '../../neutral/api-error.ts';
import type { ChatEvent } from '../../neutral/chat-event.ts';
import type { ChatResponse } from '../../neutral/chat-response.ts';
import { collectResponse } from '../../neutral/collect-response.ts';
import { msOfUnixSeconds } from '../../neutral/unix-time.ts';
import type { Usage } from '../../neutral/usage.ts';
import type { EventDecoder, Frame } from '../dialect.ts';
import { ChoiceDecoder } from './choice-decoder.ts';
import { errorOfAnswer, errorOfRecord } from './errors.ts';
import {
  filledText,
  listOf,
  type ProviderChoice,
  type ProviderChunk,
  recordOf,
} from './provider-answer.ts';
import { RecordParser } from './record-parser.ts';
import { readUsage } from './usage.ts';

/** The most answers to one request; OpenAI's limit of `n`. */
const maxChoices = 128;

/** A whole answer. Throws what its `error` says, and `data_loss` for what is no answer. */
export function decodeWhole(body: unknown, readChoice: ChoiceReader): ChatResponse {
  const error = errorOfAnswer(body);
  if (error) throw error;
  const decoder = new ChunkDecoder(readChoice);
  const events: ChatEvent[] = [];
  decoder.readChunk(recordOf<ProviderChunk>(body), events);
  decoder.complete(events);
  return collectResponse(events);
}

/** Reads one of a chunk's `choices` as a choice of a chat. */
type ChoiceReader = (value: unknown) => ProviderChoice;

/**
 * Reads chunks with `choices` into events; `readChoice` makes the records of `/v1/completions`, whose
 * stream is built alike, look like those of a chat. One per answer.
 */
export class ChunkDecoder implements EventDecoder {
  readonly #readChoice: ChoiceReader;
  readonly #records = new RecordParser();
  readonly #choices: ChoiceDecoder[] = [];
  #usage: Usage | undefined;
  #state: 'waiting' | 'started' | 'ended' = 'waiting';

  constructor(readChoice: ChoiceReader) {
    this.#readChoice = readChoice;
  }

  get started(): boolean {
    return this.#state !== 'waiting';
  }

  push(frame: Frame): ChatEvent[] {
    const events: ChatEvent[] = [];
    const { data } = frame;
    if (this.#state === 'ended' || data === '') return events;
    if (data === '[DONE]') {
      if (this.started) this.complete(events);
      else this.#fail(events, 'the provider ended its stream without an answer');
      return events;
    }
    let chunk: unknown;
    try {
      chunk = this.#records.parse(data);
    } catch {
      this.#fail(events, 'the provider sent a record that is not JSON');
      return events;
    }
    const error = errorOfRecord(chunk, frame.event === 'error');
    if (error) {
      this.#state = 'ended';
      events.push({ type: 'error', error });
      return events;
    }
    try {
      this.readChunk(recordOf<ProviderChunk>(chunk), events);
    } catch (thrown) {
      this.#state = 'ended';
      events.push({ type: 'error', error: RpcError.from(thrown) });
    }
    return events;
  }

  end(): ChatEvent[] {
    const events: ChatEvent[] = [];
    if (this.#state === 'ended') return events;
    const isWhole = this.started && this.#choices.every((choice) => choice?.finished);
    if (isWhole) this.complete(events);
    else this.#fail(events, 'the provider ended its stream early');
    return events;
  }

  /** A chunk, or a whole answer, which is read as the only one. */
  readChunk(chunk: Partial<ProviderChunk>, events: ChatEvent[]): void {
    const usage = readUsage(chunk);
    if (usage) this.#usage = usage;
    // Azure begins with a chunk about the prompt, which has neither choices nor a name.
    const choices = listOf(chunk.choices);
    if (choices.length === 0) return;
    if (!this.started) this.#start(chunk, events);
    for (const value of choices) {
      const choice = this.#readChoice(value);
      this.#choiceOf(choice.index).push(choice, events);
    }
  }

  complete(events: ChatEvent[]): void {
    this.#state = 'ended';
    const finishes = this.#choices.map((choice) => choice.end(events));
    for (const finish of finishes) events.push(finish);
    if (this.#usage) events.push({ type: 'usage', usage: this.#usage });
    events.push({ type: 'response-end' });
  }

  #start(chunk: Partial<ProviderChunk>, events: ChatEvent[]): void {
    this.#state = 'started';
    events.push({
      type: 'response-start',
      id: filledText(chunk.id) ?? `chatcmpl-${crypto.randomUUID()}`,
      model: filledText(chunk.model) ?? '',
      createdAtMs: msOfUnixSeconds(chunk.created),
    });
  }

  /** Choices before this one that have not come yet are begun too, so that none is ever missing. */
  #choiceOf(index: unknown): ChoiceDecoder {
    const isIndex = Number.isInteger(index) && Number(index) >= 0 && Number(index) < maxChoices;
    const at = isIndex ? Number(index) : 0;
    for (let next = this.#choices.length; next <= at; next++) {
      this.#choices.push(new ChoiceDecoder(next));
    }
    return this.#choices[at] as ChoiceDecoder;
  }

  #fail(events: ChatEvent[], message: string): void {
    this.#state = 'ended';
    events.push({ type: 'error', error: apiError('data_loss', message, { retryable: true }) });
  }
}
