import { expect, test } from 'bun:test';
import { loadConfig, Secret } from '@zeke/foundation';
import { gatewaySettings, type SettingsSources } from './gateway-settings.ts';

async function settingsOf(variables: Record<string, string>, extra: Partial<SettingsSources> = {}) {
  const environment = { ZEKE_HOME: '/nowhere', OLLAMA_HOST: '127.0.0.1:1', ...variables };
  const result = await loadConfig({ cwd: '/nowhere', environment });
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return gatewaySettings(result.config, { environment, fetch, now: Date.now, ...extra });
}

const namesOf = ({ providers }: Awaited<ReturnType<typeof settingsOf>>) =>
  providers.map(({ provider }) => provider.name);

test('configured providers come first, then those found, then extra ones, by priority too', async () => {
  const settings = await settingsOf(
    { ZEKE_PROVIDERS_WORK_TYPE: 'openai', ZEKE_PROVIDERS_WORK_API_KEY: 'k', GROQ_API_KEY: 'k' },
    {
      extraProviders: [
        {
          name: 'demo-openai',
          type: 'openai',
          headers: {},
          priority: 900,
          apiKey: new Secret('k'),
        },
      ],
    },
  );
  expect(namesOf(settings)).toEqual(['work', 'groq', 'demo-openai']);
  const priorities = settings.providers.map(({ priority }) => priority);
  expect(priorities).toEqual(priorities.toSorted((left, right) => left - right));
});

test('what clients of this server are told to set makes no provider', async () => {
  const settings = await settingsOf({
    OPENAI_BASE_URL: 'http://127.0.0.1:8080/v1',
    OPENAI_API_KEY: 'none',
    GEMINI_API_KEY: 'none',
  });
  expect(namesOf(settings)).toEqual([]);
});

test('limits and authentication come from the configuration', async () => {
  const settings = await settingsOf({
    ZEKE_SERVER_MAX_BODY_MB: '2',
    ZEKE_SERVER_BODY_TIMEOUT_MS: '5',
    ZEKE_AUTH_REQUIRE_AUTH: 'true',
  });
  expect(settings.limits).toMatchObject({ maxBodyBytes: 2_097_152, bodyTimeoutMs: 5 });
  expect(settings.auth.requireAuth).toBe(true);
});

test('rates are those of the configuration, with the proxies that are trusted', async () => {
  const { rateLimits } = await settingsOf({
    ZEKE_LIMITS_ENABLED: 'yes',
    ZEKE_LIMITS_TIERS_FREE_CONCURRENT: '2',
    ZEKE_LIMITS_MODELS: 'openai/gpt-5=pro',
    ZEKE_SERVER_TRUSTED_PROXIES: '10.0.0.0/8, ::1',
  });
  expect(rateLimits).toMatchObject({
    enabled: true,
    tiers: { free: { concurrent: 2 } },
    models: { 'openai/gpt-5': 'pro' },
    trustedProxies: ['10.0.0.0/8', '::1'],
  });
});
