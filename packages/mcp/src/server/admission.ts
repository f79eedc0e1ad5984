import { ConcurrencyLimiter, type Lease } from '@zeke/foundation/limits';
import { mcpError } from '../mcp-error.ts';

export interface AdmissionLimits {
  /** Calls of one session, or of one caller where there are none, under way at once. */
  readonly maxCallsOfSession: number;
  /** Of all callers. */
  readonly maxCalls: number;
}

export const defaultAdmissionLimits: AdmissionLimits = { maxCallsOfSession: 32, maxCalls: 1_000 };

/** Lets only so many calls in at once. */
export class Admission {
  readonly #limits: AdmissionLimits;
  readonly #calls: ConcurrencyLimiter;

  constructor(limits: AdmissionLimits) {
    this.#limits = limits;
    this.#calls = ConcurrencyLimiter.init({
      limit: limits.maxCallsOfSession,
      maxLeases: limits.maxCalls,
      leaseMs: longestCallMs,
    });
  }

  /** Throws `overloaded`, which says to try again. Give the lease back when the call has ended. */
  enter(session: string): Lease {
    const lease = this.#calls.acquire(session);
    if (lease) return lease;
    const { maxCalls, maxCallsOfSession } = this.#limits;
    throw mcpError(
      'overloaded',
      this.#calls.remaining(session) === 0
        ? `${maxCallsOfSession} calls of this session are under way already: wait until one has ended`
        : `${maxCalls} calls are under way already: try again later`,
    );
  }
}

/** No call takes longer; a place that is held for longer was lost. */
const longestCallMs = 24 * 60 * 60_000;
