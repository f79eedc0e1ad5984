import type { Budget, BudgetStatus } from './budget.ts';
import { type OwnPart, ownPart } from './shared-window.ts';
import type { SpenderKind } from './spender.ts';
import { type WindowPeriod, windowEnd, windowStart } from './windows.ts';

/** What was spent, and is held, in one window. Micro-USD. */
export interface Window {
  readonly period: WindowPeriod;
  readonly startMs: number;
  /** The first moment of the next. */
  readonly endMs: number;
  spentMicroUsd: number;
  reservedMicroUsd: number;
  /** Of that, this process's; absent where it shares with no other. */
  readonly own?: OwnPart;
}

/** A budget of an account, and the windows that it was told of already. */
export interface Limit {
  readonly budget: Budget;
  /** The start of the last window in which a warning, or a refusal, was told to operators. */
  toldOf: number;
}

const windowPeriods = ['day', 'month'] as const;

/**
 * The windows that are kept, the newest. A clock that is set back finds what was spent then; those of
 * last month are read at start.
 */
const maxWindows = 80;

/** One spender: its budgets, and what it spent and has under way, by window. */
export class Account {
  readonly kind: SpenderKind;
  readonly id: string;
  /** Grows with every account: who was charged when there were fewer did not charge this one. */
  readonly sequence: number;
  name: string | undefined;
  readonly #isShared: boolean;
  readonly limits: Limit[] = [];
  readonly #windows: Record<WindowPeriod, Map<number, Window>> = {
    day: new Map(),
    month: new Map(),
  };
  /** Nearly always the one that is asked for. */
  readonly #last: Partial<Record<WindowPeriod, Window>> = {};

  constructor(options: {
    kind: SpenderKind;
    id: string;
    sequence: number;
    name?: string | undefined;
    /** Other processes spend and hold, too. */
    isShared?: boolean;
  }) {
    this.#isShared = options.isShared ?? false;
    this.kind = options.kind;
    this.id = options.id;
    this.sequence = options.sequence;
    this.name = options.name;
  }

  /** For people: `team research (team_0193…)`. */
  get title(): string {
    return this.name === undefined
      ? `${this.kind} ${this.id}`
      : `${this.kind} ${this.name} (${this.id})`;
  }

  /** Adds what a request that came then has cost. */
  add(atMs: number, microUsd: number): void {
    for (const period of windowPeriods) {
      const window = this.window(period, atMs);
      window.spentMicroUsd += microUsd;
      if (window.own) window.own.chargedMicroUsd += microUsd;
    }
  }

  /** Holds so much more for a request that came then, or so much less. */
  reserve(atMs: number, microUsd: number): void {
    for (const period of windowPeriods) {
      const window = this.window(period, atMs);
      window.reservedMicroUsd += microUsd;
      if (window.own) window.own.reservedMicroUsd += microUsd;
    }
  }

  /** Adds what was spent before this process knew of the account. */
  addBefore(atMs: number, microUsd: number): void {
    for (const period of windowPeriods) this.window(period, atMs).spentMicroUsd += microUsd;
  }

  /** What was charged is in the database now. */
  written(atMs: number, microUsd: number): void {
    for (const period of windowPeriods) {
      const { own } = this.window(period, atMs);
      if (own) own.writtenMicroUsd += microUsd;
    }
  }

  /** All that are known. */
  windows(): Window[] {
    return windowPeriods.flatMap((period) => [...this.#windows[period].values()]);
  }

  /** The window of a time. */
  window(period: WindowPeriod, atMs: number): Window {
    const last = this.#last[period];
    if (last && atMs >= last.startMs && atMs < last.endMs) return last;
    const startMs = windowStart(period, atMs);
    const window = this.#windows[period].get(startMs) ?? this.#begin(period, startMs);
    this.#last[period] = window;
    return window;
  }

  #begin(period: WindowPeriod, startMs: number): Window {
    const windows = this.#windows[period];
    const endMs = windowEnd(period, startMs);
    const none = { spentMicroUsd: 0, reservedMicroUsd: 0 };
    const own = this.#isShared ? { own: ownPart() } : {};
    const window: Window = { period, startMs, endMs, ...none, ...own };
    windows.set(startMs, window);
    if (windows.size > maxWindows) windows.delete(Math.min(...windows.keys()));
    return window;
  }

  status({ budget }: Limit, nowMs: number): BudgetStatus {
    const { period } = budget;
    const named = { ...budget, ...(this.name === undefined ? {} : { name: this.name }) };
    if (period === 'request') return { ...named, spentMicroUsd: 0, reservedMicroUsd: 0 };
    const { endMs: freesAtMs, reservedMicroUsd, spentMicroUsd } = this.window(period, nowMs);
    return { ...named, spentMicroUsd, reservedMicroUsd, freesAtMs };
  }
}
