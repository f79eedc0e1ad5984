/** Works of a server that are counted; of more it is not heard. */
const maxTokens = 1_000;

/**
 * What a server does by itself: whether it has read the project, and the long works that it tells the
 * begin and the end of. Until it has read the project its answers are empty, and look like those of a file
 * in which nothing is wrong.
 */
export class ServerWork {
  #isReady: boolean;
  readonly #open = new Set<string>();
  readonly #begun = new Map<string, number>();
  readonly #waiters = new Set<() => void>();

  /** `isReady` is false for a server that will say when it is. */
  constructor(isReady: boolean) {
    this.#isReady = isReady;
  }

  ready(isReady: boolean): void {
    this.#isReady = isReady;
    this.#wake();
  }

  progress(token: string | number, isOver: boolean): void {
    const name = String(token).toLowerCase();
    if (isOver) this.#open.delete(name);
    else if (this.#begun.size < maxTokens || this.#begun.has(name)) {
      this.#open.add(name);
      this.#begun.set(name, (this.#begun.get(name) ?? 0) + 1);
    }
    this.#wake();
  }

  /** How often works with this word, in small letters, in their token have begun. */
  begun(token: string): number {
    return [...this.#begun].reduce(
      (sum, [name, count]) => (name.includes(token) ? sum + count : sum),
      0,
    );
  }

  /** False where it is not within `limitMs`. */
  untilReady(limitMs: number, signal: AbortSignal): Promise<boolean> {
    return this.#until(() => this.#isReady, limitMs, signal);
  }

  /**
   * Waits for more than `after` works with a word in their token, and for the end of all of them. Resolves, too, where none
   * begins within `beginMs`; with false where they do not end within `limitMs`.
   */
  async untilDone(
    token: string,
    after: number,
    { beginMs, limitMs }: { readonly beginMs: number; readonly limitMs: number },
    signal: AbortSignal,
  ): Promise<boolean> {
    const hasBegun = await this.#until(() => this.begun(token) > after, beginMs, signal);
    if (!hasBegun) return true;
    const isOver = () => ![...this.#open].some((name) => name.includes(token));
    return await this.#until(isOver, limitMs, signal);
  }

  #until(isSo: () => boolean, limitMs: number, signal: AbortSignal): Promise<boolean> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      if (isSo()) return resolve(true);
      const end = (value: boolean) => {
        stop();
        resolve(value);
      };
      const look = () => {
        if (isSo()) end(true);
      };
      const onAbort = () => {
        stop();
        reject(signal.reason);
      };
      const limit = setTimeout(() => end(false), limitMs);
      const stop = () => {
        clearTimeout(limit);
        this.#waiters.delete(look);
        signal.removeEventListener('abort', onAbort);
      };
      this.#waiters.add(look);
      signal.addEventListener('abort', onAbort, { once: true });
    });
  }

  #wake(): void {
    for (const waiter of this.#waiters) waiter();
  }
}
