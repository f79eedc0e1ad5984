import {
  dividedUp,
  type LimitResult,
  levelAfter,
  type Rate,
  type RateOptions,
  rateOf,
  tokensLeft,
  usToDrain,
} from './gcra.ts';
import { KeyTable } from './key-table.ts';
import { limitKey, wholeNumber } from './whole-number.ts';

export interface RateLimiterOptions extends RateOptions {
  /** Keys that are remembered: 1 to 10,000,000, default 100,000. See `RateLimiter` for the rest. */
  readonly maxKeys?: number;
  /**
   * Milliseconds, with fractions, on a clock that no setting of the time moves. Default
   * `performance.now`. When it does go back it is taken to stand still meanwhile.
   */
  readonly monotonicMs?: () => number;
  /** Milliseconds since 1970, for `resetAtMs` alone. Default `Date.now`. */
  readonly wallClockMs?: () => number;
}

const maxMaxKeys = 10_000_000;
/** Looked at for each new key, so that keys do not pile up where nobody calls `cleanup`. */
const sweptPerInsert = 2;
/** So few are not worth looking for: they would be forgotten and made again for each call. */
const sweptFrom = 16;
/** Looked at for a new key when the table is full. */
const sweptWhenFull = 16;
const sweptPerCleanup = 1_024;
const wallClockEveryUs = 1_000_000;

/**
 * Limits how often something happens, for each key, in memory: GCRA (see `Rate`). One rate holds for
 * all keys of a limiter; who has tiers makes one limiter for each.
 *
 * When `maxKeys` are there, a new key takes the place of one that has all its tokens again, which
 * loses nothing: a new key has them too. A key that is still limited is never forgotten. When none of
 * those looked at has all its tokens, the new key is not remembered but shares one bucket with all
 * others that come so; and who gets a place later begins with what that bucket then lacks. So whoever
 * comes with a million keys narrows it for new keys, and can free no key of its limit.
 */
export class RateLimiter {
  readonly #rate: Rate;
  readonly #table: KeyTable;
  /** Level and time for each place; after the last one, for what shares a bucket. */
  readonly #states: Float64Array;
  readonly #shared: number;
  readonly #monotonicMs: () => number;
  readonly #wallClockMs: () => number;
  #readingUs: number;
  #nowUs = 0;
  #wallClockAtUs = Number.NEGATIVE_INFINITY;
  /** The wall clock's milliseconds at the limiter's time 0. */
  #wallClockStartMs = 0;
  #hand = 0;
  /** Of the key of the last `refusal`, after it. */
  #lastLevel = 0;

  /** A limiter in which every key has all its tokens. @throws RpcError that names the option. */
  static init(options: RateLimiterOptions): RateLimiter {
    return new RateLimiter(options);
  }

  private constructor(options: RateLimiterOptions) {
    this.#rate = rateOf(options);
    const maxKeys = wholeNumber(options.maxKeys ?? 100_000, 'maxKeys', 1, maxMaxKeys);
    this.#table = new KeyTable(maxKeys);
    this.#states = new Float64Array(2 * (maxKeys + 1));
    this.#shared = maxKeys;
    this.#monotonicMs = options.monotonicMs ?? (() => performance.now());
    this.#wallClockMs = options.wallClockMs ?? Date.now;
    this.#readingUs = Math.floor(this.#monotonicMs() * 1000);
  }

  /** The number of keys that are remembered. */
  get size(): number {
    return this.#table.size;
  }

  /**
   * Takes `cost` tokens (0 to 1,000,000,000, default 1), all or none. A cost of 0 takes nothing and
   * asks whether the key is in debt.
   * @throws RpcError invalid_argument for a key of 0 or more than 256 characters, or another cost.
   */
  check(key: string, cost = 1): LimitResult {
    return this.refusal(key, cost) ?? this.#result(true, this.#lastLevel, 0);
  }

  /** The same for who needs to know a refusal only: undefined when the tokens were taken. */
  refusal(key: string, cost = 1): LimitResult | undefined {
    const { unitsPerToken, capacity, burst } = this.#rate;
    if (cost !== 1) checkCost(cost, 0);
    const place = this.#table.find(limitKey(key));
    const level = this.#levelAt(place);
    // More than the burst would be no exact number, and is never allowed.
    const next = cost > burst ? Number.POSITIVE_INFINITY : level + cost * unitsPerToken;
    if (next > capacity) return this.#result(false, level, next - capacity);
    if (cost > 0) this.#store(place, key, next);
    this.#lastLevel = next;
    return undefined;
  }

  /** What `check` would say of so many tokens; nothing is taken, and what is left is told as it is. */
  peek(key: string, cost = 1): LimitResult {
    const { unitsPerToken, capacity, burst } = this.#rate;
    checkCost(cost, 0);
    const level = this.#levelAt(this.#table.find(limitKey(key)));
    const next = cost > burst ? Number.POSITIVE_INFINITY : level + cost * unitsPerToken;
    return this.#result(next <= capacity, level, Math.max(0, next - capacity));
  }

  /**
   * Takes tokens that were used already, whether they are there or not, or gives some back (cost
   * -1,000,000,000 to 1,000,000,000): what a check had to guess is put right by the difference. Debt
   * ends at ten periods' tokens, so that no single count locks a key for longer.
   */
  charge(key: string, cost: number): void {
    checkCost(cost, -1_000_000_000);
    const place = this.#table.find(limitKey(key));
    const level = this.#levelAt(place);
    const { unitsPerToken, maxLevel } = this.#rate;
    const next = Math.max(0, Math.min(maxLevel, level + cost * unitsPerToken));
    if (place >= 0 || next > 0) this.#store(place, key, next);
  }

  /** Whole tokens that a key may take now. */
  remaining(key: string): number {
    return tokensLeft(this.#rate, this.#levelAt(this.#table.find(limitKey(key))));
  }

  /** Gives a key all its tokens; false when it had them. What keys share in a full table stays. */
  reset(key: string): boolean {
    const place = this.#table.find(limitKey(key));
    if (place < 0) return false;
    const wasLimited = this.#levelAt(place) > 0;
    this.#table.remove(place);
    return wasLimited;
  }

  /**
   * Forgets keys that have all their tokens, and says how many. Looks at `maxLooked` keys (1 to
   * 1,024, the default) and goes on there the next time, so that no call takes a millisecond.
   */
  cleanup(maxLooked = sweptPerCleanup): number {
    this.#tick();
    return this.#sweep(wholeNumber(maxLooked, 'maxLooked', 1, sweptPerCleanup));
  }

  /** The level of a place now; -1 is that of a key which is not remembered. */
  #levelAt(place: number): number {
    this.#tick();
    return this.#levelNow(place < 0 ? this.#shared : place);
  }

  #levelNow(place: number): number {
    const elapsedUs = this.#nowUs - (this.#states[2 * place + 1] ?? 0);
    return levelAfter(this.#rate, this.#states[2 * place] ?? 0, elapsedUs);
  }

  #store(place: number, key: string, level: number): void {
    const target = place < 0 ? this.#placeFor(key) : place;
    this.#states[2 * target] = level;
    this.#states[2 * target + 1] = this.#nowUs;
  }

  #placeFor(key: string): number {
    const isFull = this.#table.size >= this.#table.maxKeys;
    if (isFull || this.#table.size >= sweptFrom) {
      this.#sweep(isFull ? sweptWhenFull : sweptPerInsert);
    }
    return this.#table.size < this.#table.maxKeys ? this.#table.insert(key) : this.#shared;
  }

  #sweep(maxLooked: number): number {
    const before = this.#table.size;
    const looked = Math.min(maxLooked, this.#table.used);
    for (let i = 0; i < looked; i++) {
      this.#hand = this.#hand + 1 < this.#table.used ? this.#hand + 1 : 0;
      if (this.#levelNow(this.#hand) === 0 && this.#table.keyAt(this.#hand) !== undefined) {
        this.#table.remove(this.#hand);
      }
    }
    return before - this.#table.size;
  }

  #result(allowed: boolean, level: number, excess: number): LimitResult {
    const rate = this.#rate;
    const resetAfterUs = usToDrain(rate, level);
    const retryAfterUs = allowed ? 0 : usToDrain(rate, excess);
    return {
      allowed,
      limit: rate.limit,
      remaining: tokensLeft(rate, level),
      retryAfterMs: Number.isFinite(excess) ? dividedUp(retryAfterUs, 1000) : excess,
      resetAfterMs: dividedUp(resetAfterUs, 1000),
      resetAtMs: this.#wallClockStartMs + dividedUp(this.#nowUs + resetAfterUs, 1000),
    };
  }

  /** Moves the limiter's own time, which starts at 0, by what the clock has gone forward. */
  #tick(): void {
    const readingUs = Math.floor(this.#monotonicMs() * 1000);
    if (readingUs > this.#readingUs) this.#nowUs += readingUs - this.#readingUs;
    this.#readingUs = readingUs;
    if (this.#nowUs - this.#wallClockAtUs < wallClockEveryUs) return;
    this.#wallClockAtUs = this.#nowUs;
    this.#wallClockStartMs = Math.floor(this.#wallClockMs() - this.#nowUs / 1000);
  }
}

function checkCost(cost: number, min: number): void {
  wholeNumber(cost, 'cost', min, 1_000_000_000);
}
