/**
 * What Ctrl-C means. Normally the first one aborts `signal`, which every command watches. While
 * something runs within `scope`, it aborts only that, so that an interactive command goes on.
 */
export class Interrupts {
  readonly #command = new AbortController();
  #scope: AbortController | undefined;
  #hungUp: (() => void) | undefined;

  get signal(): AbortSignal {
    return this.#command.signal;
  }

  /** Asks what runs now to end. False when it was asked before: time to end at once. */
  interrupt(): boolean {
    if (this.#scope && !this.#scope.signal.aborted) {
      this.#scope.abort();
      return true;
    }
    if (this.#command.signal.aborted) return false;
    this.#command.abort();
    return true;
  }

  /** From now on SIGHUP means this, and does not end the command. */
  onHangUp(act: () => void): void {
    this.#hungUp = act;
  }

  /** SIGHUP has come. False where it means nothing of its own. */
  hangUp(): boolean {
    this.#hungUp?.();
    return this.#hungUp !== undefined;
  }

  /** Runs something with a signal of its own. */
  async scope<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#scope = new AbortController();
    try {
      return await work(this.#scope.signal);
    } finally {
      this.#scope = undefined;
    }
  }
}
