/** How late a watch may fire, in milliseconds. */
const tickMs = 50;

export interface Watched {
  /** The wait was too long. */
  expire(): void;
  /** The process ends, and waits no longer. */
  stop(): void;
}

/** One wait that may not last too long. */
export class Watch {
  readonly #watchdog: Watchdog;
  readonly watched: Watched;
  /** On the monotonic clock, in milliseconds. */
  expiresAt = 0;
  /** The watchdog's: the waits under way are a chain. */
  next: Watch | undefined;
  previous: Watch | undefined;
  running = false;

  constructor(watchdog: Watchdog, watched: Watched) {
    this.#watchdog = watchdog;
    this.watched = watched;
  }

  /** Begins a wait of this length, in place of the one under way. */
  start(limitMs: number): void {
    this.expiresAt = this.#watchdog.now() + limitMs;
    this.#watchdog.expect(this.expiresAt);
    if (!this.running) this.#watchdog.link(this);
  }

  /** Ends the wait in time. */
  clear(): void {
    if (this.running) this.#watchdog.unlink(this);
  }
}

/**
 * Watches many waits with one timer, so that a chunk of a stream costs no timer of its own. The
 * timer runs only while something is watched.
 *
 * The waits are a chain and not a `Set`: one that lives long and changes with every request made
 * requests dearer and the heap larger than anything else did (docs/decisions/0015).
 */
export class Watchdog {
  #first: Watch | undefined;
  #timer: ReturnType<typeof setInterval> | undefined;
  /** No wait is over before: what is restarted ends later, so it may be too early, never too late. */
  #earliest = Number.POSITIVE_INFINITY;
  /** Milliseconds on a clock that no setting of the time moves. */
  readonly now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.now = now;
  }

  /** Begins a wait. */
  watch(limitMs: number, watched: Watched): Watch {
    const watch = new Watch(this, watched);
    watch.start(limitMs);
    return watch;
  }

  /** Ends all waits that are under way. */
  stop(): void {
    for (const watch of this.#running(() => true)) {
      if (!watch.running) continue;
      this.unlink(watch);
      watch.watched.stop();
    }
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#first = undefined;
  }

  /** For `Watch` alone: a wait ends then. */
  expect(expiresAt: number): void {
    if (expiresAt < this.#earliest) this.#earliest = expiresAt;
  }

  /** For `Watch` alone. */
  link(watch: Watch): void {
    watch.running = true;
    watch.next = this.#first;
    if (this.#first) this.#first.previous = watch;
    this.#first = watch;
    this.#timer ??= setInterval(() => this.#tick(), tickMs);
  }

  /** For `Watch` alone. */
  unlink(watch: Watch): void {
    const { next, previous } = watch;
    if (previous) previous.next = next;
    else if (this.#first === watch) this.#first = next;
    if (next) next.previous = previous;
    watch.next = undefined;
    watch.previous = undefined;
    watch.running = false;
  }

  #tick(): void {
    const now = this.now();
    if (now >= this.#earliest) this.#expire(now);
    if (this.#first) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #expire(now: number): void {
    let earliest = Number.POSITIVE_INFINITY;
    const over = this.#running(({ expiresAt }) => {
      if (expiresAt <= now) return true;
      if (expiresAt < earliest) earliest = expiresAt;
      return false;
    });
    this.#earliest = earliest;
    for (const watch of over) {
      // What expired before it may have ended this wait.
      if (!watch.running) continue;
      this.unlink(watch);
      watch.watched.expire();
    }
  }

  #running(isMeant: (watch: Watch) => boolean): Watch[] {
    const found: Watch[] = [];
    for (let watch = this.#first; watch; watch = watch.next) if (isMeant(watch)) found.push(watch);
    return found;
  }
}
