import { monotonicNow } from '../../core/timer-wheel.ts';
import { ConnectionFault } from './connection-fault.ts';
import { errorCode } from './frame.ts';
import type { Http2Limits } from './http2-limits.ts';

/** The time within which `Http2Limits` counts, in milliseconds. */
export const floodWindowMs = 10_000;

/**
 * Counts what costs us more than the peer. The clock is looked at only when a count reaches its
 * limit, so that a peer that behaves costs a few additions.
 */
export class FloodGuard {
  readonly #limits: Http2Limits;
  readonly #now: () => number;
  #since: number;
  #resets = 0;
  #settings = 0;
  #pings = 0;
  #emptyFrames = 0;
  #windowUpdates = 0;
  #idleFrames = 0;

  /** `now` is a monotonic clock in milliseconds. */
  constructor(limits: Http2Limits, now: () => number = monotonicNow) {
    this.#limits = limits;
    this.#now = now;
    this.#since = now();
  }

  /** A call ended by RST_STREAM. @throws ConnectionFault above the limit, as all of these. */
  reset(): void {
    if (++this.#resets > this.#limits.maxResets) this.#full('maxResets', 'resets');
  }

  /** A call ended in order. */
  finished(): void {
    if (this.#resets > 0) this.#resets -= 1;
  }

  settings(): void {
    if (++this.#settings > this.#limits.maxSettings) this.#full('maxSettings', 'SETTINGS frames');
  }

  ping(): void {
    if (++this.#pings > this.#limits.maxPings) this.#full('maxPings', 'PING frames');
  }

  emptyFrame(): void {
    if (++this.#emptyFrames > this.#limits.maxEmptyFrames) {
      this.#full('maxEmptyFrames', 'empty DATA frames');
    }
  }

  windowUpdate(): void {
    if (++this.#windowUpdates > this.#limits.maxWindowUpdates) {
      this.#full('maxWindowUpdates', 'WINDOW_UPDATE frames');
    }
  }

  idleFrame(): void {
    if (++this.#idleFrames > this.#limits.maxIdleFrames) {
      this.#full('maxIdleFrames', 'frames without effect');
    }
  }

  /** We sent a DATA frame: a peer that measures or widens its window has reason to. */
  sentData(): void {
    if (this.#windowUpdates > 0) this.#windowUpdates = Math.max(0, this.#windowUpdates - 4);
    if (this.#pings > 0) this.#pings -= 1;
  }

  #full(limit: keyof Http2Limits, what: string): void {
    const now = this.#now();
    if (now - this.#since < floodWindowMs) {
      const message = `more than ${this.#limits[limit]} ${what} in ${floodWindowMs / 1000} s, the limit ${limit}`;
      throw new ConnectionFault(errorCode.enhanceYourCalm, message);
    }
    this.#since = now;
    this.#resets = 0;
    this.#settings = 0;
    this.#pings = 0;
    this.#emptyFrames = 0;
    this.#windowUpdates = 0;
    this.#idleFrames = 0;
  }
}
