/** How long a handshake may take, and how many may be under way. */
const handshakeTimeoutMs = 10_000;
const maxHandshakes = 1_000;

/** How late one may be cut, in milliseconds. */
const tickMs = 1_000;

/** Handshakes that are not over: their number and their time are bounded, by one timer for all. */
export class Handshakes {
  /** In the order in which they began. */
  readonly #open = new Map<object, { readonly until: number; readonly cut: () => void }>();
  readonly #now: () => number;
  #timer: ReturnType<typeof setInterval> | undefined;

  /** `now` is a monotonic clock, in milliseconds. */
  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** One has begun; where there are too many, the oldest is cut, which is likely to be nobody's. */
  begin(owner: object, cut: () => void): void {
    this.#open.set(owner, { until: this.#now() + handshakeTimeoutMs, cut });
    if (this.#open.size > maxHandshakes) this.#cutOldest();
    this.#timer ??= setInterval(() => this.tick(), tickMs);
  }

  /** It is over, well or not, or its connection is gone. */
  end(owner: object): void {
    if (!this.#open.delete(owner) || this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** Cuts those that took too long. */
  tick(): void {
    const now = this.#now();
    for (const { until } of this.#open.values()) {
      if (until > now) return;
      this.#cutOldest();
    }
  }

  #cutOldest(): void {
    for (const [owner, { cut }] of this.#open) {
      this.end(owner);
      cut();
      return;
    }
  }
}
