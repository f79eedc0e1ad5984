import type { Logger, Metrics, Storage, Tracer } from '@zeke/foundation';
import type { HttpSender } from '@zeke/foundation/http-client';
import type { CacheSettings } from './cache/answer-cache.ts';
import type { AuthSettings } from './governance/authenticate.ts';
import type { BudgetWebhookSettings } from './governance/budgets/budget-webhook.ts';
import type { BudgetSettings } from './governance/budgets/budgets.ts';
import type { ContentSettings } from './governance/content/content-store.ts';
import type { Ledger } from './governance/ledger.ts';
import type { PriceOverrides } from './governance/prices/price-book.ts';
import type { RateLimitSettings } from './governance/rate-limits/rate-limits.ts';
import type { RetentionSettings } from './governance/retention/maintenance.ts';
import type { GatewayTables } from './governance/tables.ts';
import type { Spools } from './governance/upkeep.ts';
import type { RuleSettings } from './guardrails/rule-book.ts';
import type { RequestLimits } from './http/services.ts';
import type { OverloadLimits } from './overload/overload.ts';
import type { Replicas } from './replicas/replicas.ts';
import type { HealthCheckSettings } from './routing/health-checks.ts';
import type { CircuitSettings } from './routing/live-figures.ts';
import type { CatalogProvider, ModelAlias } from './routing/model-catalog.ts';
import type { PrivacySettings } from './routing/privacy.ts';

/** The part of the configuration that may change while the gateway runs. */
export interface GatewaySettings extends RuleSettings {
  providers: readonly CatalogProvider[];
  aliases: ReadonlyMap<string, ModelAlias>;
  auth: AuthSettings;
  limits: RequestLimits;
  prices: PriceOverrides;
  /** Absent: the defaults, and no webhook. */
  budgets?: BudgetSettings & { webhook?: BudgetWebhookSettings };
  circuit: CircuitSettings;
  /** Absent: no provider is asked whether it is there. */
  healthChecks?: HealthCheckSettings;
  /** Absent: nobody is limited. */
  rateLimits?: RateLimitSettings;
  /** Absent: as much at once as comes. */
  overload?: OverloadLimits;
  privacy: PrivacySettings;
  /** How often candidates that have all failed are asked again, where it is worth it. */
  retries: number;
  /** Whether spans hold prompts and answers; absent: no. */
  captureContent?: boolean;
  /** Absent: answers are not kept. */
  cache?: CacheSettings | undefined;
  /** Absent: no prompt and no answer is kept. */
  content?: ContentSettings | undefined;
  /** Absent: all is kept for good. */
  retention?: RetentionSettings;
  /** How long the database's word on a caller holds while it is away; absent: not at all. */
  outageGraceMs?: number;
  /** Where neither database nor disk takes the ledger; absent: `refuse`. */
  whenLedgerFull?: Ledger['whenFull'];
}

export interface GatewayOptions {
  settings: GatewaySettings;
  /** Migrated with `gatewayMigrations`. */
  storage: Storage<GatewayTables>;
  log: Logger;
  metrics: Metrics;
  tracer: Tracer;
  /** For what is asked seldom: tokens, lists, the webhook. */
  fetch: typeof fetch;
  /** Asks models. */
  http: HttpSender;
  /** Milliseconds since the epoch. */
  now: () => number;
  /** Those that share limits, budgets and news; absent: this process is alone. */
  replicas?: Replicas | undefined;
  /** Milliseconds on a clock that no setting of the time moves; `performance.now` unless given. */
  monotonicMs?: () => number;
  /** Of this program. */
  version: string;
  /** The longest time a ledger row waits to be written with others. */
  ledgerFlushIntervalMs: number;
  /** Where on the disk things wait; absent: in memory only. */
  spools?: Spools | undefined;
  /** Where `refreshPrices` writes; without it, or without that file, prices are this release's. */
  pricesFile?: string;
}
