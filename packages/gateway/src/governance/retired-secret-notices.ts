import type { Logger, Metrics } from '@zeke/foundation';
import type { Caller } from './authenticate.ts';

/** How often the log tells of one key. */
const logEveryMs = 3_600_000;
/** Keys that are remembered for that; more begin anew. */
const maxKeys = 10_000;

/** Tells callers, the log and `/metrics` of secrets that are used after a rotation has replaced them. */
export class RetiredSecretNotices {
  readonly #log: Logger;
  readonly #now: () => number;
  readonly #count: () => void;
  readonly #loggedAt = new Map<string, number>();

  constructor(options: { log: Logger; metrics: Metrics; now: () => number }) {
    this.#log = options.log;
    this.#now = options.now;
    const uses = options.metrics.counter({
      name: 'gateway_retired_secret_uses_total',
      help: 'Requests with a secret that a rotation of its key has replaced.',
    });
    this.#count = () => uses.add(1);
  }

  /** A request came with such a secret: its answer is to say until when that works. */
  used({ keyId = '', retiredSecret }: Caller, headers: Headers): void {
    if (!retiredSecret) return;
    const { last4, validUntilMs } = retiredSecret;
    const until = new Date(validUntilMs).toISOString();
    headers.set('x-zeke-key-deprecated', `the key ending in ${last4} was rotated; until=${until}`);
    this.#count();
    const now = this.#now();
    if (now - (this.#loggedAt.get(keyId) ?? Number.NEGATIVE_INFINITY) < logEveryMs) return;
    if (this.#loggedAt.size >= maxKeys) this.#loggedAt.clear();
    this.#loggedAt.set(keyId, now);
    this.#log.warn('a key is still used with the secret from before its rotation', {
      keyId,
      last4,
      until,
    });
  }
}
