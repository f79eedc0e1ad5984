import type { Span } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { AnswerListener } from '../http/chat-observer.ts';
import { textOf } from '../http/pass-through.ts';
import { apiError } from '../neutral/api-error.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
import { collectResponse } from '../neutral/collect-response.ts';
import { replayResponse } from '../neutral/replay-response.ts';
import type { Candidate } from '../routing/model-catalog.ts';
import type { AnswerSource } from './answer-entry.ts';

/** The largest answer that is held for others, in characters; an event counts a few by itself. */
const maxHeldChars = 16 * 1024 * 1024;
const charsOfEvent = 100;

/**
 * `asking`: nothing is known yet. `answering`: the answer's head was sent, and events come.
 * `answered`: it is whole. `failed`: it never will be.
 */
export type FlightState = 'asking' | 'answering' | 'answered' | 'failed';

/**
 * One answer on its way, and all who want it: the leader, who asked for it, and followers with an
 * equal request. The providers are asked until nobody is left who wants it.
 */
export class Flight implements AnswerListener {
  state: FlightState = 'asking';
  /** Known when `state` is `answering` or `answered`. */
  source: AnswerSource | undefined;
  /** Known when `state` is `failed`. */
  error: RpcError | undefined;
  readonly #onEnd: (flight: Flight) => void;
  readonly #left = new AbortController();
  #leaderIsHere = true;
  /** Each is called at every change. */
  readonly #followers = new Set<() => void>();
  #candidate: Candidate | undefined;
  #passes = false;
  #events: ChatEvent[] = [];
  #chars = 0;
  #response: ChatResponse | undefined;
  /** The stream came to its end, which counts when the head was sent. */
  #ended = false;
  #onFollowed: (() => void) | undefined;
  /** Of the leader's request, where it is traced. */
  leader: Span | undefined;

  /** `onEnd` is called once, when the flight is `answered` or `failed`. */
  constructor(onEnd: (flight: Flight) => void) {
    this.#onEnd = onEnd;
  }

  /** Aborts when nobody is left. */
  get nobodyLeft(): AbortSignal {
    return this.#left.signal;
  }

  get hasEnded(): boolean {
    return this.state === 'answered' || this.state === 'failed';
  }

  /** Whether others than the leader want the answer, and it has not ended. */
  get isFollowed(): boolean {
    return !this.hasEnded && this.#followers.size > 0;
  }

  get followers(): number {
    return this.#followers.size;
  }

  /** The events so far; of an answer that came whole, those that tell it. */
  get events(): readonly ChatEvent[] {
    return this.#events;
  }

  /** The whole answer. Throws while it is none. */
  get response(): ChatResponse {
    this.#response ??= collectResponse(this.#events);
    return this.#response;
  }

  /** `onChange` is called at every event and when the state changes, until `unfollow`. */
  follow(onChange: () => void): void {
    this.#followers.add(onChange);
    this.#onFollowed?.();
  }

  unfollow(onChange: () => void): void {
    this.#followers.delete(onChange);
    this.#endUnwanted();
  }

  leaderLeft(): void {
    this.#leaderIsHere = false;
    this.#endUnwanted();
  }

  /** Called whenever somebody follows, and now where somebody does. */
  set onFollowed(react: () => void) {
    this.#onFollowed = react;
    if (this.isFollowed) react();
  }

  begin(candidate: Candidate, passes: boolean): void {
    this.#candidate = candidate;
    this.#passes = passes;
    this.#events = [];
    this.#chars = 0;
  }

  event(event: ChatEvent): void {
    // What went wrong is told by `end`, and nobody waits for signs of life that are not there.
    if (this.hasEnded || event.type === 'error' || event.type === 'ping') return;
    this.#events.push(event);
    this.#chars += charsOfEvent + textOf(event).length;
    if (this.#chars > maxHeldChars) this.fail(tooLarge());
    else this.#tell();
  }

  whole(read: () => ChatResponse): void {
    try {
      this.#response = read();
      this.#events = replayResponse(this.#response);
      this.end(undefined);
    } catch (reason) {
      this.end(RpcError.from(reason));
    }
  }

  end(error: RpcError | undefined): void {
    if (error) this.fail(error);
    this.#ended = true;
    if (this.state === 'answering') this.#finish();
  }

  /** The head of the answer was sent, with these headers. */
  headSent(headers: AnswerSource['headers']): void {
    if (this.hasEnded || !this.#candidate) return;
    const { model, provider } = this.#candidate;
    this.source = { provider: provider.name, model, passes: this.#passes, headers };
    this.state = 'answering';
    if (this.#ended) this.#finish();
    else this.#tell();
  }

  fail(error: RpcError): void {
    if (this.hasEnded) return;
    this.error = error;
    this.state = 'failed';
    this.#events = [];
    this.#close();
  }

  #endUnwanted(): void {
    if (this.#leaderIsHere || this.#followers.size > 0 || this.hasEnded) return;
    const error = new RpcError('canceled', 'the client left');
    this.#left.abort(error);
    this.fail(error);
  }

  #finish(): void {
    try {
      void this.response;
    } catch (reason) {
      this.fail(RpcError.from(reason));
      return;
    }
    this.state = 'answered';
    this.#close();
  }

  #close(): void {
    this.#onEnd(this);
    this.#tell();
  }

  #tell(): void {
    for (const onChange of this.#followers) onChange();
  }
}

function tooLarge(): RpcError {
  return apiError('resource_exhausted', 'the answer is too large to be shared between requests', {
    reason: 'answer_too_large',
    retryable: true,
  });
}
