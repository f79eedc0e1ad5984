import type { Logger, Metrics } from '@zeke/foundation';
import type { BudgetEvent } from './budget-webhook.ts';
import { type BudgetShortfall, warningOf } from './refusals.ts';
import { windowStart } from './windows.ts';

export interface BudgetReportsOptions {
  log: Logger;
  metrics: Metrics;
  /** Milliseconds since the epoch. */
  now: () => number;
  onEvent: (event: BudgetEvent) => void;
}

/**
 * Tells operators of budgets that are passed: every time in the metrics, once a window in the log and
 * to the webhook, or once a day for budgets of a request.
 */
export class BudgetReports {
  readonly #options: BudgetReportsOptions;
  readonly #warnings;
  readonly #refusals;

  constructor(options: BudgetReportsOptions) {
    this.#options = options;
    this.#warnings = options.metrics.counter({
      name: 'gateway_budget_warnings_total',
      help: 'Attempts that passed a soft budget.',
      labels: ['kind', 'period'],
    });
    this.#refusals = options.metrics.counter({
      name: 'gateway_budget_refusals_total',
      help: 'Attempts, and streams in their middle, for which a hard budget lacked room.',
      labels: ['kind', 'period'],
    });
  }

  warned(passed: BudgetShortfall): void {
    const { kind, period } = passed.limit.budget;
    this.#warnings.labels(kind, period).add(1);
    this.#tell('budget.warning', passed);
  }

  refused(shortfall: BudgetShortfall): void {
    const { kind, period, limitMicroUsd } = shortfall.limit.budget;
    this.#refusals.labels(kind, period).add(1);
    const { amountMicroUsd, window } = shortfall;
    // What requests under way hold is back when they end.
    if (window && window.spentMicroUsd + amountMicroUsd <= limitMicroUsd) return;
    this.#tell('budget.refused', shortfall);
  }

  #tell(type: BudgetEvent['type'], shortfall: BudgetShortfall): void {
    const { log, now, onEvent } = this.#options;
    const { account, limit, window } = shortfall;
    const startMs = window?.startMs ?? windowStart('day', now());
    if (limit.toldOf === startMs) return;
    limit.toldOf = startMs;
    const { kind, id, limitMicroUsd, mode, period } = limit.budget;
    const name = account.name === undefined ? {} : { name: account.name };
    if (type === 'budget.warning')
      log.warn('a soft budget is passed', { warning: warningOf(shortfall) });
    else log.warn('a hard budget refuses requests', { kind, id, ...name, period, limitMicroUsd });
    onEvent({
      id: `evt_${Bun.randomUUIDv7('hex').replaceAll('-', '')}`,
      type,
      at: new Date(now()).toISOString(),
      budget: { kind, id, ...name, period, mode, limit_micro_usd: limitMicroUsd },
      spent_micro_usd: window?.spentMicroUsd ?? 0,
      reserved_micro_usd: window?.reservedMicroUsd ?? 0,
      ...(window
        ? { frees_at: new Date(window.endMs).toISOString() }
        : { request_micro_usd: shortfall.amountMicroUsd }),
    });
  }
}
