import type { RpcError } from '@zeke/rpc';
import type { EncodeResponseContext, JsonObject } from '../dialects/dialect.ts';
import type { ChatEvent } from '../neutral/chat-event.ts';
import type { ChatResponse } from '../neutral/chat-response.ts';
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

/** Follows an answer in neutral form, also one that is passed through, which is decoded for it. */
export interface AnswerListener {
  /** A candidate is asked; what was heard of others before is void. */
  begin(candidate: Candidate, passes: boolean): void;
  /** A stream's event. */
  event(event: ChatEvent): void;
  /** The answer came whole. `read` decodes it, and may throw where that is not possible. */
  whole(read: () => ChatResponse): void;
  /** A stream came to its end; with the error where that was not a good one. */
  end(error: RpcError | undefined): void;
}

/** Tells two what is to be heard; the second where there is one. */
export function bothListeners(
  first: AnswerListener,
  second: AnswerListener | undefined,
): AnswerListener {
  if (!second) return first;
  const tell = (say: (listener: AnswerListener) => void) => {
    say(first);
    say(second);
  };
  return {
    begin: (candidate, passes) => tell((each) => each.begin(candidate, passes)),
    event: (event) => tell((each) => each.event(event)),
    whole: (read) => tell((each) => each.whole(read)),
    end: (error) => tell((each) => each.end(error)),
  };
}

/** Who follows an answer. */
export interface Followers {
  observer?: ChatObserver | undefined;
  listener?: AnswerListener | undefined;
}

/** Keeps what is told until it is known that it counts: of several answers, one does. */
export class Held {
  #kept: (() => void)[] | undefined = [];

  /** Tells all that is kept, and from now on at once. */
  release(): void {
    const kept = this.#kept ?? [];
    this.#kept = undefined;
    for (const tell of kept) tell();
  }

  tell(tell: () => void): void {
    if (this.#kept) this.#kept.push(tell);
    else tell();
  }

  /** These, told when `release` says so. */
  followers({ listener, observer }: Followers): Followers {
    return {
      observer: observer && new HeldObserver(observer, this),
      listener: listener && new HeldListener(listener, this),
    };
  }
}

class HeldObserver implements ChatObserver {
  readonly #observer: ChatObserver;
  readonly #held: Held;

  constructor(observer: ChatObserver, held: Held) {
    this.#observer = observer;
    this.#held = held;
  }

  event(event: ChatEvent): void {
    this.#held.tell(() => this.#observer.event(event));
  }

  streamEnd(context: EncodeResponseContext): void {
    this.#held.tell(() => this.#observer.streamEnd(context));
  }

  whole(answer: JsonObject): void {
    this.#held.tell(() => this.#observer.whole(answer));
  }

  passed(candidate: Candidate, answer: unknown): void {
    this.#held.tell(() => this.#observer.passed(candidate, answer));
  }
}

class HeldListener implements AnswerListener {
  readonly #listener: AnswerListener;
  readonly #held: Held;

  constructor(listener: AnswerListener, held: Held) {
    this.#listener = listener;
    this.#held = held;
  }

  begin(candidate: Candidate, passes: boolean): void {
    this.#held.tell(() => this.#listener.begin(candidate, passes));
  }

  event(event: ChatEvent): void {
    this.#held.tell(() => this.#listener.event(event));
  }

  whole(read: () => ChatResponse): void {
    this.#held.tell(() => this.#listener.whole(read));
  }

  end(error: RpcError | undefined): void {
    this.#held.tell(() => this.#listener.end(error));
  }
}
