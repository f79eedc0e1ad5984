/** A range of numbers; what `end` means is the index's matter. */
export interface NumberRange {
  readonly start: number;
  readonly end: number;
}

/** Ranges in an order in which a number or an overlap is found without looking at them all. */
export class RangeIndex<Range extends NumberRange> {
  readonly #sorted: readonly Range[];
  /** 1 where a range's end belongs to it. */
  readonly #inclusive: 0 | 1;

  constructor(ranges: readonly Range[], inclusive: 0 | 1) {
    this.#sorted = [...ranges].sort((left, right) => left.start - right.start);
    this.#inclusive = inclusive;
  }

  /** The range that a number is in; any of them where ranges overlap. */
  find(number: number): Range | undefined {
    const range = this.#sorted[this.#lastStartingBefore(number)];
    return range !== undefined && number < range.end + this.#inclusive ? range : undefined;
  }

  /** A range that has a number in common with one of another index. */
  overlapWith(other: NumberRange): Range | undefined {
    const range = this.#sorted[this.#lastStartingBefore(other.end - 1 + this.#inclusive)];
    return range !== undefined && other.start < range.end + this.#inclusive ? range : undefined;
  }

  /** Pairs of ranges that overlap, a pair for each range that reaches into one before it. */
  *overlaps(): Generator<readonly [Range, Range]> {
    let longest: Range | undefined;
    for (const range of this.#sorted) {
      if (longest !== undefined && range.start < longest.end + this.#inclusive) {
        yield [longest, range];
      }
      if (longest === undefined || range.end > longest.end) longest = range;
    }
  }

  #lastStartingBefore(number: number): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#sorted[middle]?.start ?? 0) <= number) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }
}
