import type { Logger, Metrics, Storage, Tracer } from '@zeke/foundation';
import type { HttpSender } from '@zeke/foundation/http-client';
import type { AnswerCache } from '../cache/answer-cache.ts';
import type { CountableText } from '../governance/attempt-record.ts';
import type { AuditLog } from '../governance/audit/audit-log.ts';
import type { AuthSettings, CredentialSource } from '../governance/authenticate.ts';
import type { Budgets } from '../governance/budgets/budgets.ts';
import type { Consents } from '../governance/consent/consents.ts';
import type { ContentStore } from '../governance/content/content-store.ts';
import type { Orgs } from '../governance/entities/orgs.ts';
import type { Teams } from '../governance/entities/teams.ts';
import type { Users } from '../governance/entities/users.ts';
import type { Logins } from '../governance/identity/logins.ts';
import type { OwnTokens } from '../governance/identity/own-tokens.ts';
import type { KeyStore } from '../governance/key-store.ts';
import type { Ledger } from '../governance/ledger.ts';
import type { FoundPrices } from '../governance/prices/catalogue.ts';
import type { PricedModel } from '../governance/prices/price-book.ts';
import type { RateLimits } from '../governance/rate-limits/rate-limits.ts';
import type { ResponseStore } from '../governance/response-store.ts';
import type { GatewayTables } from '../governance/tables.ts';
import type { Guardrails } from '../guardrails/guardrails.ts';
import type { Usage } from '../neutral/usage.ts';
import type { Overload } from '../overload/overload.ts';
import type { Replicas } from '../replicas/replicas.ts';
import type { HealthChecks } from '../routing/health-checks.ts';
import type { LiveFigures } from '../routing/live-figures.ts';
import type { ModelCatalog } from '../routing/model-catalog.ts';
import type { Planner } from '../routing/plan.ts';
import type { PrivacySettings } from '../routing/privacy.ts';
import type { Retries } from '../routing/try-candidates.ts';
import type { Watchdog } from '../routing/watchdog.ts';
import type { Background } from './background.ts';
import type { GatewayMetrics } from './gateway-metrics.ts';

/** Limits of one request. Sizes are bytes, times milliseconds. */
export interface RequestLimits {
  maxBodyBytes: number;
  /** From a request's head to its body's last byte; 60,000 unless told otherwise. */
  bodyTimeoutMs?: number;
  firstTokenTimeoutMs: number;
  /** For an answer that comes whole; absent: as for a first token. */
  answerTimeoutMs?: number;
  idleTimeoutMs: number;
  drainOnDisconnect: 'cancel' | 'drain';
  drainLimitMs: number;
  /** Of a request for an answer: its messages, and its tools; absent: any number. */
  maxMessages?: number;
  maxTools?: number;
}

/** What the steps of a request need. The fields of a reloaded configuration are replaced as one. */
export interface Services {
  storage: Storage<GatewayTables>;
  keys: KeyStore;
  ledger: Ledger;
  audit: AuditLog;
  content: ContentStore;
  budgets: Budgets;
  /** What a model costs, at once where that was asked before. */
  prices: (model: PricedModel) => FoundPrices | undefined | Promise<FoundPrices | undefined>;
  rateLimits: RateLimits;
  overload: Overload;
  entities: { orgs: Orgs; teams: Teams; users: Users };
  responses: ResponseStore;
  consents: Consents;
  watchdog: Watchdog;
  metrics: GatewayMetrics;
  registry: Metrics;
  tracer: Tracer;
  /** Whether spans hold prompts and answers. */
  captureContent: boolean;
  log: Logger;
  /** For what is asked seldom: tokens, lists. */
  fetch: typeof fetch;
  /** Asks models. */
  http: HttpSender;
  background: Background;
  /** Counts tokens of texts; marks the result estimated. */
  estimateUsage: (texts: () => CountableText) => Promise<Usage>;
  /** Milliseconds since the epoch. */
  now: () => number;
  catalog: ModelCatalog;
  /** What providers have shown lately. */
  figures: LiveFigures;
  /** Whether providers are there. */
  health: HealthChecks;
  planner: Planner;
  auth: AuthSettings;
  /** Tokens of zeke's own; absent where it issues none. */
  ownTokens?: OwnTokens | undefined;
  /** People who log in; absent where nobody does. */
  logins?: Logins | undefined;
  /** How callers are known beside keys; absent where by keys only. */
  credentialSources?: readonly CredentialSource[] | undefined;
  limits: RequestLimits;
  privacy: PrivacySettings;
  retries: Retries;
  /** Absent where there are no rules about what requests and answers hold. */
  guardrails?: Guardrails | undefined;
  /** Absent where answers are not kept. */
  cache?: AnswerCache | undefined;
  /** Those that share limits, budgets and news; absent where this process is alone. */
  replicas?: Replicas | undefined;
  /** Of this program, for `/status`. */
  version: string;
  /** The process is about to end. */
  draining: boolean;
}
