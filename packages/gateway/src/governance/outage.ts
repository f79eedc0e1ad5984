import type { Logger } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';

/** What the database said before, and when, in milliseconds since the epoch. */
export interface Before<T> {
  value: T;
  readAt: number;
}

export interface OutageOptions {
  log: Logger;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** How long what the database has said is believed while it is away; 0: not at all. */
  graceMs: number;
  /** How long it may take before it counts as away, where something is known. Default 1,000. */
  patienceMs?: number;
}

const patienceMs = 1_000;
/** While it is away it is asked no more often, where something is known. */
const askAgainMs = 1_000;

/**
 * The rule for the time in which the database is away: what it has said of a caller goes on being
 * believed for `graceMs` after it said so, and no longer. What it says now always counts, and what
 * it was never asked cannot be answered.
 */
export class Outage {
  graceMs: number;
  readonly #options: OutageOptions;
  /** Since when it is away, in milliseconds since the epoch. */
  #since: number | undefined;
  #askAt = 0;

  constructor(options: OutageOptions) {
    this.#options = options;
    this.graceMs = options.graceMs;
  }

  /** True where it is away, but for less than the grace: what was in use goes on. */
  get isBridged(): boolean {
    return this.#since !== undefined && this.#options.now() - this.#since < this.graceMs;
  }

  /** What the database says; while it is away, what it has said `before`. */
  async read<T>(before: Before<T> | undefined, read: () => Promise<T>): Promise<T> {
    const { now } = this.#options;
    if (!before || now() - before.readAt > this.graceMs) return await this.#ask(read);
    if (this.#since !== undefined && now() < this.#askAt) return before.value;
    try {
      return await this.ask(read);
    } catch (error) {
      if (this.#since === undefined) throw error;
      return before.value;
    }
  }

  /** Asks, but not for long. Throws what the database says, or `unavailable` when it is late. */
  async ask<T>(read: () => Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => late.reject(new RpcError('unavailable', 'the database is late', { retryable: true })),
      this.#options.patienceMs ?? patienceMs,
    );
    try {
      return await this.#ask(() => {
        const work = read();
        // Who is told that it is late waits no more.
        work.catch(() => {});
        return Promise.race([work, late.promise]);
      });
    } finally {
      clearTimeout(timer);
    }
  }

  /** Asks, and notes whether the database is there. */
  async #ask<T>(read: () => Promise<T>): Promise<T> {
    try {
      const value = await read();
      this.#isBack();
      return value;
    } catch (error) {
      if (isAway(error)) this.#isAway(error);
      else this.#isBack();
      throw error;
    }
  }

  #isAway(err: unknown): void {
    const { log, now } = this.#options;
    this.#askAt = now() + askAgainMs;
    if (this.#since !== undefined) return;
    this.#since = now();
    const message = 'the database is away; callers that it has confirmed lately are let in';
    log.error(message, { err, graceMs: this.graceMs });
  }

  #isBack(): void {
    if (this.#since === undefined) return;
    const awayMs = this.#options.now() - this.#since;
    this.#since = undefined;
    this.#options.log.info('the database answers again', { awayMs });
  }
}

function isAway(error: unknown): boolean {
  const { code } = RpcError.from(error);
  return code === 'unavailable' || code === 'deadline_exceeded';
}
