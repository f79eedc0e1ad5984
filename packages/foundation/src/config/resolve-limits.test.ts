import { expect, test } from 'bun:test';
import { resolveLimits } from './resolve-limits.ts';
import { configSchema } from './schema.ts';

function resolve(given: object) {
  const faults: string[] = [];
  const { limits } = configSchema.parse({ limits: given });
  const config = resolveLimits(limits, (path, message) =>
    faults.push(`${path.join('.')}: ${message}`),
  );
  return { config, faults };
}

test('without a word they are off, and there are four tiers', () => {
  const { config, faults } = resolve({});
  expect(faults).toEqual([]);
  expect(config).toMatchObject({
    enabled: false,
    defaultTier: 'free',
    authFailuresPerMinute: 20,
    tiers: {
      free: { requests: { limit: 20, periodMs: 60_000, burst: 5 }, tokens: { limit: 2_000 } },
      pro: { requests: { limit: 200, burst: 20 }, tokens: { limit: 50_000 } },
      enterprise: { requests: { limit: 1_000, burst: 100 }, tokens: { limit: 500_000 } },
      unlimited: {},
    },
  });
  expect(config).not.toHaveProperty('addressTier');
});

test('a tier of the file takes the place of one of the house', () => {
  const { config, faults } = resolve({
    default_tier: 'night',
    tiers: { night: { concurrent: 2 }, free: { requests_per_minute: 30 } },
  });
  expect(faults).toEqual([]);
  expect(config.tiers.night).toEqual({ concurrent: 2 });
  expect(config.tiers.free).toEqual({ requests: { limit: 30, periodMs: 60_000 } });
});

test('what names no tier, and a burst of nothing or too large, are told by their keys', () => {
  const known = 'there are free, pro, enterprise, unlimited, x, y';
  const { faults } = resolve({
    default_tier: 'gold',
    address_tier: 'constructor',
    owners: { acme: 'silver' },
    models: { 'openai/gpt-5': 'bronze' },
    tiers: { x: { burst: 3 }, y: { requests_per_minute: 7, burst: 1_000_000_000 } },
  });
  expect(faults).toEqual([
    'tiers.x.burst: it takes requests_per_minute',
    expect.stringMatching(/^tiers\.y\.burst: rate limit: burst: 1000000000 are too many/),
    `default_tier: there is no tier gold; ${known}`,
    `address_tier: there is no tier constructor; ${known}`,
    `owners.acme: there is no tier silver; ${known}`,
    `models.openai/gpt-5: there is no tier bronze; ${known}`,
  ]);
});

test.each([
  { tiers: { x: { requests_per_minute: 0 } } },
  { tiers: { x: { tokens_per_minute: Number.NaN } } },
  { tiers: { x: { concurrent: 1.5 } } },
  { tiers: { x: { requests: 1 } } },
  { auth_failures_per_minute: -1 },
  { enabled: 'perhaps' },
])('%j is no such section', (limits) => {
  expect(configSchema.safeParse({ limits }).success).toBe(false);
});
