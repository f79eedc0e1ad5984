/** Steps in each doubling of a value: the relative error is at most 1/256. */
const stepsPerOctave = 128;
const stepBits = 7;
/** Values up to 2^42 nanoseconds, which is more than an hour; greater ones count as that. */
const octaves = 42 - stepBits;
const bucketCount = stepsPerOctave * (octaves + 1);
const maxValue = 2 ** 42 - 1;

/**
 * How often which durations came, in memory that does not grow: 36 KiB, however many there are.
 * Source: the layout of HdrHistogram, http://hdrhistogram.org.
 */
export class LatencyHistogram {
  count = 0;
  /** In milliseconds, exact; NaN without values. */
  minMs: number = Number.NaN;
  maxMs: number = Number.NaN;
  #sumMs = 0;
  readonly #buckets = new Float64Array(bucketCount);

  add(ms: number): void {
    const value = Math.min(Math.max(0, Math.round(ms * 1e6)), maxValue);
    const bucket = bucketOf(value);
    this.#buckets[bucket] = (this.#buckets[bucket] as number) + 1;
    this.count += 1;
    this.#sumMs += ms;
    if (!(ms >= this.minMs)) this.minMs = ms;
    if (!(ms <= this.maxMs)) this.maxMs = ms;
  }

  /** In milliseconds; NaN without values. */
  get meanMs(): number {
    return this.#sumMs / this.count;
  }

  /**
   * The value that the given share of all does not exceed, in milliseconds; NaN without values.
   * `share` is from 0 to 1.
   */
  quantileMs(share: number): number {
    const rank = Math.max(1, Math.ceil(share * this.count));
    let seen = 0;
    for (let bucket = 0; bucket < bucketCount; bucket++) {
      seen += this.#buckets[bucket] as number;
      if (seen < rank) continue;
      return Math.min(Math.max(middleOf(bucket) / 1e6, this.minMs), this.maxMs);
    }
    return Number.NaN;
  }
}

/** Values below the number of steps have a bucket each; above, an octave has that many. */
function bucketOf(value: number): number {
  if (value < stepsPerOctave) return value;
  const shift = exponentOf(value) - stepBits;
  const step = Math.floor(value / 2 ** shift) - stepsPerOctave;
  return stepsPerOctave * (shift + 1) + step;
}

function middleOf(bucket: number): number {
  if (bucket < stepsPerOctave) return bucket;
  const shift = Math.floor(bucket / stepsPerOctave) - 1;
  return (stepsPerOctave + (bucket % stepsPerOctave) + 0.5) * 2 ** shift;
}

/** The place of the highest bit. Operators on bits know 32 of them only. */
function exponentOf(value: number): number {
  const high = Math.floor(value / 2 ** 24);
  return high > 0 ? 55 - Math.clz32(high) : 31 - Math.clz32(value);
}
