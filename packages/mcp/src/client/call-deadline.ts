import { RpcError } from '@zeke/rpc';

/**
 * The time that a call may take: it begins anew with each sign of life, and stands still while the server
 * waits for a person. `signal` is aborted with `deadline_exceeded` when it is over, and with the caller's.
 */
export class CallDeadline implements Disposable {
  readonly #limitMs: number;
  readonly #what: string;
  readonly #controller = new AbortController();
  readonly signal: AbortSignal;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #pauses = 0;

  constructor(what: string, limitMs: number, signal: AbortSignal | undefined) {
    this.#what = what;
    this.#limitMs = limitMs;
    const own = this.#controller.signal;
    this.signal = signal === undefined ? own : AbortSignal.any([own, signal]);
    this.restart();
  }

  /** A sign of life. */
  restart(): void {
    clearTimeout(this.#timer);
    if (this.#pauses > 0) return;
    this.#timer = setTimeout(() => {
      const message = `${this.#what} has not answered within ${this.#limitMs / 1_000} s`;
      this.#controller.abort(new RpcError('deadline_exceeded', message));
    }, this.#limitMs);
  }

  pause(): void {
    this.#pauses += 1;
    clearTimeout(this.#timer);
  }

  resume(): void {
    this.#pauses -= 1;
    this.restart();
  }

  [Symbol.dispose](): void {
    this.#pauses = Number.POSITIVE_INFINITY;
    clearTimeout(this.#timer);
  }
}
