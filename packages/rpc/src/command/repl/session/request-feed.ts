/** Requests that wait to be taken. */
const maxWaiting = 64;

/** The requests of a call as they are said: an async iterable that is fed. */
export class RequestFeed implements AsyncIterableIterator<object> {
  readonly #waiting: object[] = [];
  #isEnded = false;
  #taker: ((result: IteratorResult<object>) => void) | undefined;
  #room: (() => void) | undefined;

  /** Resolves when there is room for another; at once when nobody takes them any more. */
  async push(message: object): Promise<void> {
    if (this.#isEnded) return;
    const taker = this.#taker;
    this.#taker = undefined;
    if (taker !== undefined) {
      taker({ done: false, value: message });
      return;
    }
    this.#waiting.push(message);
    if (this.#waiting.length < maxWaiting) return;
    await new Promise<void>((resolve) => {
      this.#room = resolve;
    });
  }

  /** None follows. */
  end(): void {
    this.#isEnded = true;
    this.#taker?.({ done: true, value: undefined });
    this.#taker = undefined;
    this.#makeRoom();
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  next(): Promise<IteratorResult<object>> {
    const message = this.#waiting.shift();
    this.#makeRoom();
    if (message !== undefined) return Promise.resolve({ done: false, value: message });
    if (this.#isEnded) return Promise.resolve({ done: true, value: undefined });
    return new Promise((resolve) => {
      this.#taker = resolve;
    });
  }

  /** The call has ended before its requests. */
  return(): Promise<IteratorResult<object>> {
    this.#waiting.length = 0;
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #makeRoom(): void {
    this.#room?.();
    this.#room = undefined;
  }
}
