export interface SplitOptions {
  /**
   * How many items the fastest reader may be ahead of the slowest. The source is read no further
   * until the slowest has caught up or left. Default 64.
   */
  readonly maxAhead?: number;
}

/**
 * Gives one stream to several readers: each gets every item and the error, if there is one. The
 * source is read as fast as the slowest reader; a reader that leaves holds nobody back, and when the
 * last one has left the source is closed. Each of the iterables can be read once.
 */
export function splitStream<T>(
  source: AsyncIterable<T>,
  readers: number,
  options: SplitOptions = {},
): AsyncIterableIterator<T>[] {
  const splitter = new Splitter(source, options.maxAhead ?? 64);
  return Array.from({ length: readers }, () => splitter.reader());
}

class Splitter<T> {
  readonly #source: AsyncIterator<T>;
  readonly #maxAhead: number;
  readonly #readers = new Set<SplitReader<T>>();
  #isReading = false;
  /** How the source ended; undefined while it has not. */
  #end: { readonly error?: unknown } | undefined;

  constructor(source: AsyncIterable<T>, maxAhead: number) {
    this.#source = source[Symbol.asyncIterator]();
    this.#maxAhead = Math.max(1, maxAhead);
  }

  reader(): SplitReader<T> {
    const reader = new SplitReader<T>(
      () => {
        void this.#read();
      },
      (left) => this.#leave(left),
    );
    this.#readers.add(reader);
    return reader;
  }

  /** Reads on while a reader waits and none is too far behind. */
  async #read(): Promise<void> {
    if (this.#isReading || this.#end !== undefined) return;
    this.#isReading = true;
    try {
      while (this.#mayRead()) {
        const result = await this.#source.next();
        if (result.done) this.#finish({});
        else for (const reader of this.#readers) reader.push(result.value);
      }
    } catch (error) {
      this.#finish({ error });
    } finally {
      this.#isReading = false;
    }
  }

  #mayRead(): boolean {
    if (this.#end !== undefined) return false;
    let isWaiting = false;
    for (const reader of this.#readers) {
      if (reader.behind >= this.#maxAhead) return false;
      isWaiting ||= reader.isWaiting;
    }
    return isWaiting;
  }

  #finish(end: { readonly error?: unknown }): void {
    this.#end = end;
    for (const reader of this.#readers) reader.finish(end);
  }

  async #leave(reader: SplitReader<T>): Promise<void> {
    this.#readers.delete(reader);
    if (this.#end !== undefined) return;
    if (this.#readers.size > 0) {
      // It may have been the one that held the others back.
      void this.#read();
      return;
    }
    this.#end = {};
    const closing = this.#source.return?.();
    // A source that hangs in `next` would hold the reader who has left.
    if (this.#isReading) closing?.catch(() => {});
    else await closing;
  }
}

class SplitReader<T> implements AsyncIterableIterator<T> {
  readonly #want: () => void;
  readonly #leave: (reader: SplitReader<T>) => Promise<void>;
  #items: T[] = [];
  #end: { readonly error?: unknown } | undefined;
  #waiting: PromiseWithResolvers<IteratorResult<T>>[] = [];

  constructor(want: () => void, leave: (reader: SplitReader<T>) => Promise<void>) {
    this.#want = want;
    this.#leave = leave;
  }

  get behind(): number {
    return this.#items.length;
  }

  get isWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  push(item: T): void {
    const waiting = this.#waiting.shift();
    if (waiting === undefined) this.#items.push(item);
    else waiting.resolve({ done: false, value: item });
  }

  finish(end: { readonly error?: unknown }): void {
    this.#end = end;
    for (const waiting of this.#waiting.splice(0)) this.#settle(waiting);
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#items.length > 0) {
      const value = this.#items.shift() as T;
      // Others may wait for this one to catch up.
      this.#want();
      return Promise.resolve({ done: false, value });
    }
    const result = Promise.withResolvers<IteratorResult<T>>();
    if (this.#end !== undefined) this.#settle(result);
    else {
      this.#waiting.push(result);
      this.#want();
    }
    return result.promise;
  }

  async return(): Promise<IteratorResult<T>> {
    this.#items = [];
    const first = this.#end === undefined;
    this.finish({});
    if (first) await this.#leave(this);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The error is thrown once, to who asks first. */
  #settle(result: PromiseWithResolvers<IteratorResult<T>>): void {
    const end = this.#end;
    this.#end = {};
    if (end !== undefined && 'error' in end) result.reject(end.error);
    else result.resolve({ done: true, value: undefined });
  }
}
