import { isAddressOrSubnet } from '../network/address-set.ts';
import { isLoopbackHost } from '../network/loopback.ts';
import { userPath } from '../secrets/references.ts';
import { Secret } from '../secrets/secret.ts';
import { checkAliases, doubtOf } from './check-aliases.ts';
import { type ConfigFault, formatPath } from './config-fault.ts';
import { defined } from './defined.ts';
import { originOf, type RawConfig } from './raw-config.ts';
import { resolveAssistant } from './resolve-assistant.ts';
import { resolveAuth } from './resolve-auth.ts';
import { resolveCache } from './resolve-cache.ts';
import { resolveRules } from './resolve-guardrails.ts';
import { resolveLimits } from './resolve-limits.ts';
import { resolveMcp } from './resolve-mcp.ts';
import { resolveProvider } from './resolve-provider.ts';
import { resolveRedis } from './resolve-redis.ts';
import { checkSessions, resolveSessions } from './resolve-sessions.ts';
import { checkState, resolveState } from './resolve-state.ts';
import { resolveTls } from './resolve-tls.ts';
import { resolveVault } from './resolve-vault.ts';
import type {
  BudgetsConfig,
  ModelAliasConfig,
  PriceConfig,
  ProviderConfig,
  ResolvedConfig,
  ServerConfig,
  TelemetryConfig,
} from './resolved-config.ts';
import type { ValidConfig } from './schema.ts';

export interface ResolveContext {
  /** `$ZEKE_HOME`, absolute. */
  readonly home: string;
  /** The file that was read. */
  readonly file?: string;
  /** What relative paths in the file start from. */
  readonly folder: string;
  /** Providers with values behind references that can be read again. */
  readonly renewable: ReadonlySet<string>;
  /** Providers that do not stand in the file. */
  readonly otherProviders: readonly string[];
}

export type ResolveResult =
  | {
      readonly ok: true;
      readonly config: ResolvedConfig;
      readonly warnings: readonly ConfigFault[];
    }
  | { readonly ok: false; readonly faults: readonly ConfigFault[] };

const minAdminKeyLength = 16;
const bytesPerMegabyte = 1_048_576;
const bytesPerKilobyte = 1_024;

/**
 * From the file's keys to the program's: names, units, secrets wrapped, paths made absolute, and
 * the rules that concern several keys.
 */
export function resolveConfig(
  valid: ValidConfig,
  raw: RawConfig,
  context: ResolveContext,
): ResolveResult {
  const faults: ConfigFault[] = [];
  const warnings: ConfigFault[] = [];
  const remarkIn =
    (list: ConfigFault[]): Remark =>
    (path, message) =>
      list.push({ origin: originOf(raw, path), path: formatPath(path), message });
  const fault = remarkIn(faults);
  const warn = remarkIn(warnings);
  checkBind(valid, fault);
  checkState(valid, fault);
  checkProxies(valid.server.trusted_proxies, fault);
  checkWorkers(valid, fault);
  const { auth, tls } = resolveAccess(valid, context.folder, fault);
  const limits = resolveLimits(valid.limits, (path, message) =>
    fault(['limits', ...path], message),
  );
  const rules = resolveRules(valid, fault);
  if (valid.budgets.webhook_secret !== undefined && valid.budgets.webhook_url === undefined) {
    fault(['budgets', 'webhook_secret'], 'it signs nothing without budgets.webhook_url');
  }
  const { otlp_endpoint: collector, otlp_metrics_interval_ms: interval } = valid.telemetry;
  if (interval !== undefined && collector === undefined) {
    const message = 'nobody is sent the metrics without telemetry.otlp_endpoint';
    fault(['telemetry', 'otlp_metrics_interval_ms'], message);
  }
  const vault = resolveVault(valid.vault, context.folder, {
    fault: (key, message) => fault(['vault', key], message),
    warn: (key, message) => warn(['vault', key], message),
  });
  const url = resolveStorageUrl(valid.storage.url, context.home);
  if (url === undefined) {
    fault(['storage', 'url'], 'it must be sqlite:<file> or postgres://user@host/database');
  }
  const redis = resolveRedis(valid.redis, (key, message) => fault(['redis', key], message));
  const providers = resolveProviders(valid, context, fault, warn);
  const cache = resolveCache(valid.cache, fault);
  const assistant = resolveAssistant(valid, context, fault);
  const mcp = resolveMcp(valid.mcp, context.folder, fault);
  const known = [...providers.keys(), ...context.otherProviders];
  const aliases = checkAliases(valid.models, known);
  for (const { alias, message } of aliases.faults) fault(['models', alias, 'candidates'], message);
  checkWeights(valid.models, fault);
  checkJudges(valid.models, fault);
  checkSessions(valid.models, (path, message) => fault(['models', ...path], message));
  warnOfJudges(valid.models, known, warn);
  for (const { alias, message } of aliases.warnings) warn(['models', alias, 'candidates'], message);
  if (faults.length > 0) return { ok: false, faults };
  return {
    ok: true,
    warnings,
    config: {
      home: context.home,
      ...(context.file === undefined ? {} : { file: context.file }),
      server: { ...resolveServer(valid.server), ...(tls === undefined ? {} : { tls }) },
      auth,
      ...resolveState(valid, url ?? ''),
      ...(redis === undefined ? {} : { redis }),
      telemetry: resolveTelemetry(valid),
      providers,
      projects: new Map(Object.entries(valid.projects)),
      models: mapped(valid.models, resolveAlias),
      prices: mapped(valid.prices, (_, price) => resolvePrice(price)),
      ...(vault === undefined ? {} : { vault }),
      ...assistant,
      routing: resolveRouting(valid.routing),
      budgets: resolveBudgets(valid.budgets),
      limits,
      ...rules,
      cache,
      mcp,
    },
  };
}

function resolveProviders(
  valid: ValidConfig,
  { folder, renewable }: ResolveContext,
  fault: Remark,
  warn: Remark,
): Map<string, ProviderConfig> {
  const providers = new Map<string, ProviderConfig>();
  for (const [name, provider] of Object.entries(valid.providers)) {
    const result = resolveProvider(name, provider, (path) => userPath(path, folder));
    for (const { key, message } of result.faults) fault(['providers', name, key], message);
    for (const { key, message } of result.warnings) warn(['providers', name, key], message);
    const { provider: resolved } = result;
    providers.set(name, renewable.has(name) ? { ...resolved, renewable: true } : resolved);
  }
  return providers;
}

function mapped<Given, Result>(
  table: Readonly<Record<string, Given>>,
  resolve: (name: string, given: Given) => Result,
): Map<string, Result> {
  return new Map(Object.entries(table).map(([name, given]) => [name, resolve(name, given)]));
}

/** What each process counts for itself is worth nothing where several share a port. */
function checkWorkers({ redis, server, storage }: ValidConfig, fault: Remark): void {
  if (server.workers === 1) return;
  const at = ['server', 'workers'];
  if (redis.url === undefined) {
    fault(at, 'several processes count limits and budgets together in Redis: set redis.url');
  }
  if (storage.url === 'sqlite::memory:') fault(at, 'each process would have a database of its own');
  if (server.admin_port === 0) fault(at, 'each process would have an admin_port of its own');
}

/** TLS and who may call: rules for certificates take clients that are asked for one. */
function resolveAccess({ auth, server: { tls } }: ValidConfig, folder: string, fault: Remark) {
  const asksClients = tls !== undefined && tls.client_auth !== 'none';
  return {
    auth: resolveAuth(auth, asksClients, (path, message) => fault(['auth', ...path], message)),
    tls: tls && resolveTls(tls, folder, (key, why) => fault(['server', 'tls', key], why)),
  };
}

/** A weight of nobody is a name that was misspelt. */
function checkWeights(models: ValidConfig['models'], fault: Remark): void {
  for (const [name, { candidates, weights = {} }] of Object.entries(models)) {
    for (const weighed of Object.keys(weights)) {
      if (candidates.includes(weighed)) continue;
      fault(['models', name, 'weights'], `${weighed} is not one of the candidates`);
    }
  }
}

/** A merge that asks a judge has one, and it is not the alias itself. */
function checkJudges(models: ValidConfig['models'], fault: Remark): void {
  for (const [name, { judge, merge = 'vote' }] of Object.entries(models)) {
    if (judge === name) fault(['models', name, 'judge'], 'it cannot judge its own answers');
    if (judge !== undefined || merge === 'vote') continue;
    fault(['models', name, 'merge'], `${merge} needs a model that judges: set judge`);
  }
}

function warnOfJudges(
  models: ValidConfig['models'],
  providers: readonly string[],
  warn: Remark,
): void {
  for (const [name, { judge }] of Object.entries(models)) {
    if (judge === undefined || Object.hasOwn(models, judge)) continue;
    const doubt = doubtOf(judge, providers);
    if (doubt !== undefined) warn(['models', name, 'judge'], doubt);
  }
}

type Remark = (path: readonly string[], message: string) => void;

function checkBind(valid: ValidConfig, fault: Remark): void {
  const { require_auth: requireAuth, admin_api_key: adminKey } = valid.auth;
  if (adminKey !== undefined && adminKey.length < minAdminKeyLength) {
    fault(['auth', 'admin_api_key'], `it must have at least ${minAdminKeyLength} characters`);
  }
  const { admin_host: adminHost, admin_port: adminPort, host, port } = valid.server;
  if (adminHost !== undefined && adminPort === undefined) {
    fault(['server', 'admin_host'], 'it needs server.admin_port, too');
  }
  if (adminPort !== undefined && adminPort !== 0 && adminPort === port) {
    fault(['server', 'admin_port'], `it is server.port: give the admin API another than ${port}`);
  }
  if (requireAuth && adminKey !== undefined) return;
  for (const [section, key, each] of [
    ['server', 'host', host],
    ['server', 'admin_host', adminHost],
    ['daemon', 'address', valid.daemon.address],
  ] as const) {
    if (each === undefined || isLoopbackHost(each)) continue;
    fault(
      [section, key],
      `${each} can be reached from other machines: set auth.require_auth = true and auth.admin_api_key, or listen on 127.0.0.1`,
    );
  }
}

function checkProxies(proxies: readonly string[], fault: Remark): void {
  for (const proxy of proxies) {
    if (isAddressOrSubnet(proxy)) continue;
    const message = `${proxy.slice(0, 100)} is no address, such as 10.0.0.1, and no subnet, such as 10.0.0.0/8`;
    fault(['server', 'trusted_proxies'], message);
  }
}

function resolveStorageUrl(url: string, home: string): string | undefined {
  if (/^postgres(ql)?:\/\/./.test(url)) return url;
  if (!url.startsWith('sqlite:')) return undefined;
  const path = url.slice('sqlite:'.length).replace(/^\/\/(?=\/)/, '');
  if (path === ':memory:') return url;
  return path === '' ? undefined : `sqlite:${userPath(path, home)}`;
}

function resolveTelemetry({ daemon, telemetry }: ValidConfig): TelemetryConfig {
  const { otlp_endpoint: otlpEndpoint } = telemetry;
  return {
    logLevel: daemon.log_level ?? telemetry.log_level,
    ...(otlpEndpoint === undefined ? {} : { otlpEndpoint: otlpEndpoint.replace(/\/+$/, '') }),
    ...defined({ otlpMetricsIntervalMs: telemetry.otlp_metrics_interval_ms }),
    sampleRatio: telemetry.sample_ratio,
    captureContent: telemetry.capture_content,
    serviceName: telemetry.service_name,
  };
}

function resolveAlias(name: string, alias: ValidConfig['models'][string]): ModelAliasConfig {
  const { candidates, delay_ms: delayMs, judge, k, merge, strategy, weights } = alias;
  const mergeWaitMs = alias.merge_wait_ms;
  const merging = { merge, judge, mergeWaitMs };
  const sessions = resolveSessions(alias);
  return defined({ name, strategy, candidates, k, delayMs, weights, ...sessions, ...merging });
}

function resolveServer(server: ValidConfig['server']): ServerConfig {
  return {
    host: server.host,
    port: server.port,
    ...(server.admin_port === undefined
      ? {}
      : { admin: { host: server.admin_host ?? server.host, port: server.admin_port } }),
    maxBodyBytes: Math.floor(server.max_body_mb * bytesPerMegabyte),
    maxHeaderBytes: Math.floor(server.max_header_kb * bytesPerKilobyte),
    bodyTimeoutMs: server.body_timeout_ms,
    maxMessages: server.max_messages,
    maxTools: server.max_tools,
    maxConcurrentRequests: server.max_concurrent_requests,
    maxConcurrentStreams: server.max_concurrent_streams,
    queueLength: server.queue_length,
    queueTimeoutMs: server.queue_timeout_ms,
    shutdownTimeoutMs: server.shutdown_timeout_ms,
    drainDelayMs: server.drain_delay_ms,
    workers: server.workers,
    firstTokenTimeoutMs: server.first_token_timeout_ms,
    answerTimeoutMs: server.answer_timeout_ms,
    idleTimeoutMs: server.idle_timeout_ms,
    drainOnDisconnect: server.drain_on_disconnect,
    drainLimitMs: server.drain_limit_ms,
    trustedProxies: server.trusted_proxies,
  };
}

function resolveRouting(routing: ValidConfig['routing']): ResolvedConfig['routing'] {
  return {
    privacy: routing.privacy,
    preferLocalFor: routing.prefer_local_for,
    retries: routing.retries,
    breakerFailures: routing.breaker_failures || Number.POSITIVE_INFINITY,
    breakerWindowMs: routing.breaker_window_ms,
    breakerOpenMs: routing.breaker_open_ms,
    healthCheckIntervalMs: routing.health_check_interval_ms,
    healthCheckTimeoutMs: routing.health_check_timeout_ms,
  };
}

function resolveBudgets(budgets: ValidConfig['budgets']): BudgetsConfig {
  const { webhook_secret: secret, webhook_url: url } = budgets;
  return {
    defaultOutputTokens: budgets.default_output_tokens,
    unpriced: budgets.unpriced,
    ...(url === undefined
      ? {}
      : { webhook: { url, ...(secret === undefined ? {} : { secret: new Secret(secret) }) } }),
  };
}

function resolvePrice(price: ValidConfig['prices'][string]): PriceConfig {
  return defined({
    input: price.input,
    output: price.output,
    cachedInput: price.cached_input,
    cacheWrite5m: price.cache_write_5m,
    cacheWrite1h: price.cache_write_1h,
    reasoning: price.reasoning,
    audioInput: price.audio_input,
    audioOutput: price.audio_output,
    cachedAudioInput: price.cached_audio_input,
    imageInput: price.image_input,
    imageOutput: price.image_output,
  });
}
