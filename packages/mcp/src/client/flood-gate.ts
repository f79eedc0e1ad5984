import { maxBrokenMessages, maxMessagesPerSecond } from './limits.ts';

const windowMs = 1_000;

/** Says when a server sends more than anybody could want: too many messages a second, or too much that is none. */
export class FloodGate {
  readonly #now: () => number;
  #windowAt = Number.NEGATIVE_INFINITY;
  #messages = 0;
  #broken = 0;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** The reason to cut the server off, if this message is one too many. */
  message(): string | undefined {
    const now = this.#now();
    if (now - this.#windowAt >= windowMs) {
      this.#windowAt = now;
      this.#messages = 0;
    }
    this.#messages += 1;
    if (this.#messages <= maxMessagesPerSecond) return undefined;
    return `it sent more than ${maxMessagesPerSecond} messages in a second`;
  }

  /** The same for something that is no message, or an answer to nothing. */
  broken(): string | undefined {
    this.#broken += 1;
    if (this.#broken <= maxBrokenMessages) return undefined;
    return `it sent more than ${maxBrokenMessages} things that are no messages of the protocol`;
  }
}
