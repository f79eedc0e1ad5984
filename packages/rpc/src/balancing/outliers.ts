import type { Clock } from '../core/clock.ts';

/** When an endpoint is left alone because its calls fail more than those of the others. */
export interface OutlierOptions {
  /** How often the counts are looked at, in milliseconds: 10,000. */
  readonly intervalMs?: number;
  /** How long an endpoint is left alone the first time, in milliseconds: 30,000. Each time longer. */
  readonly ejectionMs?: number;
  /** The longest such time, in milliseconds: 300,000. */
  readonly maxEjectionMs?: number;
  /** No further endpoint is left alone when this share already is, in percent: 10. */
  readonly maxEjectedPercent?: number;
  /** Endpoints that succeed far less often than the mean. `false` for not. */
  readonly successRate?: SuccessRateOptions | false;
  /** Endpoints that fail more often than a fixed share. `false` for not. */
  readonly failurePercentage?: FailurePercentageOptions | false;
}

export interface SuccessRateOptions {
  /** How many standard deviations below the mean are too many: 1.9. */
  readonly deviations?: number;
  /** With fewer endpoints that have calls enough there is no mean: 5. */
  readonly minEndpoints?: number;
  /** Calls in one interval that are enough: 100. */
  readonly minCalls?: number;
}

export interface FailurePercentageOptions {
  /** More than so many of a hundred calls: 85. */
  readonly threshold?: number;
  /** As above: 5. */
  readonly minEndpoints?: number;
  /** As above: 50. */
  readonly minCalls?: number;
}

/** What is known of one endpoint. */
export interface OutlierTrack {
  successes: number;
  failures: number;
  /** Grows with each ejection, and shrinks with each interval without one. */
  ejections: number;
  /** By the clock; 0 or past while it is not ejected. */
  ejectedUntil: number;
}

/**
 * Finds the endpoints whose calls fail unlike those of the others. The counts are looked at when a
 * call ends and the interval is over, so that no timer runs while there are no calls.
 *
 * Source: gRFC A50, without its enforcement percentages.
 */
export class OutlierDetector {
  readonly #clock: Clock;
  readonly #intervalMs: number;
  readonly #ejectionMs: number;
  readonly #maxEjectionMs: number;
  readonly #maxEjectedPercent: number;
  readonly #successRate: Required<SuccessRateOptions> | undefined;
  readonly #failurePercentage: Required<FailurePercentageOptions> | undefined;
  readonly #tracks = new Set<OutlierTrack>();
  #nextAt: number;

  constructor(options: OutlierOptions, clock: Clock) {
    const { successRate = {}, failurePercentage = {} } = options;
    this.#clock = clock;
    this.#intervalMs = options.intervalMs ?? 10_000;
    this.#ejectionMs = options.ejectionMs ?? 30_000;
    this.#maxEjectionMs = Math.max(this.#ejectionMs, options.maxEjectionMs ?? 300_000);
    this.#maxEjectedPercent = options.maxEjectedPercent ?? 10;
    this.#successRate =
      successRate === false
        ? undefined
        : { deviations: 1.9, minEndpoints: 5, minCalls: 100, ...successRate };
    this.#failurePercentage =
      failurePercentage === false
        ? undefined
        : { threshold: 85, minEndpoints: 5, minCalls: 50, ...failurePercentage };
    this.#nextAt = clock.now() + this.#intervalMs;
  }

  add(): OutlierTrack {
    const track: OutlierTrack = { successes: 0, failures: 0, ejections: 0, ejectedUntil: 0 };
    this.#tracks.add(track);
    return track;
  }

  remove(track: OutlierTrack): void {
    this.#tracks.delete(track);
  }

  /** A call to the endpoint has ended. */
  record(track: OutlierTrack, isSuccess: boolean): void {
    if (isSuccess) track.successes++;
    else track.failures++;
    const now = this.#clock.now();
    if (now < this.#nextAt) return;
    this.#nextAt = now + this.#intervalMs;
    this.#ejectBySuccessRate(now);
    this.#ejectByFailurePercentage(now);
    for (const each of this.#tracks) {
      each.successes = 0;
      each.failures = 0;
      if (each.ejectedUntil === 0 && each.ejections > 0) each.ejections--;
      else if (now >= each.ejectedUntil) each.ejectedUntil = 0;
    }
  }

  #ejectBySuccessRate(now: number): void {
    const options = this.#successRate;
    if (options === undefined) return;
    const busy = this.#withCalls(options.minCalls);
    if (busy.length < options.minEndpoints) return;
    const rates = busy.map((track) => track.successes / callsOf(track));
    const mean = rates.reduce((sum, rate) => sum + rate, 0) / rates.length;
    const variance = rates.reduce((sum, rate) => sum + (rate - mean) ** 2, 0) / rates.length;
    const least = mean - options.deviations * Math.sqrt(variance);
    for (const [i, track] of busy.entries()) {
      if ((rates[i] as number) < least) this.#eject(track, now);
    }
  }

  #ejectByFailurePercentage(now: number): void {
    const options = this.#failurePercentage;
    if (options === undefined) return;
    const busy = this.#withCalls(options.minCalls);
    if (busy.length < options.minEndpoints) return;
    for (const track of busy) {
      if ((100 * track.failures) / callsOf(track) > options.threshold) this.#eject(track, now);
    }
  }

  #withCalls(minCalls: number): OutlierTrack[] {
    return [...this.#tracks].filter((track) => callsOf(track) >= minCalls);
  }

  #eject(track: OutlierTrack, now: number): void {
    if (track.ejectedUntil > now) return;
    const ejected = [...this.#tracks].filter((each) => each.ejectedUntil > now).length;
    if ((100 * ejected) / this.#tracks.size >= this.#maxEjectedPercent) return;
    track.ejections++;
    const ms = Math.min(this.#ejectionMs * track.ejections, this.#maxEjectionMs);
    track.ejectedUntil = now + ms;
  }
}

function callsOf(track: OutlierTrack): number {
  return track.successes + track.failures;
}
