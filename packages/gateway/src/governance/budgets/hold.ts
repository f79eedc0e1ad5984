import type { RpcError } from '@zeke/rpc';
import type { FoundPrices } from '../prices/catalogue.ts';
import { costOfUse, type PricedUse } from '../prices/price-book.ts';
import type { Account } from './account.ts';
import type { BudgetShortfall, OwnBudget, Shortfall } from './refusals.ts';
import type { SharedBudgets } from './shared-budgets.ts';
import { roomIn } from './shared-window.ts';
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
  /** Where others spend of the same budgets; absent: this process alone does. */
  shared?: SharedBudgets | undefined;
}

/**
 * What one attempt may cost at most, held in the windows of all its accounts until it is settled. Take
 * it with `take`; then `release` it, once.
 */
export class Hold {
  readonly accounts: readonly Account[];
  /** Of soft budgets that are passed, for the caller. */
  warning: string | undefined;
  /** The budgets' `sequence` when it was taken, where its accounts were looked for then. */
  takenAt: number | undefined;
  /** True when a stream was stopped, for which there was no more room. */
  stopped = false;
  readonly #own: OwnBudget | undefined;
  readonly #stop: HoldOptions['stop'];
  readonly #atMs: number;
  readonly #prices: FoundPrices | undefined;
  readonly #bound: TokenBound | undefined;
  readonly #shared: SharedBudgets | undefined;
  /** More is asked for, or was refused: of a stream that is shared. */
  #extending: 'no' | 'asked' | Shortfall = 'no';
  #amount: number;
  #outputTokens: number;
  #isTaken = false;
  #isReleased = false;

  constructor({ accounts, atMs, bound, own, prices, shared, stop }: HoldOptions) {
    this.#shared = shared;
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
    this.#begin();
    return undefined;
  }

  /** The same where others spend of the same budgets. Rejects where the database does not answer. */
  async takeShared(shared: SharedBudgets): Promise<Shortfall | undefined> {
    const amount = this.#amount;
    const own = this.#ownShortfallOf(amount, amount) ?? this.#requestShortfallOf(amount);
    if (own) return own;
    return shared.reserve(this.accounts, this.#atMs, amount, (known) => {
      // An own budget may be used up meanwhile; and of a part of its own this process alone can say.
      const shortfall =
        known === 'reserved'
          ? this.#ownShortfallOf(amount, amount)
          : this.#shortfallOf(amount, amount);
      if (!shortfall) this.#begin(known !== 'reserved');
      else if (known === 'reserved') shared.say(this.accounts, this.#atMs, -amount);
      return shortfall;
    });
  }

  /** Why there is no room for the amount now; undefined where there is. */
  shortfall(): Shortfall | undefined {
    return this.#shortfallOf(this.#amount, this.#amount);
  }

  /**
   * A stream has written so much. Where that is more than is held for, more is held, with some to go
   * on; where a hard budget lacks room, the error to stop it with.
   */
  check(outputTokens: number): RpcError | undefined {
    const shared = this.#shared;
    if (shared) return this.#checkShared(shared, outputTokens);
    if (outputTokens <= this.#outputTokens) return undefined;
    const step = Math.max(minStepTokens, Math.ceil(outputTokens * stepShare));
    const shortfall = this.#extend(outputTokens + step) && this.#extend(outputTokens);
    if (!shortfall) return undefined;
    this.stopped = true;
    return this.#stop(shortfall);
  }

  /** When `check` is of use first. */
  get checkAtTokens(): number {
    if (!this.#shared) return this.#outputTokens;
    return this.#outputTokens - Math.max(minStepTokens, this.#outputTokens * stepShare) / 2;
  }

  /** The soft budgets that are passed now, or would be with so much more. */
  passed(more = 0): readonly BudgetShortfall[] {
    return this.#beyond('soft', this.#amount, more);
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
    this.#isTaken = false;
    this.#shared?.say(this.accounts, this.#atMs, -this.#amount);
    this.#isReleased = true;
    if (this.#own) this.#own.usedMicroUsd += spentMicroUsd;
  }

  #begin(isUntold = false): void {
    this.#isTaken = true;
    this.#reserve(this.#amount);
    if (isUntold) this.#shared?.say(this.accounts, this.#atMs, this.#amount);
  }

  /** More is held before it is needed, so that the stream has not to wait for what others hold. */
  #checkShared(shared: SharedBudgets, outputTokens: number): RpcError | undefined {
    if (outputTokens < this.checkAtTokens) return undefined;
    if (typeof this.#extending === 'object' && outputTokens > this.#outputTokens) {
      this.stopped = true;
      return this.#stop(this.#extending);
    }
    if (this.#extending !== 'asked') void this.#extendShared(shared, outputTokens);
    return undefined;
  }

  async #extendShared(shared: SharedBudgets, outputTokens: number): Promise<void> {
    this.#extending = 'asked';
    const from = Math.max(outputTokens, this.#outputTokens);
    const next = from + Math.max(minStepTokens, Math.ceil(from * stepShare));
    const amount = this.#costWith(next);
    const more = amount - this.#amount;
    try {
      const own = this.#ownShortfallOf(amount, more) ?? this.#requestShortfallOf(amount);
      this.#extending =
        own ??
        (await shared.reserve(this.accounts, this.#atMs, more, (known) => {
          const shortfall = known === 'reserved' ? undefined : this.#shortfallOf(amount, more);
          if (shortfall) return shortfall;
          if (this.#isReleased) {
            if (known === 'reserved') shared.say(this.accounts, this.#atMs, -more);
            return 'no';
          }
          this.#reserve(more);
          if (known === 'alone') shared.say(this.accounts, this.#atMs, more);
          this.#amount = amount;
          this.#outputTokens = next;
          return 'no';
        }));
    } catch {
      // The database does not say what was spent: what is held so far goes on to hold.
      this.#extending = 'no';
    }
  }

  #reserve(microUsd: number): void {
    if (this.#isTaken) {
      for (const account of this.accounts) account.reserve(this.#atMs, microUsd);
    }
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
    return worstCaseMicroUsd(this.#prices, this.#bound, this.#atMs, output) ?? 0;
  }

  /** Of several budgets without room, the one that frees up last. */
  #shortfallOf(amount: number, more: number): Shortfall | undefined {
    if (more <= 0) return undefined;
    const own = this.#ownShortfallOf(amount, more);
    if (own) return own;
    let last: BudgetShortfall | undefined;
    for (const each of this.#beyond('hard', amount, more)) {
      if (!last || rankOf(last) < rankOf(each)) last = each;
    }
    return last;
  }

  #ownShortfallOf(amountMicroUsd: number, more: number): Shortfall | undefined {
    const own = this.#own;
    if (more <= 0 || !own || own.usedMicroUsd + more <= own.limitMicroUsd) return undefined;
    return { own, amountMicroUsd };
  }

  #requestShortfallOf(amount: number): Shortfall | undefined {
    return this.#beyond('hard', amount, 0).find(({ window }) => window === undefined);
  }

  /** Budgets of the mode that are passed when `more` is held. */
  #beyond(mode: 'hard' | 'soft', amountMicroUsd: number, more: number): readonly BudgetShortfall[] {
    let found: BudgetShortfall[] | undefined;
    const add = (shortfall: BudgetShortfall) => {
      found ??= [];
      found.push(shortfall);
    };
    for (const account of this.accounts) {
      for (const limit of account.limits) {
        if (limit.budget.mode !== mode) continue;
        const { limitMicroUsd, period } = limit.budget;
        if (period === 'request') {
          if (amountMicroUsd > limitMicroUsd) add({ account, limit, amountMicroUsd });
          continue;
        }
        const window = account.window(period, this.#atMs);
        const room =
          mode === 'hard'
            ? roomIn(window, limitMicroUsd)
            : limitMicroUsd - window.spentMicroUsd - window.reservedMicroUsd;
        if (more > room) add({ account, limit, window, amountMicroUsd });
      }
    }
    return found ?? none;
  }
}

const none: readonly BudgetShortfall[] = [];

function rankOf({ amountMicroUsd, limit, window }: BudgetShortfall): number {
  if (!window) return Number.POSITIVE_INFINITY;
  const isHeld = window.spentMicroUsd + amountMicroUsd <= limit.budget.limitMicroUsd;
  if (isHeld) return 0;
  return window.period === 'day' ? 1 : 2;
}
