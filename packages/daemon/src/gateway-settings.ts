import { readFile } from 'node:fs/promises';
import {
  type CacheConfig,
  createSecretStore,
  type ProviderConfig,
  type ResolvedConfig,
} from '@zeke/foundation';
import {
  type CatalogProvider,
  createProvider,
  discoverProviders,
  type GatewaySettings,
  type Provider,
  type ProviderDependencies,
} from '@zeke/gateway';
import { placeholderKey } from './connect-hints.ts';
import { contentSettings } from './content-settings.ts';
import type { FreshKeys } from './fresh-keys.ts';
import { withSigningKeys } from './signing-keys.ts';

/** What providers are made from, beside the configuration. */
export interface SettingsSources {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof fetch;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** Emulated ones, for `--demo`. */
  readonly extraProviders?: readonly ProviderConfig[];
  /** Finds keys that were replaced while the gateway runs; absent where the configuration is read once. */
  readonly freshKeys?: FreshKeys;
}

/** What of the configuration the gateway takes, with the providers that were found without it. */
export async function gatewaySettings(
  config: ResolvedConfig,
  sources: SettingsSources,
): Promise<GatewaySettings> {
  const { routing, server } = config;
  return {
    providers: await catalogProviders(config, sources),
    aliases: config.models,
    auth: await authSettings(config, sources),
    limits: {
      maxBodyBytes: server.maxBodyBytes,
      bodyTimeoutMs: server.bodyTimeoutMs,
      firstTokenTimeoutMs: server.firstTokenTimeoutMs,
      answerTimeoutMs: server.answerTimeoutMs,
      idleTimeoutMs: server.idleTimeoutMs,
      drainOnDisconnect: server.drainOnDisconnect,
      drainLimitMs: server.drainLimitMs,
      maxMessages: server.maxMessages,
      maxTools: server.maxTools,
    },
    content: await contentSettings(config, {
      secretStore: () => createSecretStore({ home: config.home, environment: sources.environment }),
    }),
    captureContent: config.telemetry.captureContent,
    overload: {
      maxConcurrentRequests: server.maxConcurrentRequests,
      maxConcurrentStreams: server.maxConcurrentStreams,
      maxQueued: server.queueLength,
      queueTimeoutMs: server.queueTimeoutMs,
    },
    prices: config.prices,
    ...(config.cache.enabled ? { cache: cacheSettings(config.cache) } : {}),
    budgets: config.budgets,
    retention: {
      ledgerDays: config.ledger.keepDays,
      usageDays: config.ledger.keepUsageDays,
      auditDays: config.audit.keepDays,
    },
    outageGraceMs: config.storage.outageGraceMs,
    whenLedgerFull: config.ledger.whenFull,
    guardrails: [...config.guardrails.values()],
    policies: [...config.policies.values()],
    rateLimits: { ...config.limits, trustedProxies: server.trustedProxies },
    retries: routing.retries,
    privacy: {
      localOnly: routing.privacy === 'local_only',
      localOnlyProjects: localOnlyProjects(config),
      preferLocalFor: routing.preferLocalFor,
    },
    circuit: {
      failures: routing.breakerFailures,
      windowMs: routing.breakerWindowMs,
      openMs: routing.breakerOpenMs,
    },
    healthChecks: {
      intervalMs: routing.healthCheckIntervalMs,
      timeoutMs: routing.healthCheckTimeoutMs,
    },
  };
}

function localOnlyProjects({ projects }: ResolvedConfig): ReadonlySet<string> {
  const local = [...projects].filter(([, { privacy }]) => privacy === 'local_only');
  return new Set(local.map(([name]) => name));
}

async function authSettings(
  config: ResolvedConfig,
  { environment }: SettingsSources,
): Promise<GatewaySettings['auth']> {
  const { home, server } = config;
  const secretStore = () => createSecretStore({ home, environment });
  const auth = await withSigningKeys(config, { secretStore });
  return server.tls === undefined ? auth : { ...auth, listensWithTls: true };
}

function cacheSettings(cache: CacheConfig): NonNullable<GatewaySettings['cache']> {
  const { maxBytes, maxTemperature, modelTtlMs, scope, semantic, ttlMs } = cache;
  const byModel = [...modelTtlMs].map(([pattern, ms]) => ({ pattern, ttlMs: ms }));
  return { maxBytes, maxTemperature, scope, semantic, ttlMs, byModel };
}

async function catalogProviders(
  config: ResolvedConfig,
  sources: SettingsSources,
): Promise<CatalogProvider[]> {
  const dependencies = providerDependencies(sources);
  const configured = [...config.providers.values()];
  const discovered = await discoverProviders({
    ...dependencies,
    configured: configured.map(({ name }) => name),
    ownPort: config.server.port,
  });
  const all = [...configured, ...discovered, ...(sources.extraProviders ?? [])];
  return all.map((each) => ({
    provider: freshened(each, createProvider(each, dependencies), sources),
    priority: each.priority,
    ...(each.healthCheck === undefined ? {} : { healthCheck: each.healthCheck }),
    ...(each.defaultModel === undefined ? {} : { defaultModel: each.defaultModel }),
    ...(each.models === undefined ? {} : { models: each.models }),
  }));
}

function freshened(
  config: ProviderConfig,
  provider: Provider,
  { freshKeys }: SettingsSources,
): Provider {
  return freshKeys === undefined ? provider : freshKeys.follow(config, provider);
}

function providerDependencies({ environment, fetch, now }: SettingsSources): ProviderDependencies {
  return {
    fetch,
    now,
    environment: (name) => {
      const value = environment[name];
      // What clients of ours were told to set is no key of a provider.
      return value === placeholderKey ? undefined : value;
    },
    readFile: (path) => readFile(path, 'utf8').catch(() => undefined),
  };
}
