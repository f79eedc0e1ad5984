import type { RpcError } from '../rpc-error.ts';

/** How a queue steers the call that fills it. */
export interface QueueSource {
  pause(): void;
  resume(): void;
  /** The reader left before the end. */
  abandon(): void;
}

/** More than this many bytes or messages unread, and the source is paused. */
const highWaterBytes = 64 * 1024;
const highWaterMessages = 64;

/**
 * From callbacks to an async iterable: what one side of a call receives. It can be read once, by
 * one reader.
 */
export class MessageQueue<T> implements AsyncIterableIterator<T> {
  readonly #source: QueueSource;
  #messages: T[] = [];
  #sizes: number[] = [];
  #next = 0;
  #bytes = 0;
  #paused = false;
  #ended = false;
  #error: RpcError | undefined;
  #waiting: { resolve: (result: IteratorResult<T>) => void; reject: (error: Error) => void }[] = [];

  constructor(source: QueueSource) {
    this.#source = source;
  }

  push(message: T, bytes: number): void {
    if (this.#ended) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: message });
      return;
    }
    this.#messages.push(message);
    this.#sizes.push(bytes);
    this.#bytes += bytes;
    if (!this.#paused && this.#isFull()) {
      this.#paused = true;
      this.#source.pause();
    }
  }

  /** What was pushed is still read; then the reader gets the error, or the end. */
  end(error: RpcError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    const readers = this.#waiting;
    this.#waiting = [];
    for (const reader of readers) {
      const failure = this.#takeError();
      if (failure === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(failure);
    }
  }

  next(): Promise<IteratorResult<T>> {
    if (this.#next < this.#messages.length) {
      return Promise.resolve({ done: false, value: this.#take() });
    }
    if (!this.#ended) {
      return new Promise((resolve, reject) => {
        this.#waiting.push({ resolve, reject });
      });
    }
    const failure = this.#takeError();
    if (failure !== undefined) return Promise.reject(failure);
    return Promise.resolve({ done: true, value: undefined });
  }

  return(): Promise<IteratorResult<T>> {
    this.#messages = [];
    this.#sizes = [];
    this.#next = 0;
    this.#error = undefined;
    if (!this.#ended) {
      this.end(undefined);
      this.#source.abandon();
    }
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #take(): T {
    const message = this.#messages[this.#next] as T;
    this.#bytes -= this.#sizes[this.#next] as number;
    this.#next++;
    if (this.#next === this.#messages.length || this.#next >= highWaterMessages) {
      this.#messages.splice(0, this.#next);
      this.#sizes.splice(0, this.#next);
      this.#next = 0;
    }
    if (this.#paused && !this.#ended && this.#bytes * 2 <= highWaterBytes && this.#isHalfEmpty()) {
      this.#paused = false;
      this.#source.resume();
    }
    return message;
  }

  #isFull(): boolean {
    const messages = this.#messages.length - this.#next;
    return this.#bytes >= highWaterBytes || messages >= highWaterMessages;
  }

  #isHalfEmpty(): boolean {
    return (this.#messages.length - this.#next) * 2 <= highWaterMessages;
  }

  /** An error is thrown once; the reader after it sees the end, as of any iterator. */
  #takeError(): RpcError | undefined {
    const error = this.#error;
    this.#error = undefined;
    return error;
  }
}
