import {
  createLogger,
  createMetrics,
  type Metrics,
  type PriceConfig,
  type Storage,
} from '@zeke/foundation';
import type { Replicas } from '../../replicas/replicas.ts';
import type { BudgetEvent } from '../budgets/budget-webhook.ts';
import { Budgets } from '../budgets/budgets.ts';
import { Ledger } from '../ledger.ts';
import { PriceCatalogue } from '../prices/catalogue.ts';
import { PriceBook } from '../prices/price-book.ts';
import type { GatewayTables } from '../tables.ts';

/** Budgets as a gateway has them: over a ledger, a price book and a database. */
export interface TestBudgets {
  budgets: Budgets;
  ledger: Ledger;
  metrics: Metrics;
  events: BudgetEvent[];
}

export interface TestBudgetsOptions {
  storage: Storage<GatewayTables>;
  now: () => number;
  /** Those that spend of the same budgets. */
  replicas?: Replicas;
  /** By model. */
  prices?: Readonly<Record<string, PriceConfig>>;
}

/** `cheap` costs $1 and $4 for a million tokens. */
export async function testBudgets(options: TestBudgetsOptions): Promise<TestBudgets> {
  const { now, storage, prices = { cheap: { input: 1, output: 4 } } } = options;
  const log = createLogger({ level: 'silent' });
  const metrics = await createMetrics({ processMetrics: false });
  const book = new PriceBook({
    overrides: new Map(Object.entries(prices)),
    catalogue: new PriceCatalogue({ log }),
    log,
  });
  const events: BudgetEvent[] = [];
  const ledger: Ledger = new Ledger({
    storage,
    log,
    flushIntervalMs: 1,
    price: (entries) => book.price(entries),
    onWritten: (entries, charges) => budgets.written(entries, charges),
  });
  const budgets: Budgets = new Budgets({
    storage,
    log,
    metrics,
    now,
    ledger: () => ledger,
    prices: (model) => book.find(model),
    onEvent: (event) => events.push(event),
    replicas: options.replicas,
  });
  return { budgets, ledger, metrics, events };
}
