import { RpcError } from '../rpc-error.ts';

/**
 * What Ctrl-C means. Normally the first one aborts `signal`, which every command watches. While
 * something runs within `scope`, it aborts only that, so that an interactive command goes on.
 */
export interface Interrupts {
  /** The reason of an abort is the RpcError that calls end with, or a DOMException. */
  readonly signal: AbortSignal;
  /** Runs something with a signal of its own. */
  scope<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T>;
}

/** The interrupts of a process, whose signals somebody passes on to `interrupt`. */
export class ProcessInterrupts implements Interrupts {
  readonly #command = new AbortController();
  #scope: AbortController | undefined;

  get signal(): AbortSignal {
    return this.#command.signal;
  }

  /** Asks what runs now to end. False when it was asked before: time to end at once. */
  interrupt(): boolean {
    const running = this.#scope?.signal.aborted === false ? this.#scope : this.#command;
    if (running.signal.aborted) return false;
    running.abort(new RpcError('canceled', 'interrupted'));
    return true;
  }

  async scope<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#scope = new AbortController();
    try {
      return await work(this.#scope.signal);
    } finally {
      this.#scope = undefined;
    }
  }
}
