import type { Logger } from '@zeke/foundation';
import { wheelClock } from '@zeke/rpc/clock';
import { AnswerCache } from './cache/answer-cache.ts';
import { MemoryStore } from './cache/memory-store.ts';
import { RedisStore } from './cache/redis-store.ts';
import type { GatewayOptions, GatewaySettings } from './gateway-options.ts';
import { Orgs } from './governance/entities/orgs.ts';
import { Teams } from './governance/entities/teams.ts';
import { Users } from './governance/entities/users.ts';
import { KeyStore } from './governance/key-store.ts';
import type { Outage } from './governance/outage.ts';
import { RateLimits } from './governance/rate-limits/rate-limits.ts';
import type { Background } from './http/background.ts';
import type { Services } from './http/services.ts';
import { noOverloadLimits, Overload } from './overload/overload.ts';
import { accountNotices } from './routing/account-notices.ts';
import { HealthChecks } from './routing/health-checks.ts';
import { LiveFigures } from './routing/live-figures.ts';
import { ModelCatalog } from './routing/model-catalog.ts';
import { pause } from './routing/pause.ts';
import { readRestNews } from './routing/rest-news.ts';
import type { Retries } from './routing/try-candidates.ts';

/** When candidates that have all failed are asked again. The end of the process ends the wait. */
export function retriesOf(
  { retries }: Pick<GatewaySettings, 'retries'>,
  { stopping }: Background,
): Retries {
  return {
    rounds: retries,
    random: Math.random,
    wait: (ms, client) => pause(ms, AbortSignal.any([client, stopping])),
  };
}

/** What models there are. */
export function catalogOf(
  settings: Pick<GatewaySettings, 'aliases' | 'providers'>,
  { log, now }: { log: Logger; now: () => number },
): ModelCatalog {
  return new ModelCatalog({ providers: settings.providers, aliases: settings.aliases, log, now });
}

/** What is known of models and keys while they are used. */
export function figuresOf({ log, metrics, now, replicas, settings }: GatewayOptions): LiveFigures {
  const figures = new LiveFigures({
    breaker: settings.circuit,
    onAccount: accountNotices(log, metrics),
    ...(replicas ? { onNews: (news) => replicas.announce('rests', news) } : {}),
    now,
  });
  replicas?.onAnnounced('rests', (detail) => {
    const news = readRestNews(detail);
    if (news) figures.learn(news);
  });
  return figures;
}

/** What asks providers now and then if they are there. */
export function healthOf(
  { log, metrics, now }: GatewayOptions,
  figures: LiveFigures,
): HealthChecks {
  return new HealthChecks({ log, metrics, figures, clock: wheelClock, random: Math.random, now });
}

/** Organisations, teams and users. */
export function entitiesIn(options: Pick<GatewayOptions, 'storage' | 'now'>): Services['entities'] {
  return { orgs: new Orgs(options), teams: new Teams(options), users: new Users(options) };
}

/** How often callers may ask. */
export function rateLimitsOf(options: GatewayOptions): RateLimits {
  const { log, metrics, monotonicMs = () => performance.now(), replicas } = options;
  return new RateLimits({ log, metrics, monotonicMs, replicas });
}

/** The keys; what one replica changes, all others read again. */
export function keysOf({ now, replicas, storage }: GatewayOptions, outage: Outage): KeyStore {
  const keys = new KeyStore({ storage, now, outage, onChange: () => replicas?.announce('keys') });
  replicas?.onAnnounced('keys', () => keys.forget());
  return keys;
}

/** Where answers are kept, where they are: in the Redis that replicas share, or in this process. */
export function cacheOf(
  { cache: settings }: GatewaySettings,
  { log, metrics, now, replicas }: Pick<GatewayOptions, 'log' | 'metrics' | 'now' | 'replicas'>,
): AnswerCache | undefined {
  if (!settings) return undefined;
  const { maxBytes } = settings;
  const store = replicas
    ? new RedisStore({ link: replicas.link, maxBytes })
    : new MemoryStore({ maxBytes, now });
  return new AnswerCache({
    settings,
    store,
    metrics,
    log,
    onClear: () => replicas?.announce('cache', 'clear'),
  });
}

/** How much may be under way at once. */
export function overloadOf({ metrics, settings }: GatewayOptions): Overload {
  const limits = settings.overload ?? noOverloadLimits;
  return new Overload({ limits, metrics, clock: wheelClock });
}
