import { RpcError } from '@zeke/rpc';

/** Something that is opened when it is asked for first, and disposed of with this where it was. */
export class Lazy<T extends AsyncDisposable> implements AsyncDisposable {
  readonly #open: () => Promise<T>;
  #opening: Promise<T> | undefined;
  #opened: T | undefined;
  #isDisposed = false;

  constructor(open: () => Promise<T>) {
    this.#open = open;
  }

  /** Undefined before it was asked for, and until it is there. */
  get opened(): T | undefined {
    return this.#opened;
  }

  /** Throws what opening it throws, and is tried again then; `unavailable` once it is disposed of. */
  get(): Promise<T> {
    if (this.#isDisposed)
      return Promise.reject(new RpcError('unavailable', 'zeke is being stopped'));
    this.#opening ??= this.#begin().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isDisposed = true;
    await this.#opening?.catch(() => {});
    await this.#opened?.[Symbol.asyncDispose]();
  }

  async #begin(): Promise<T> {
    this.#opened = await this.#open();
    return this.#opened;
  }
}
