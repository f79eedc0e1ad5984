import { setInterval } from 'node:timers/promises';

/** How often each replica is asked whether it is ready, in milliseconds. */
const probeIntervalMs = 20;

/** Sends each request to a replica that was ready when it was asked last, in turn. It repeats nothing. */
export class Balancer implements AsyncDisposable {
  readonly #replicas = new Map<string, { isReady: boolean; served: number }>();
  readonly #stopping = new AbortController();
  readonly #probing: Promise<void>;
  #turn = 0;
  #waiting: (() => void)[] = [];

  constructor() {
    this.#probing = this.#probe();
  }

  add(url: string): void {
    this.#replicas.set(url, { isReady: false, served: 0 });
  }

  remove(url: string): void {
    this.#replicas.delete(url);
  }

  /** Resolves when this replica has answered so many requests. */
  async served(url: string, count: number): Promise<void> {
    while ((this.#replicas.get(url)?.served ?? 0) < count) await this.#news();
  }

  async send(path: string, init: RequestInit): Promise<Response> {
    for (;;) {
      const ready = [...this.#replicas].filter(([, { isReady }]) => isReady);
      const chosen = ready[this.#turn++ % Math.max(1, ready.length)];
      if (chosen === undefined) {
        await this.#news();
        continue;
      }
      const [url, replica] = chosen;
      const response = await fetch(url + path, init);
      replica.served += 1;
      this.#tell();
      return response;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping.abort();
    await this.#probing;
  }

  async #probe(): Promise<void> {
    const { signal } = this.#stopping;
    try {
      for await (const _ of setInterval(probeIntervalMs, undefined, { signal })) {
        await Promise.all([...this.#replicas].map((each) => this.#ask(...each)));
        this.#tell();
      }
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  async #ask(url: string, replica: { isReady: boolean }): Promise<void> {
    // A connection of its own, as the probes of balancers have.
    const answer = await fetch(`${url}/ready`, { keepalive: false }).catch(() => undefined);
    replica.isReady = answer?.ok === true;
  }

  #news(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  #tell(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}
