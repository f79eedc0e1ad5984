import type { Logger, Span } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { AnswerCache } from './cache/answer-cache.ts';
import type { GatewayOptions, GatewaySettings } from './gateway-options.ts';
import {
  cacheOf,
  catalogOf,
  entitiesIn,
  figuresOf,
  healthOf,
  keysOf,
  overloadOf,
  rateLimitsOf,
  retriesOf,
} from './gateway-parts.ts';
import { AuditLog } from './governance/audit/audit-log.ts';
import { AuthFailures } from './governance/audit/auth-failures.ts';
import type { Caller } from './governance/authenticate.ts';
import { BudgetWebhook } from './governance/budgets/budget-webhook.ts';
import { Budgets, defaultBudgetSettings } from './governance/budgets/budgets.ts';
import type { PeerCertificateOf } from './governance/client-certificate.ts';
import { Consents } from './governance/consent/consents.ts';
import { ContentStore } from './governance/content/content-store.ts';
import { estimateUsage } from './governance/estimate-usage.ts';
import { Identities } from './governance/identity/identities.ts';
import { Principals } from './governance/identity/principals.ts';
import type { KeyStore } from './governance/key-store.ts';
import { Ledger } from './governance/ledger.ts';
import { Outage } from './governance/outage.ts';
import { authorize } from './governance/permissions.ts';
import { PriceCatalogue } from './governance/prices/catalogue.ts';
import { PriceBook } from './governance/prices/price-book.ts';
import { authenticateThrottled } from './governance/rate-limits/authenticate-throttled.ts';
import type { PeerAddress } from './governance/rate-limits/client-address.ts';
import { defaultRateLimitSettings } from './governance/rate-limits/rate-limits.ts';
import { Refusals } from './governance/refusals.ts';
import { ResponseStore } from './governance/response-store.ts';
import { RetiredSecretNotices } from './governance/retired-secret-notices.ts';
import { TokenCounter } from './governance/tokens/token-counter.ts';
import { keepForGood, Upkeep } from './governance/upkeep.ts';
import { RuleBook } from './guardrails/rule-book.ts';
import { Background } from './http/background.ts';
import { type Exchange, errorResponse, newExchange, splitUrl } from './http/exchange.ts';
import { FailureReports } from './http/failure-reports.ts';
import { addGatewayGauges } from './http/gateway-gauges.ts';
import { createGatewayMetrics } from './http/gateway-metrics.ts';
import type { Route, Router } from './http/route.ts';
import { type Door, doorsOf, idHeader, isCounted, limitDialect } from './http/route-facts.ts';
import { createRouter } from './http/routes.ts';
import type { Services } from './http/services.ts';
import { tellLimits } from './http/tell-limits.ts';
import { unknownPath } from './http/unknown-path.ts';
import { noOverloadLimits } from './overload/overload.ts';
import type { LiveFigures } from './routing/live-figures.ts';
import type { Candidate } from './routing/model-catalog.ts';
import { Planner } from './routing/plan.ts';
import { readSessionNews, type SessionNews } from './routing/sessions.ts';
import { typicalCosts } from './routing/typical-costs.ts';
import { Watchdog } from './routing/watchdog.ts';
import { ModelLabels } from './telemetry/model-labels.ts';
import { type BeginRequest, beginRequestSpan, endRequestSpan } from './telemetry/request-span.ts';

/**
 * The gateway as a function from requests to answers: no socket of its own. Dispose of it when no
 * request runs any more; what was used until then is on the ledger afterwards.
 */
export class Gateway implements AsyncDisposable {
  /** Never changed, only replaced: a request keeps the one it began with. */
  #services: Services;
  readonly #router: Router;
  readonly #doors: Readonly<Record<Door, Router>>;
  readonly #tokenCounter: TokenCounter;
  readonly #priceCatalogue: PriceCatalogue;
  readonly #budgetWebhook: BudgetWebhook;
  #prices: PriceBook;
  readonly #failures: FailureReports;
  readonly #authFailures: AuthFailures;
  readonly #retiredSecrets: RetiredSecretNotices;
  readonly #upkeep: Upkeep;
  readonly #identities: Identities;
  readonly #rules: RuleBook;

  constructor(options: GatewayOptions) {
    const { fetch, http, settings, storage, log, now } = options;
    const outage = new Outage({ log, now, graceMs: settings.outageGraceMs ?? 0 });
    const keys = keysOf(options, outage);
    this.#priceCatalogue = new PriceCatalogue({
      log,
      ...(options.pricesFile ? { refreshedFile: options.pricesFile } : {}),
    });
    this.#prices = this.#priceBook(settings, log);
    this.#router = createRouter();
    this.#doors = doorsOf(this.#router);
    this.#tokenCounter = new TokenCounter({ log });
    const background = new Background();
    const { audit: auditSpool, webhook: spool } = options.spools ?? {};
    this.#budgetWebhook = new BudgetWebhook({ fetch, log, spool, stopping: background.stopping });
    const budgets = this.#makeBudgets(options);
    const figures = figuresOf(options);
    const models = new ModelLabels((...names) => this.#services.catalog.knows(...names));
    this.#services = {
      storage,
      keys,
      log,
      now,
      ledger: this.#makeLedger(options, keys, budgets),
      content: new ContentStore({ storage, log, background }),
      audit: new AuditLog({ storage, now, log, spool: auditSpool }),
      responses: new ResponseStore({ storage, now }),
      consents: new Consents({ storage, now }),
      watchdog: new Watchdog(options.monotonicMs),
      metrics: createGatewayMetrics(options.metrics, models),
      registry: options.metrics,
      tracer: options.tracer,
      fetch,
      http,
      background,
      budgets,
      prices: (model) => this.#prices.find(model),
      rateLimits: rateLimitsOf(options),
      overload: overloadOf(options),
      entities: entitiesIn(options),
      estimateUsage: (texts) => estimateUsage(this.#tokenCounter, texts()),
      catalog: catalogOf(settings, options),
      figures,
      health: healthOf(options, figures),
      planner: this.#makePlanner(options, figures),
      auth: settings.auth,
      limits: settings.limits,
      captureContent: settings.captureContent ?? false,
      privacy: settings.privacy,
      retries: retriesOf(settings, background),
      cache: cacheOf(settings, options),
      replicas: options.replicas,
      version: options.version,
      draining: false,
    };
    addGatewayGauges(options.metrics, models, () => this.#services);
    this.#authFailures = new AuthFailures({ audit: this.#services.audit, log });
    this.#failures = new FailureReports({
      log,
      refusals: new Refusals(this.#services.ledger),
      authFailures: this.#authFailures,
      services: () => this.#services,
    });
    this.#retiredSecrets = new RetiredSecretNotices({ log, metrics: options.metrics, now });
    this.#identities = this.#makeIdentities(options);
    const { consents, estimateUsage: countTokens } = this.#services;
    this.#rules = new RuleBook({ ...options, consents, estimateUsage: countTokens });
    this.#services.guardrails = this.#rules.of(settings);
    this.#upkeep = this.#makeUpkeep(options);
    this.#hearOthers(options);
    this.#configureGovernance(settings);
    this.#configureHealth(settings);
  }

  #hearOthers({ replicas }: GatewayOptions): void {
    replicas?.onAnnounced('cache', (detail) => {
      if (detail === 'clear') this.#services.cache?.forgetHere();
    });
    replicas?.onAnnounced('sessions', (detail) => {
      const news = readSessionNews(detail);
      if (news) this.#services.planner.learn(news);
    });
  }

  #makeUpkeep(options: GatewayOptions): Upkeep {
    const { audit, content, ledger } = this.#services;
    const parts = { audit, content, ledger, webhook: this.#budgetWebhook };
    return new Upkeep({ ...options, parts });
  }

  #makePlanner({ now, replicas }: GatewayOptions, figures: LiveFigures): Planner {
    const costs = (candidates: readonly Candidate[], inputTokens?: number) =>
      typicalCosts(candidates, this.#prices, now(), inputTokens);
    const onSession = replicas && ((news: SessionNews) => replicas.announce('sessions', news));
    return new Planner({ figures, costs, random: Math.random, now, onSession });
  }

  #makeIdentities({ fetch, log, now, storage, ...options }: GatewayOptions): Identities {
    const { audit, entities, keys } = this.#services;
    const principals = new Principals({ storage, audit, users: entities.users });
    const monotonicMs = options.monotonicMs ?? (() => performance.now());
    return new Identities({ fetch, log, now, monotonicMs, audit, keys, principals });
  }

  #makeBudgets({ log, metrics, now, replicas, storage }: GatewayOptions): Budgets {
    return new Budgets({
      replicas,
      storage,
      log,
      now,
      metrics,
      ledger: () => this.#services.ledger,
      prices: (model) => this.#prices.find(model),
      onEvent: (event) => this.#budgetWebhook.send(event),
    });
  }

  #makeLedger(options: GatewayOptions, keys: KeyStore, budgets: Budgets): Ledger {
    const { ledgerFlushIntervalMs: flushIntervalMs, log, spools, storage } = options;
    return new Ledger({
      storage,
      log,
      flushIntervalMs,
      spool: spools?.ledger,
      price: (entries) => this.#prices.price(entries),
      onWritten: (entries, charges) => {
        budgets.written(entries, charges);
        this.#services.metrics.costs(entries, charges);
      },
      onFlush: async () => {
        if (keys.lastUsedIsDue) await keys.writeLastUsed();
        if (this.#services.audit.isBehind) await this.#services.audit.catchUp();
      },
    });
  }

  /** It has been told to end, and its health says so. */
  get isDraining(): boolean {
    return this.#services.draining;
  }

  get keys(): KeyStore {
    return this.#services.keys;
  }

  get audit(): AuditLog {
    return this.#services.audit;
  }

  get consents(): Consents {
    return this.#services.consents;
  }

  /** What `estimateCost` stands on, as of now. */
  get pricing(): Pick<Services, 'catalog' | 'now' | 'prices'> {
    return this.#services;
  }

  /** Who sends a request to what is served beside the gateway. Throws what its own endpoints would. */
  identify(
    request: Request,
    peer?: PeerAddress,
    certificate?: PeerCertificateOf,
  ): Caller | Promise<Caller> {
    const { query } = splitUrl(request.url);
    return authenticateThrottled(request, query, peer, this.#services, false, certificate);
  }

  /** For a process that serves: keeps the database in order, and takes up what others left. */
  start(): void {
    this.#upkeep.start();
  }

  /** Takes a new configuration; requests under way go on with the old one. */
  configure(settings: GatewaySettings): void {
    this.#services = {
      ...this.#services,
      catalog: catalogOf(settings, this.#services),
      auth: settings.auth,
      limits: settings.limits,
      captureContent: settings.captureContent ?? false,
      privacy: settings.privacy,
      retries: retriesOf(settings, this.#services.background),
      guardrails: this.#rules.of(settings),
      cache: this.#cacheAfter(settings),
    };
    this.#services.figures.configure(settings.circuit);
    this.#services.figures.keepAccounts(this.#services.catalog.providers);
    this.#prices = this.#priceBook(settings, this.#services.log);
    this.#configureGovernance(settings);
    this.#configureHealth(settings);
  }

  #configureHealth({ healthChecks, providers }: GatewaySettings): void {
    const { catalog, health } = this.#services;
    health.configure(providers, catalog, healthChecks ?? { intervalMs: 0, timeoutMs: 0 });
  }

  #configureGovernance({ auth, budgets, overload, rateLimits, ...more }: GatewaySettings): void {
    this.#identities.configure(auth);
    this.#services.credentialSources = this.#identities.sources;
    this.#services.ownTokens = this.#identities.own;
    this.#services.logins = this.#identities.logins;
    this.#services.overload.configure(overload ?? noOverloadLimits);
    this.#services.rateLimits.configure(rateLimits ?? defaultRateLimitSettings);
    this.#services.budgets.settings = budgets ?? defaultBudgetSettings;
    this.#budgetWebhook.settings = budgets?.webhook;
    this.#services.content.settings = more.content;
    this.#services.ledger.whenFull = more.whenLedgerFull ?? 'refuse';
    this.#services.keys.outage.graceMs = more.outageGraceMs ?? 0;
    this.#upkeep.retention = more.retention ?? keepForGood;
  }

  /** Calls this whenever another replica has put another configuration in force. */
  onReloadElsewhere(listener: () => void): void {
    this.#services.replicas?.onAnnounced('config', (changed) => {
      if (changed !== undefined) listener();
    });
  }

  /**
   * Puts on the audit log that another configuration is in force, with the names of what changed, and
   * tells other replicas. Who may change it has the machine, so a log that cannot be written holds
   * nothing up. Never rejects.
   */
  async recordReload(changed: readonly string[]): Promise<void> {
    const { audit, log, replicas } = this.#services;
    if (changed.length > 0) replicas?.announce('config', changed);
    const did = { actor: 'zeke', action: 'config.reload', objectKind: 'config' } as const;
    try {
      await audit.note({ ...did, outcome: 'ok', detail: { changed } });
    } catch (err) {
      log.error('a changed configuration is not on the audit log', { err });
    }
  }

  /**
   * Answers one request; `peer` says from which address its connection is, where there is one, and
   * `certificate` which certificate its client has shown, where the listener asks for them. With a `door`
   * only what is found there is answered. Never throws: what goes wrong is an answer in the caller's dialect.
   */
  async handle(
    request: Request,
    peer?: PeerAddress,
    certificate?: PeerCertificateOf,
    door?: Door,
  ): Promise<Response> {
    const startedAt = performance.now();
    const { path, query } = splitUrl(request.url);
    const router = door === undefined ? this.#router : this.#doors[door];
    const found = router.find(request.method, path);
    const requestId = `req_${Bun.randomUUIDv7('hex').replaceAll('-', '')}`;
    if (!found) return this.#unknownPath(router, request, path, requestId);
    const { route, parameters } = found;
    const span = this.#services.tracer.enabled
      ? this.#beginSpan({ request, path, requestId, route })
      : undefined;
    let status = 500;
    let failure: RpcError | undefined;
    let exchange: Exchange | undefined;
    let caller: Caller | undefined;
    try {
      const known = this.#callerOf(route, request, query, peer, certificate);
      caller = known instanceof Promise ? await known : known;
      if (route.needs !== 'nothing' && route.needs !== 'identity') authorize(caller, route.needs);
      const atMs = this.#services.now();
      const given = { request, path, query, requestId, atMs, startedAt, caller, peer, span };
      exchange = newExchange(given);
      const services = this.#services;
      if (services.rateLimits.isOn && isCounted(route)) {
        exchange.admission = services.rateLimits.admission(caller, request, peer);
        const begun = exchange.admission.begin();
        if (begun instanceof Promise) await begun;
      }
      if (isCounted(route)) {
        services.ledger.checkRoom();
        if (services.content.settings) this.#followContent(route, exchange);
        const visit = services.overload.visit(groupOf(caller), request.signal);
        exchange.visit = visit instanceof Promise ? await visit : visit;
      }
      let response = await route.handle(services, exchange, parameters);
      if (exchange.kept) response = exchange.kept.answer(response);
      status = response.status;
      tellLimits(exchange, response, limitDialect(route.dialect));
      const { caller: sender } = exchange;
      if (sender.retiredSecret) this.#retiredSecrets.used(sender, response.headers);
      return response;
    } catch (reason) {
      const error = RpcError.from(reason);
      failure = error;
      const who = { route, request, peer, requestId, caller, startedAt, exchange };
      const failed = { ...who, error, reason };
      this.#failures.tell(failed);
      let response = errorResponse(route.error, error, requestId, idHeader(route, requestId));
      if (exchange?.kept) response = exchange.kept.answer(response);
      status = response.status;
      if (exchange) tellLimits(exchange, response, limitDialect(route.dialect), true);
      if (caller?.retiredSecret) this.#retiredSecrets.used(caller, response.headers);
      this.#failures.record(failed, status);
      return response;
    } finally {
      if (span) endRequestSpan(span, exchange, { status, error: failure });
      exchange?.admission?.leave();
      exchange?.visit?.leave();
      const seconds = (performance.now() - startedAt) / 1_000;
      this.#services.metrics.request(route.name, status, seconds, span?.exemplar);
    }
  }

  #followContent(route: Route, exchange: Exchange): void {
    const kept = this.#services.content.follow(exchange, route.name);
    if (kept) exchange.kept = kept;
  }

  #beginSpan({ route, ...of }: Omit<BeginRequest, 'route'> & { route: Route }): Span {
    return beginRequestSpan(this.#services.tracer, { ...of, route: this.#router.pathOf(route) });
  }

  /** The process will end: health and readiness say so from now on, and everything else goes on. */
  drain(): void {
    this.#services = { ...this.#services, draining: true };
  }

  /** Ends what still waits for a client's body or a provider: each answer says that zeke shuts down. */
  cutShort(): void {
    this.#services.overload.close();
    this.#services.watchdog.stop();
  }

  /** Resolves when all that ended so far is on the ledger. */
  async settled(): Promise<void> {
    await this.#services.background.settled();
    await this.#services.ledger.flush();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { background, keys, ledger, log, rateLimits } = this.#services;
    rateLimits[Symbol.dispose]();
    this.#services.health[Symbol.dispose]();
    if (!(await background.stop(stopLimitMs))) {
      log.error('work after answers did not come to its end in time', { limitMs: stopLimitMs });
    }
    await this.#upkeep[Symbol.asyncDispose]();
    await this.#budgetWebhook.keep();
    await this.#authFailures[Symbol.asyncDispose]();
    await ledger[Symbol.asyncDispose]();
    await keys.writeLastUsed().catch((error: unknown) => {
      log.error('when keys were last used could not be written', { err: error });
    });
    this.#tokenCounter[Symbol.dispose]();
    this.#services.watchdog[Symbol.dispose]();
  }

  /** What is kept outlives a new configuration, but not one without a cache. */
  #cacheAfter(settings: GatewaySettings): AnswerCache | undefined {
    const { cache, log, now, registry: metrics, replicas } = this.#services;
    if (!cache || !settings.cache) return cacheOf(settings, { log, metrics, now, replicas });
    cache.configure(settings.cache);
    return cache;
  }

  #priceBook({ prices }: GatewaySettings, log: Logger): PriceBook {
    return new PriceBook({ overrides: prices, catalogue: this.#priceCatalogue, log });
  }

  #callerOf(
    route: Route,
    request: Request,
    query: string,
    peer: PeerAddress | undefined,
    certificate: PeerCertificateOf | undefined,
  ): Caller | Promise<Caller> {
    if (route.needs === 'nothing') return nobody;
    const { takesKeyInQuery } = route;
    return authenticateThrottled(
      request,
      query,
      peer,
      this.#services,
      takesKeyInQuery,
      certificate,
    );
  }

  #unknownPath(router: Router, request: Request, path: string, requestId: string): Response {
    const { error, encode, headers } = unknownPath(router, request, path);
    this.#services.log.info('a request was refused or failed', {
      requestId,
      endpoint: 'none',
      code: error.code,
      err: error,
    });
    const response = errorResponse(encode, error, requestId, headers);
    this.#services.metrics.request('none', response.status, 0, undefined);
    return response;
  }
}

/** Those who wait take turns by key; callers without one are one. */
function groupOf({ keyId, userId }: Caller): string {
  return keyId ?? userId ?? '';
}

/** How long disposal waits for what goes on after answers, in milliseconds. */
const stopLimitMs = 5_000;

const nobody: Caller = { admin: false, inference: false };
