import type { Logger, Metrics, Storage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { Replicas } from '../../replicas/replicas.ts';
import type { Ledger, LedgerEntry } from '../ledger.ts';
import type { FoundPrices } from '../prices/catalogue.ts';
import type { PricedModel } from '../prices/price-book.ts';
import type { GatewayTables } from '../tables.ts';
import { Account } from './account.ts';
import type { Budget, BudgetKey, BudgetStatus } from './budget.ts';
import { BudgetReports } from './budget-reports.ts';
import { BudgetStore, type DaySpend } from './budget-store.ts';
import type { BudgetEvent } from './budget-webhook.ts';
import { Hold } from './hold.ts';
import {
  type OwnBudget,
  refusalOf,
  type Shortfall,
  unpricedRefusal,
  warningOf,
} from './refusals.ts';
import { SharedBudgets } from './shared-budgets.ts';
import { forEachSpender, type SpenderKind, type Spenders } from './spender.ts';
import type { TokenBound } from './token-bound.ts';
import { dayMs, windowStart } from './windows.ts';

/** The part of the configuration that budgets go by. */
export interface BudgetSettings {
  /** Held for where a caller gives no maximum. */
  defaultOutputTokens: number;
  /** What becomes of a request under a hard budget whose price nobody knows. */
  unpriced: 'refuse' | 'allow';
}

export const defaultBudgetSettings: BudgetSettings = {
  defaultOutputTokens: 4_096,
  unpriced: 'refuse',
};

export interface BudgetsOptions {
  storage: Storage<GatewayTables>;
  ledger: () => Pick<Ledger, 'betweenWrites'>;
  prices: (model: PricedModel) => FoundPrices | undefined | Promise<FoundPrices | undefined>;
  log: Logger;
  metrics: Metrics;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Told once a window of what passed a budget. */
  onEvent: (event: BudgetEvent) => void;
  /** Those that spend of the same budgets; absent: this process alone does. */
  replicas?: Replicas | undefined;
}

/** What one attempt asks of the budgets. */
export interface SpendRequest extends Spenders, PricedModel {
  /** Of the request. */
  atMs: number;
  /** Absent for what costs nothing. */
  bound?: (() => TokenBound) | undefined;
  /** What the caller allows the request to cost. */
  own?: OwnBudget | undefined;
  /** A closer count of the input, where it is text, for a request that does not fit otherwise. */
  countInput: () => Promise<number>;
}

/** What holding would come to. */
export interface ForeseenHold {
  /** What the attempt may cost; undefined where nobody knows. */
  amountMicroUsd: number | undefined;
  refusal: RpcError | undefined;
  /** Of soft budgets that would be passed. */
  warning: string | undefined;
}

/** How much another tokenizer may make of a text than the one that we count with. */
const countMargin = 1.5;
/** Budgets in memory. */
const maxBudgets = 10_000;

/**
 * The budgets of this process: what is spent and held is known in memory, read at first use from what
 * the ledger has kept, so that a restart forgets nothing. Every attempt holds its worst case before it
 * goes out, and is charged what it cost at its end. Where replicas share, `SharedBudgets` says what all
 * of them together spend and hold.
 */
export class Budgets {
  settings: BudgetSettings = defaultBudgetSettings;
  readonly #options: BudgetsOptions;
  readonly #store: BudgetStore;
  readonly #reports: BudgetReports;
  readonly #accounts: Readonly<Record<SpenderKind, Map<string, Account>>> = {
    org: new Map(),
    team: new Map(),
    user: new Map(),
    key: new Map(),
    provider: new Map(),
    tag: new Map(),
  };
  /** Changes of budgets, one after the other. */
  #changes: Promise<unknown> = Promise.resolve();
  readonly #shared: SharedBudgets | undefined;
  #loading: Promise<void> | undefined;
  #loaded = false;
  #sequence = 0;
  #count = 0;

  constructor(options: BudgetsOptions) {
    this.#options = options;
    this.#store = new BudgetStore(options.storage);
    this.#reports = new BudgetReports(options);
    const { log, replicas } = options;
    if (!replicas) return;
    this.#shared = new SharedBudgets({
      replicas,
      log,
      spendOf: (account, use) => this.#readSpend(account, use),
      accounts: () => this.#all(),
    });
    replicas.onAnnounced('budgets', (detail) => {
      if (isRenaming(detail)) this.#rename(detail);
      else if (this.#loaded) {
        this.#load().catch((err) => log.error('budgets cannot be read', { err }));
      }
    });
  }

  /** True when it is known that nobody has a budget. */
  get isIdle(): boolean {
    return this.#loaded && this.#count === 0;
  }

  /** True where tags are of use: only then need they be read. */
  get hasTags(): boolean {
    return !this.#loaded || this.#accounts.tag.size > 0;
  }

  /**
   * Holds what an attempt may cost, at once where all is at hand and there is room; undefined where no
   * budget applies. Rejects with `resource_exhausted` where a hard budget lacks room, with
   * `failed_precondition` where the cost cannot be known.
   */
  hold(request: SpendRequest): Hold | undefined | Promise<Hold | undefined> {
    if (!this.#loaded || this.#shared) return this.#holdLater(request);
    const accounts = this.#find(request);
    const { atMs, own } = request;
    if (accounts.length === 0 && !own) return undefined;
    const bound = request.bound?.();
    const prices = bound && this.#options.prices(request);
    if (prices instanceof Promise) return this.#holdLater(request);
    const hold = new Hold({ accounts, atMs, own, prices, bound, stop: this.#stop });
    const isUnknown = hold.amountMicroUsd === 0 && !hold.isPriced;
    if (isUnknown || hold.take()) return this.#holdLater(request);
    hold.takenAt = this.#sequence;
    return this.#warned(hold);
  }

  /** What `hold` would come to. Nothing is held, and nobody is told. */
  async foresee(request: SpendRequest): Promise<ForeseenHold> {
    if (!this.#loaded) await this.#load();
    const { atMs, own } = request;
    const bound = request.bound?.();
    const prices = bound && (await this.#options.prices(request));
    const accounts = this.#find(request);
    await this.#shared?.look(accounts, atMs);
    const holdFor = (input: number) =>
      new Hold({
        accounts,
        atMs,
        own,
        prices,
        bound: bound && { ...bound, input },
        stop: this.#stop,
      });
    let hold = holdFor(bound?.input ?? 0);
    const { isPriced } = hold;
    const amountMicroUsd = isPriced ? hold.amountMicroUsd : undefined;
    const unpriced = isPriced ? undefined : this.#unpricedRefusal(request, accounts);
    let shortfall = hold.shortfall();
    if (shortfall && bound && !bound.media && !holdFor(0).shortfall()) {
      const counted = Math.ceil((await request.countInput()) * countMargin);
      hold = holdFor(Math.min(counted, bound.input));
      shortfall = hold.shortfall();
    }
    const refusal = unpriced ?? (shortfall && refusalOf(shortfall, this.#options.now()));
    const warnings = refusal ? [] : hold.passed(hold.amountMicroUsd).map(warningOf);
    return { amountMicroUsd, refusal, warning: warnings.join('; ') || undefined };
  }

  /** Where something has to be looked up or counted, or others are to be asked, or it may not be. */
  async #holdLater(request: SpendRequest): Promise<Hold | undefined> {
    if (!this.#loaded) await this.#load();
    const accounts = this.#find(request);
    const { atMs, own } = request;
    if (accounts.length === 0 && !own) return undefined;
    const bound = request.bound?.();
    const prices = bound ? await this.#options.prices(request) : undefined;
    const holdFor = (input: number) =>
      new Hold({
        accounts,
        atMs,
        own,
        prices,
        bound: bound && { ...bound, input },
        stop: this.#stop,
        shared: this.#shared,
      });
    const shared = this.#shared;
    let hold = holdFor(bound?.input ?? 0);
    if (hold.amountMicroUsd === 0 && !hold.isPriced) {
      const unpriced = this.#unpricedRefusal(request, accounts);
      if (unpriced) throw unpriced;
    }
    let shortfall = shared ? await hold.takeShared(shared) : hold.take();
    // Counting costs time, which is spent only where it may help.
    if (shortfall && bound && !bound.media && !holdFor(0).shortfall()) {
      const counted = Math.ceil((await request.countInput()) * countMargin);
      hold = holdFor(Math.min(counted, bound.input));
      shortfall = shared ? await hold.takeShared(shared) : hold.take();
    }
    if (shortfall) throw this.#refuse(shortfall);
    return this.#warned(hold);
  }

  #warned(hold: Hold): Hold {
    const passed = hold.passed();
    if (passed.length === 0) return hold;
    for (const each of passed) this.#reports.warned(each);
    hold.warning = passed.map(warningOf).join('; ');
    return hold;
  }

  /** An attempt has ended: its spenders are charged, and nothing is held for it any more. */
  settle(hold: Hold, entry: LedgerEntry): void {
    entry.charge = hold.chargeFor(entry);
    entry.chargedAt = this.#sequence;
    // Its spenders are those of the request; more of them have accounts only where one was opened since.
    const isSame = hold.takenAt === this.#sequence;
    const accounts = isSame ? hold.accounts : this.#find(entry);
    if (entry.charge > 0) for (const account of accounts) account.add(entry.atMs, entry.charge);
    // With what was charged to its accounts, in one step.
    hold.release(entry.charge);
    if (!this.#shared || isSame || entry.charge <= 0) return;
    const opened = accounts.filter((account) => !hold.accounts.includes(account));
    this.#tell(opened, entry.atMs);
  }

  /** Entries are on the ledger: who got a budget after they had ended is charged now. */
  written(entries: readonly LedgerEntry[], charges: readonly number[]): void {
    if (this.#count === 0) return;
    for (const [index, entry] of entries.entries()) {
      const charge = charges[index] ?? 0;
      if (charge <= 0) continue;
      if ((entry.chargedAt ?? 0) < this.#sequence) {
        this.#tell(this.#charge(entry, charge, entry.chargedAt ?? 0), entry.atMs);
      }
      if (this.#shared)
        for (const account of this.#find(entry)) account.written(entry.atMs, charge);
    }
  }

  /** All budgets with what is used of them now, organisations first, each kind by id. */
  async list(): Promise<BudgetStatus[]> {
    if (!this.#loaded) await this.#load();
    const now = this.#options.now();
    await this.#shared?.look([...this.#all()], now);
    return Object.values(this.#accounts).flatMap((accounts) =>
      [...accounts.values()]
        .sort(byId)
        .flatMap((account) => account.limits.map((limit) => account.status(limit, now))),
    );
  }

  /**
   * Sets a budget, in place of the spender's one of the same period and mode. What was spent before
   * counts. Throws `failed_precondition` when there are too many.
   */
  async set(budget: Budget): Promise<BudgetStatus> {
    if (!this.#loaded) await this.#load();
    return this.#change(async () => {
      if (this.#count >= maxBudgets) {
        throw new RpcError(
          'failed_precondition',
          `there are ${maxBudgets} budgets, and no room for more`,
        );
      }
      await this.#store.put(budget);
      const account = await this.#open(budget);
      const known = account.limits.findIndex((limit) => isSame(limit.budget, budget));
      const limit = { budget, toldOf: Number.NEGATIVE_INFINITY };
      if (known >= 0) account.limits[known] = limit;
      else {
        account.limits.push(limit);
        this.#count++;
      }
      this.#announce();
      await this.#shared?.look([account], this.#options.now());
      return account.status(limit, this.#options.now());
    });
  }

  /** Takes a budget away. Throws `not_found`. */
  async remove(key: BudgetKey): Promise<void> {
    if (!this.#loaded) await this.#load();
    return this.#change(async () => {
      if (!(await this.#store.remove(key))) {
        throw new RpcError(
          'not_found',
          `${key.kind} ${key.id.slice(0, 100)} has no ${key.mode} budget a ${key.period}; zeke budgets list shows all`,
        );
      }
      this.#forget(key.kind, key.id, (budget) => isSame(budget, key));
      this.#announce();
    });
  }

  /** A spender is gone, and its budgets with it; the database has none of them any more. */
  forget(kind: SpenderKind, id: string): void {
    this.#forget(kind, id, () => true);
    this.#announce();
  }

  readonly #stop = (shortfall: Shortfall): RpcError => {
    return this.#refuse(shortfall, 'the answer was stopped: ');
  };

  #refuse(shortfall: Shortfall, prefix?: string): RpcError {
    if (!('own' in shortfall)) this.#reports.refused(shortfall);
    return refusalOf(shortfall, this.#options.now(), prefix);
  }

  /** A spender has another name, as people are told it. */
  rename(kind: SpenderKind, id: string, name: string): void {
    this.#rename({ kind, id, name });
    this.#options.replicas?.announce('budgets', { kind, id, name });
  }

  #rename({ id, kind, name }: Renaming): void {
    const account = this.#accounts[kind].get(id);
    if (account) account.name = name;
  }

  #unpricedRefusal(
    { own, provider, model }: SpendRequest,
    accounts: readonly Account[],
  ): RpcError | undefined {
    if (this.settings.unpriced === 'allow') return undefined;
    if (own) return unpricedRefusal('omen.budget_usd', provider, model);
    const bound = accounts.find(({ limits }) =>
      limits.some(({ budget }) => budget.mode === 'hard'),
    );
    return bound && unpricedRefusal(`the budget of ${bound.title}`, provider, model);
  }

  #find(spenders: Spenders): Account[] {
    const found: Account[] = [];
    forEachSpender(spenders, (kind, id) => {
      const account = this.#accounts[kind].get(id);
      if (account) found.push(account);
    });
    return found;
  }

  /** Gives the accounts that were charged. */
  #charge(entry: LedgerEntry, charge: number, after: number): Account[] {
    if (charge <= 0) return [];
    const charged = this.#find(entry).filter(({ sequence }) => sequence > after);
    for (const account of charged) account.add(entry.atMs, charge);
    return charged;
  }

  #tell(accounts: readonly Account[], atMs: number): void {
    if (accounts.length > 0) this.#shared?.say(accounts, atMs, 0);
  }

  #announce(): void {
    this.#options.replicas?.announce('budgets');
  }

  *#all(): Iterable<Account> {
    for (const accounts of Object.values(this.#accounts)) yield* accounts.values();
  }

  /** What the database says; accounts that are known keep what was charged to them since. */
  #load(): Promise<void> {
    this.#loading ??= this.#change(async () => {
      const budgets = await this.#store.all();
      for (const budget of budgets) await this.#open(budget);
      this.#replaceLimits(budgets);
      this.#loaded = true;
    }).finally(() => {
      this.#loading = undefined;
    });
    return this.#loading;
  }

  /** At once: no budget lapses meanwhile. All accounts are open. */
  #replaceLimits(budgets: readonly Budget[]): void {
    const told = new Map<string, number>();
    for (const { limits } of this.#all()) {
      for (const { budget, toldOf } of limits) told.set(nameOf(budget), toldOf);
      limits.length = 0;
    }
    this.#count = budgets.length;
    for (const budget of budgets) {
      const toldOf = told.get(nameOf(budget)) ?? Number.NEGATIVE_INFINITY;
      this.#accounts[budget.kind].get(budget.id)?.limits.push({ budget, toldOf });
    }
    for (const accounts of Object.values(this.#accounts)) {
      for (const [id, { limits }] of accounts) if (limits.length === 0) accounts.delete(id);
    }
  }

  /** The account of a spender, with what it spent before. */
  async #open({ kind, id }: BudgetKey): Promise<Account> {
    const accounts = this.#accounts[kind];
    const known = accounts.get(id);
    if (known) return known;
    const name = await this.#store.nameOf(kind, id);
    const opened = Promise.withResolvers<Account>();
    // What ends meanwhile is either written, and so read here, or charged when it is written.
    await this.#readSpend({ kind, id }, (spent) => {
      const sequence = ++this.#sequence;
      const account = new Account({
        kind,
        id,
        name,
        sequence,
        isShared: this.#shared !== undefined,
      });
      for (const { day, microUsd } of spent) account.addBefore(day * dayMs, microUsd);
      accounts.set(id, account);
      opened.resolve(account);
    });
    return opened.promise;
  }

  /** What the database says was spent, when all is written, and before more is. */
  #readSpend(
    { kind, id }: Pick<BudgetKey, 'kind' | 'id'>,
    use: (spent: readonly DaySpend[]) => void,
  ): Promise<void> {
    return this.#options.ledger().betweenWrites(async () => {
      use(await this.#store.spendOf(kind, id, firstDay(this.#options.now())));
    });
  }

  #forget(kind: SpenderKind, id: string, which: (budget: Budget) => boolean): void {
    const accounts = this.#accounts[kind];
    const account = accounts.get(id);
    if (!account) return;
    for (let index = account.limits.length - 1; index >= 0; index--) {
      const limit = account.limits[index];
      if (!limit || !which(limit.budget)) continue;
      account.limits.splice(index, 1);
      this.#count--;
    }
    if (account.limits.length === 0) accounts.delete(id);
  }

  async #change<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#changes.then(work);
    this.#changes = done.catch(() => undefined);
    return done;
  }
}

interface Renaming {
  readonly kind: SpenderKind;
  readonly id: string;
  readonly name: string;
}

function isRenaming(detail: unknown): detail is Renaming {
  if (typeof detail !== 'object' || detail === null) return false;
  const { id, kind, name } = detail as Record<string, unknown>;
  return typeof kind === 'string' && typeof id === 'string' && typeof name === 'string';
}

function nameOf({ id, kind, mode, period }: BudgetKey): string {
  return JSON.stringify([kind, id, period, mode]);
}

function byId(a: Account, b: Account): number {
  return a.id < b.id ? -1 : 1;
}

function isSame(a: BudgetKey, b: BudgetKey): boolean {
  return a.kind === b.kind && a.id === b.id && a.period === b.period && a.mode === b.mode;
}

/** Of last month, in days since the epoch: a clock may be set back. */
function firstDay(nowMs: number): number {
  return windowStart('month', windowStart('month', nowMs) - dayMs) / dayMs;
}
