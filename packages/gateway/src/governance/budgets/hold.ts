import type { RpcError } from '@zeke/rpc';
import type { FoundPrices } from '../prices/catalogue.ts';
import { costOfUse, type PricedUse } from '../prices/price-book.ts';
import type { Account, Window } from './account.ts';
import type { BudgetShortfall, OwnBudget, Shortfall } from './refusals.ts';
import type { TokenBound } from './token-bound.ts';
import { worstCaseMicroUsd } from './worst-case.ts';

/** More tokens that a stream takes hold of at once, beyond what it has written already. */
const stepShare = 1 / 8;
const minStepTokens = 256;

export interface HoldOptions {
  accounts: readonly Account[];
  /** Of the request: its windows are those it counts for, however long it takes. */
  atMs: number;
  /** Absent where nobody knows. */
  prices: FoundPrices | undefined;
  /** Absent for a request that costs nothing. */
  bound: TokenBound | undefined;
  /** The caller's own, shared by the attempts of a request. */
  own?: OwnBudget | undefined;
  /** The error to tell of a stream for which there is no more room. */
  stop: (shortfall: Shortfall) => RpcError;
}

/**
 * What one attempt may cost at most, held in the windows of all its accounts until it is settled. Take
 * it with `take`; then `release` it, once.
 */
export class Hold {
  readonly accounts: readonly Account[];
  /** Of soft budgets that are passed, for the caller. */
  warning: string | undefined;
  /** True when a stream was stopped, for which there was no more room. */
  stopped = false;
  readonly #own: OwnBudget | undefined;
  readonly #stop: HoldOptions['stop'];
  readonly #atMs: number;
  readonly #prices: FoundPrices | undefined;
  readonly #bound: TokenBound | undefined;
  readonly #windows: Window[] = [];
  #amount: number;
  #outputTokens: number;

  constructor({ accounts, atMs, bound, own, prices, stop }: HoldOptions) {
    this.#own = own;
    this.#stop = stop;
    this.accounts = accounts;
    this.#atMs = atMs;
    this.#prices = prices;
    this.#bound = bound;
    this.#outputTokens = bound?.output ?? 0;
    this.#amount = this.#costWith(this.#outputTokens);
  }

  get amountMicroUsd(): number {
    return this.#amount;
  }

  /** Output that is paid for by what is held. */
  get outputTokens(): number {
    return this.#outputTokens;
  }

  /** Whether it is known what it may cost; what costs nothing is. */
  get isPriced(): boolean {
    if (!this.#bound) return true;
    return (
      this.#prices !== undefined &&
      worstCaseMicroUsd(this.#prices, this.#bound, this.#atMs) !== undefined
    );
  }

  /** Holds the amount, unless a hard budget lacks room for it: then nothing is held, and said why. */
  take(): Shortfall | undefined {
    const shortfall = this.#shortfallOf(this.#amount, this.#amount);
    if (shortfall) return shortfall;
    for (const account of this.accounts) {
      this.#windows.push(account.window('day', this.#atMs), account.window('month', this.#atMs));
    }
    this.#reserve(this.#amount);
    return undefined;
  }

  /** Whether there is room for the amount now. */
  fits(): boolean {
    return this.#shortfallOf(this.#amount, this.#amount) === undefined;
  }

  /**
   * A stream has written so much. Where that is more than is held for, more is held, with some to go
   * on; where a hard budget lacks room, the error to stop it with.
   */
  check(outputTokens: number): RpcError | undefined {
    if (outputTokens <= this.#outputTokens) return undefined;
    const step = Math.max(minStepTokens, Math.ceil(outputTokens * stepShare));
    const shortfall = this.#extend(outputTokens + step) && this.#extend(outputTokens);
    if (!shortfall) return undefined;
    this.stopped = true;
    return this.#stop(shortfall);
  }

  /** The soft budgets that are passed now. */
  passed(): BudgetShortfall[] {
    return this.#beyond('soft', this.#amount, 0);
  }

  /** What the attempt is charged, now that it is known what it used, in micro-USD. */
  chargeFor(use: PricedUse): number {
    const cost = costOfUse(use, this.#prices);
    if (cost) return cost.totalMicroUsd;
    // Where nobody can say what was used, or what a part of it costs, it is what it may have cost.
    return use.outcome === 'error' ? 0 : this.#amount;
  }

  /** Nothing is held any more; of the caller's own budget that much was spent. */
  release(spentMicroUsd = 0): void {
    this.#reserve(-this.#amount);
    this.#windows.length = 0;
    if (this.#own) this.#own.usedMicroUsd += spentMicroUsd;
  }

  #reserve(microUsd: number): void {
    for (const window of this.#windows) window.reservedMicroUsd += microUsd;
    if (this.#own) this.#own.usedMicroUsd += microUsd;
  }

  #extend(outputTokens: number): Shortfall | undefined {
    const amount = this.#costWith(outputTokens);
    const more = amount - this.#amount;
    const shortfall = this.#shortfallOf(amount, more);
    if (shortfall) return shortfall;
    this.#reserve(more);
    this.#amount = amount;
    this.#outputTokens = outputTokens;
    return undefined;
  }

  #costWith(output: number): number {
    if (!(this.#bound && this.#prices)) return 0;
    return worstCaseMicroUsd(this.#prices, { ...this.#bound, output }, this.#atMs) ?? 0;
  }

  /** Of several budgets without room, the one that frees up last. */
  #shortfallOf(amount: number, more: number): Shortfall | undefined {
    if (more <= 0) return undefined;
    const own = this.#own;
    if (own && own.usedMicroUsd + more > own.limitMicroUsd) return { own, amountMicroUsd: amount };
    return this.#beyond('hard', amount, more).reduce<BudgetShortfall | undefined>(
      (last, each) => (last && rankOf(last) >= rankOf(each) ? last : each),
      undefined,
    );
  }

  /** Budgets of the mode that are passed when `more` is held. */
  #beyond(mode: 'hard' | 'soft', amountMicroUsd: number, more: number): BudgetShortfall[] {
    const found: BudgetShortfall[] = [];
    for (const account of this.accounts) {
      for (const limit of account.limits) {
        if (limit.budget.mode !== mode) continue;
        const { limitMicroUsd, period } = limit.budget;
        if (period === 'request') {
          if (amountMicroUsd > limitMicroUsd) found.push({ account, limit, amountMicroUsd });
          continue;
        }
        const window = account.window(period, this.#atMs);
        const used = window.spentMicroUsd + window.reservedMicroUsd + more;
        if (used > limitMicroUsd) found.push({ account, limit, window, amountMicroUsd });
      }
    }
    return found;
  }
}

function rankOf({ amountMicroUsd, limit, window }: BudgetShortfall): number {
  if (!window) return Number.POSITIVE_INFINITY;
  const isHeld = window.spentMicroUsd + amountMicroUsd <= limit.budget.limitMicroUsd;
  if (isHeld) return 0;
  return window.period === 'day' ? 1 : 2;
}
