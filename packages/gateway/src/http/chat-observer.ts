import type { EncodeResponseContext, JsonObject } from '../dialects/dialect.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { Candidate } from '../routing/model-catalog.ts';

/** Follows an answer; only one that came to a good end is worth keeping. */
export interface ChatObserver {
  /** A translated stream's event. */
  event(event: ChatEvent): void;
  /** A translated stream came to its end. */
  streamEnd(context: EncodeResponseContext): void;
  /** A translated whole answer, as the caller gets it. */
  whole(answer: JsonObject): void;
  /** A passed-through answer: its first record, or its whole body, parsed. */
  passed(candidate: Candidate, answer: unknown): void;
}

/** Keeps what an answer says until it is known that it is the one: of several answers, one counts. */
export class HeldObserver implements ChatObserver {
  readonly #observer: ChatObserver;
  #held: (() => void)[] | undefined = [];

  constructor(observer: ChatObserver) {
    this.#observer = observer;
  }

  /** Tells all that is kept, and from now on at once. */
  release(): void {
    const held = this.#held ?? [];
    this.#held = undefined;
    for (const tell of held) tell();
  }

  event(event: ChatEvent): void {
    this.#tell(() => this.#observer.event(event));
  }

  streamEnd(context: EncodeResponseContext): void {
    this.#tell(() => this.#observer.streamEnd(context));
  }

  whole(answer: JsonObject): void {
    this.#tell(() => this.#observer.whole(answer));
  }

  passed(candidate: Candidate, answer: unknown): void {
    this.#tell(() => this.#observer.passed(candidate, answer));
  }

  #tell(tell: () => void): void {
    if (this.#held) this.#held.push(tell);
    else tell();
  }
}
