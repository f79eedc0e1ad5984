/** An item of a merged stream, and which of the sources it is from. */
export interface Merged<T> {
  readonly source: number;
  readonly value: T;
}

/**
 * Makes one stream of several: items come in the order in which the sources have them, and those of
 * one source stay in order. Of each source at most one item is read ahead, and none before the first
 * read. It ends when all have ended; the first error ends it, and the other sources are closed, as
 * they are when the reader leaves. `return` is answered at once, also while a read is under way and
 * no source has anything.
 */
export function mergeStreams<T>(
  sources: readonly AsyncIterable<T>[],
): AsyncGenerator<Merged<T>, void, undefined> {
  return new Merger(sources);
}

type Answer<T> =
  | { readonly source: number; readonly result: IteratorResult<T> }
  | { readonly source: number; readonly error: unknown };

type Step<T> = IteratorResult<Merged<T>, void>;

/**
 * Every source is asked by itself, and what it answers goes into one queue, which so holds at most
 * one answer of each. A source that is silent is one promise that one reaction waits for, however
 * many items the others have meanwhile; racing the promises of all would add a reaction each time.
 */
class Merger<T> implements AsyncGenerator<Merged<T>, void, undefined> {
  /** The sources that have not ended, by their numbers. */
  readonly #open = new Map<number, AsyncIterator<T>>();
  /** Those whose last answer was taken. */
  readonly #toAsk: number[] = [];
  readonly #answers: Answer<T>[] = [];
  readonly #waiting: PromiseWithResolvers<Step<T>>[] = [];

  constructor(sources: readonly AsyncIterable<T>[]) {
    try {
      for (const [source, iterable] of sources.entries()) {
        this.#open.set(source, iterable[Symbol.asyncIterator]());
        this.#toAsk.push(source);
      }
    } catch (error) {
      this.#finish();
      throw error;
    }
  }

  next(): Promise<Step<T>> {
    const waiting = Promise.withResolvers<Step<T>>();
    this.#waiting.push(waiting);
    this.#goOn();
    return waiting.promise;
  }

  return(): Promise<Step<T>> {
    this.#finish();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<Step<T>> {
    this.#finish();
    return Promise.reject(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Gives answers to those who wait for them. */
  #goOn(): void {
    while (this.#waiting.length > 0) {
      for (const source of this.#toAsk.splice(0)) void this.#ask(source);
      const answer = this.#answers.shift();
      if (answer !== undefined) this.#take(answer);
      else if (this.#open.size === 0) this.#finish();
      else return;
    }
  }

  async #ask(source: number): Promise<void> {
    let answer: Answer<T>;
    try {
      const result = await (this.#open.get(source) as AsyncIterator<T>).next();
      answer = { source, result };
    } catch (error) {
      answer = { source, error };
    }
    // It is not open any more when the reader has left meanwhile.
    if (!this.#open.has(source)) return;
    this.#answers.push(answer);
    this.#goOn();
  }

  #take(answer: Answer<T>): void {
    const { source } = answer;
    if ('error' in answer) {
      this.#open.delete(source);
      this.#waiting.shift()?.reject(answer.error);
      this.#finish();
    } else if (answer.result.done) {
      this.#open.delete(source);
    } else {
      // Behind the others, so that a source that always has something does not starve them.
      this.#toAsk.push(source);
      const { value } = answer.result;
      this.#waiting.shift()?.resolve({ done: false, value: { source, value } });
    }
  }

  #finish(): void {
    const open = [...this.#open.values()];
    this.#open.clear();
    this.#toAsk.length = 0;
    this.#answers.length = 0;
    for (const waiting of this.#waiting.splice(0))
      waiting.resolve({ done: true, value: undefined });
    for (const iterator of open) void close(iterator);
  }
}

/** Nobody waits for it: a source that hangs in `next` would hold the reader who has left. */
async function close(iterator: AsyncIterator<unknown>): Promise<void> {
  try {
    await iterator.return?.();
  } catch {
    // The merged stream has its own end already.
  }
}
