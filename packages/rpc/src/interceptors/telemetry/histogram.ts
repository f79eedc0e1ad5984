/** Steps in each doubling of the value: the relative error of a quantile is at most 1/16. */
const stepsPerOctave = 8;
/** Values up to 2^32 microseconds, which is more than an hour. */
const octaves = 32;
const bucketCount = octaves * stepsPerOctave;

/** How long the quantiles look back: over the running window of this length and the one before. */
export const windowMs = 60_000;

/**
 * How often which durations came, in logarithmic buckets: adding one is a shift and two additions.
 * Counts since the start are kept for `_bucket` series, and recent ones for quantiles.
 */
export class Histogram {
  /** All values since the start. */
  count = 0;
  /** Their sum, in microseconds. */
  sum = 0;
  readonly #total = new Float64Array(bucketCount);
  #recent = new Uint32Array(bucketCount);
  #previous = new Uint32Array(bucketCount);
  #windowEndsAt = windowMs;

  /** Adds a duration in microseconds. `nowMs` is a clock that never goes back. */
  add(microseconds: number, nowMs: number): void {
    if (nowMs >= this.#windowEndsAt) this.#turn(nowMs);
    const value = Math.max(microseconds, 0);
    const bucket = bucketOf(value);
    this.count += 1;
    this.sum += value;
    this.#total[bucket] = (this.#total[bucket] as number) + 1;
    this.#recent[bucket] = (this.#recent[bucket] as number) + 1;
  }

  /** The number of values up to 2^exponent microseconds, since the start. */
  countUpTo(exponent: number): number {
    let count = 0;
    for (let bucket = 0; bucket < exponent * stepsPerOctave; bucket++) {
      count += this.#total[bucket] as number;
    }
    return count;
  }

  /**
   * The values that the given shares of recent ones do not exceed, in microseconds; shares from 0 to
   * 1 in growing order. NaN for each when none came.
   */
  quantiles(shares: readonly number[], nowMs: number): number[] {
    if (nowMs >= this.#windowEndsAt) this.#turn(nowMs);
    let count = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) count += this.#recentIn(bucket);
    const values: number[] = [];
    let seen = 0;
    let bucket = -1;
    for (const share of shares) {
      const rank = Math.max(1, Math.ceil(share * count));
      while (seen < rank && bucket < bucketCount - 1) {
        bucket += 1;
        seen += this.#recentIn(bucket);
      }
      values.push(count === 0 ? Number.NaN : middleOf(bucket));
    }
    return values;
  }

  #recentIn(bucket: number): number {
    return (this.#recent[bucket] as number) + (this.#previous[bucket] as number);
  }

  #turn(nowMs: number): void {
    const isNext = nowMs < this.#windowEndsAt + windowMs;
    const spare = this.#previous;
    this.#previous = this.#recent;
    if (!isNext) this.#previous.fill(0);
    this.#recent = spare.fill(0);
    this.#windowEndsAt = nowMs + windowMs;
  }
}

/** Values of 2^o × (1 + s/8) up to the next such value fall into bucket 8 × o + s. */
function bucketOf(microseconds: number): number {
  if (microseconds < 1) return 0;
  if (microseconds >= 2 ** 32) return bucketCount - 1;
  const octave = 31 - Math.clz32(microseconds);
  const step = Math.trunc((microseconds / 2 ** octave - 1) * stepsPerOctave);
  return octave * stepsPerOctave + step;
}

function middleOf(bucket: number): number {
  const octave = Math.trunc(bucket / stepsPerOctave);
  const step = bucket % stepsPerOctave;
  return 2 ** octave * (1 + (step + 0.5) / stepsPerOctave);
}
