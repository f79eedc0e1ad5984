import { RpcError } from '@zeke/rpc';
import { wholeNumber } from './whole-number.ts';

/** How much may happen. */
export interface RateOptions {
  /** Tokens in a period, in the long run: 1 to 1,000,000,000. A request is one token, or many. */
  readonly limit: number;
  /** 1 to 86,400,000: a day. */
  readonly periodMs: number;
  /** Tokens at once, after a rest: 1 to 1,000,000,000. Default: `limit`. */
  readonly burst?: number;
}

/**
 * A rate in the units of the algorithm, all whole numbers, so that nothing is ever rounded:
 *
 * GCRA in its form of the continuous-state leaky bucket (ITU-T I.371, annex A; the two forms there
 * decide alike). A key has a `level` of units and the time `atUs` at which it had that level. A token
 * is `unitsPerToken` units, and `unitsPerUs` units run out in a microsecond. With p microseconds in a
 * period, n tokens in it, and g their greatest common divisor, these are p / g and n / g.
 *
 *     level := max(0, level - (nowUs - atUs) * unitsPerUs)        what has run out since
 *     next  := level + cost * unitsPerToken
 *     if next <= capacity: allowed; level := next, atUs := nowUs  else: refused; nothing is stored
 *
 * No refusal costs anything: who comes too often is let in as often as who comes just in time.
 *
 * All numbers stay below 2^53, and products that do not are only compared; so doubles are enough, in
 * Lua as here. In Redis `level` and `atUs` are two fields of a hash, `nowUs` is `TIME` (seconds times
 * 1,000,000 plus microseconds), and the hash expires when `resetAfterUs` has passed.
 */
export interface Rate {
  readonly limit: number;
  readonly burst: number;
  readonly unitsPerToken: number;
  readonly unitsPerUs: number;
  /** The highest level that a check leaves: `burst` tokens. */
  readonly capacity: number;
  /** The highest level at all: ten periods' tokens over the burst, for what was charged afterwards. */
  readonly maxLevel: number;
}

/** What a check says. */
export interface LimitResult {
  readonly allowed: boolean;
  /** The rate's tokens in a period. */
  readonly limit: number;
  /** Whole tokens that may be taken now, after this check. */
  readonly remaining: number;
  /** 0 when allowed; else when the same check may succeed. Infinity when it costs more than the burst. */
  readonly retryAfterMs: number;
  /** When all tokens are there again. */
  readonly resetAfterMs: number;
  /** The same on the wall clock, in milliseconds since 1970: for people and headers. */
  readonly resetAtMs: number;
}

const maxTokens = 1_000_000_000;
const maxPeriodMs = 86_400_000;
/** Half of what doubles count exactly, so that a level and a cost can be added. */
const maxUnits = 2 ** 52;
const maxDebtPeriods = 10;

/** @throws RpcError invalid_argument that names the field. */
export function rateOf(options: RateOptions): Rate {
  const limit = wholeNumber(options.limit, 'limit', 1, maxTokens);
  const periodMs = wholeNumber(options.periodMs, 'periodMs', 1, maxPeriodMs);
  const burst = wholeNumber(options.burst ?? limit, 'burst', 1, maxTokens);
  const divisor = greatestCommonDivisor(periodMs * 1000, limit);
  const unitsPerToken = (periodMs * 1000) / divisor;
  const capacity = burst * unitsPerToken;
  if (capacity > maxUnits) {
    const most = Math.floor(maxUnits / unitsPerToken);
    const why = `${burst} are too many with this limit and period; ${most} are possible`;
    throw new RpcError('invalid_argument', `rate limit: burst: ${why}`);
  }
  const maxLevel = Math.min(maxUnits, capacity + maxDebtPeriods * limit * unitsPerToken);
  return { limit, burst, unitsPerToken, unitsPerUs: limit / divisor, capacity, maxLevel };
}

/**
 * What a check says that left `level`, or found it too high by `excess` units: Infinity for a cost over
 * the burst. `nowMs`: on the wall clock.
 */
export function limitResult(rate: Rate, level: number, excess: number, nowMs: number): LimitResult {
  const resetAfterMs = dividedUp(usToDrain(rate, level), 1000);
  const retryAfterMs = Number.isFinite(excess) ? dividedUp(usToDrain(rate, excess), 1000) : excess;
  return {
    allowed: excess <= 0,
    limit: rate.limit,
    remaining: tokensLeft(rate, level),
    retryAfterMs,
    resetAfterMs,
    resetAtMs: nowMs + resetAfterMs,
  };
}

/** A level after some microseconds. */
export function levelAfter(rate: Rate, level: number, elapsedUs: number): number {
  const drained = elapsedUs * rate.unitsPerUs;
  return drained >= level ? 0 : level - drained;
}

/** Whole tokens that fit on a level. */
export function tokensLeft(rate: Rate, level: number): number {
  return level >= rate.capacity ? 0 : Math.floor((rate.capacity - level) / rate.unitsPerToken);
}

/** Microseconds, rounded up, until `units` have run out. */
export function usToDrain(rate: Rate, units: number): number {
  return units <= 0 ? 0 : dividedUp(units, rate.unitsPerUs);
}

/**
 * The quotient of whole numbers, rounded up. Exact, as is `Math.floor` of one: a quotient that is not
 * whole is at least 1 / divisor off the next whole number, and a dividend below 2^53 makes that more
 * than doubles round by.
 */
export function dividedUp(dividend: number, divisor: number): number {
  return Math.ceil(dividend / divisor);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
