import type { AgentEvent } from './agent-event.ts';

/** How many events wait for a slow reader before who makes them waits too. */
const maxWaiting = 1_000;

/**
 * Events from those who make them to the one who reads. Whoever sends waits while the reader is far
 * behind; what only tells of progress is dropped then.
 */
export class EventChannel {
  readonly #waiting: AgentEvent[] = [];
  #isClosed = false;
  #failure: { readonly error: unknown } | undefined;
  #wakeReader: () => void = () => {};
  #wakeSenders: (() => void)[] = [];

  async send(event: AgentEvent): Promise<void> {
    while (this.#waiting.length >= maxWaiting && !this.#isClosed) {
      await new Promise<void>((resolve) => this.#wakeSenders.push(resolve));
    }
    this.sendNow(event);
  }

  /** For who cannot wait. */
  sendNow(event: AgentEvent): void {
    if (this.#isClosed) return;
    if (event.type === 'tool-progress' && this.#waiting.length >= maxWaiting) return;
    this.#waiting.push(event);
    this.#wakeReader();
  }

  /** What was sent is still read; then the reader ends, or gets the error. */
  close(failure?: { readonly error: unknown }): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#failure = failure;
    this.#wakeReader();
    this.#wake();
  }

  async *read(): AsyncGenerator<AgentEvent> {
    for (;;) {
      const events = this.#waiting.splice(0);
      this.#wake();
      yield* events;
      if (this.#waiting.length > 0) continue;
      if (this.#isClosed) break;
      await new Promise<void>((resolve) => {
        this.#wakeReader = resolve;
      });
    }
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  #wake(): void {
    const senders = this.#wakeSenders;
    this.#wakeSenders = [];
    for (const wake of senders) wake();
  }
}
