import { createLogger, createMetrics } from '@zeke/foundation';
import { RedisLink, redisAddress } from '@zeke/foundation/redis';
import { redisServer, skipsWithout } from '@zeke/foundation/testing';
import { RateLimits, Replicas } from '@zeke/gateway';
import { figure, markdownTable } from '../gateway/report/markdown.ts';
import { median, percentiles } from '../gateway/statistics.ts';

const rounds = 5;
const alone = 2_000;
const together = 20_000;
const atOnce = 32;

interface Timed {
  readonly p50: number;
  readonly p99: number;
  readonly perSecond: number;
}

/**
 * A request at limits that replicas share, beside the bare round trips of the same client to the same
 * Redis: a Markdown table. A request has requests, tokens and places of its key and its owner, in one
 * script. Without Redis, a line that says so.
 */
export async function sharedLimitsTable(): Promise<string> {
  if (skipsWithout('redis-server'))
    return 'Redis is not installed: limits that replicas share are left out.';
  await using redis = await redisServer();
  const address = redisAddress(redis.url);
  if (typeof address === 'string') throw new Error(address);
  const log = createLogger({ level: 'error' });
  const metrics = await createMetrics({ processMetrics: false });
  await using link = await RedisLink.open({
    address,
    keyPrefix: 'bench:',
    timeoutMs: 5_000,
    log,
    metrics,
  });
  await using replicas = await Replicas.join({ link, expected: 1, log, metrics });
  using limits = new RateLimits({ log, metrics, monotonicMs: () => performance.now(), replicas });
  const many = { limit: 1_000_000_000, periodMs: 60_000 };
  limits.configure({
    enabled: true,
    defaultTier: 'all',
    authFailuresPerMinute: 0,
    tiers: {
      all: { requests: many, tokens: many, concurrent: 100_000 },
      rates: { requests: many },
    },
    owners: { ada: 'all' },
    users: {},
    teams: {},
    models: {},
    trustedProxies: [],
  });
  const request = new Request('http://127.0.0.1/');
  const enter = (tier: string, owner: string) => async () => {
    const caller = { keyId: 'key', owner, tier, admin: false, inference: true };
    const admission = limits.admission(caller, request, undefined);
    await admission.begin();
    admission.leave();
  };
  const calls: [name: string, call: () => Promise<unknown>][] = [
    ['PING', () => link.send('PING')],
    ['INCR', () => link.send('INCR', 'bench:n')],
    ['zeke, requests of a key', enter('rates', 'bob')],
    ['zeke, requests, tokens and places of a key and an owner', enter('all', 'ada')],
  ];
  const all = new Map(calls.map(([name]) => [name, [] as Timed[]]));
  for (let round = -1; round < rounds; round++) {
    for (const [name, call] of calls) {
      const timed = await timesOf(call);
      if (round >= 0) all.get(name)?.push(timed);
    }
  }
  return tableOf(all);
}

async function timesOf(call: () => Promise<unknown>): Promise<Timed> {
  const times: number[] = [];
  for (let index = 0; index < alone; index++) {
    const start = performance.now();
    await call();
    times.push(performance.now() - start);
  }
  const { p50, p99 } = percentiles(times);
  let left = together;
  const start = performance.now();
  const worker = async () => {
    while (left-- > 0) await call();
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  const perSecond = (together / (performance.now() - start)) * 1_000;
  return { p50: (p50 ?? 0) * 1_000, p99: (p99 ?? 0) * 1_000, perSecond };
}

function tableOf(all: ReadonlyMap<string, readonly Timed[]>): string {
  const bare = all.get('INCR') ?? [];
  const ratio = (timed: readonly Timed[], of: keyof Timed) =>
    figure(median(timed.map((each, round) => each[of] / (bare[round]?.[of] ?? Number.NaN))));
  const middle = (timed: readonly Timed[], of: keyof Timed) =>
    figure(median(timed.map((each) => each[of])));
  const rows = [...all].map(([name, timed]) => [
    name,
    middle(timed, 'p50'),
    ratio(timed, 'p50'),
    middle(timed, 'p99'),
    ratio(timed, 'p99'),
    middle(timed, 'perSecond'),
    ratio(timed, 'perSecond'),
  ]);
  const heads = ['p50 µs', '× INCR', 'p99 µs', '× INCR', `a second, ${atOnce} at once`, '× INCR'];
  return markdownTable(['Over a Unix socket to Redis', ...heads], rows);
}
