/** How long to wait before something is tried again. */
export interface Backoff {
  /** Before the first repetition, in milliseconds. */
  readonly initialMs: number;
  /** The longest wait before jitter, in milliseconds. */
  readonly maxMs: number;
  /** By how much each wait is longer than the one before it. */
  readonly multiplier: number;
  /** Each wait is made longer or shorter by up to this share of it, so that many do not come at once. */
  readonly jitter: number;
}

/**
 * The wait before repetition number `repetition`, from 0, in milliseconds. `random` answers numbers
 * from 0 to below 1, as `Math.random` does.
 *
 * Source: gRFC A6, "Exponential Backoff"; gRPC's connection-backoff.md has the same form.
 */
export function backoffMs(backoff: Backoff, repetition: number, random: () => number): number {
  const exact = Math.min(backoff.initialMs * backoff.multiplier ** repetition, backoff.maxMs);
  return exact * (1 + backoff.jitter * (2 * random() - 1));
}
