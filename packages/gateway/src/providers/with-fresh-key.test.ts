import { afterEach, expect, test } from 'bun:test';
import { startAzureEmulator, startIdentityEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { providerConfig } from '../testing/test-gateway.ts';
import { createProvider } from './index.ts';
import type { Provider } from './provider.ts';
import { withFreshKey } from './with-fresh-key.ts';

let opened = new AsyncDisposableStack();

afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

const operation = { kind: 'chat', dialect: 'openai-chat', model: 'm', stream: false } as const;
const never = new AbortController().signal;
const refusal = { status: 401, headers: new Headers() };

function providerOf(
  fields: Parameters<typeof providerConfig>[0],
  variables: Record<string, string> = {},
) {
  return createProvider(providerConfig(fields), {
    fetch,
    now: Date.now,
    environment: (name) => variables[name],
    readFile: async () => undefined,
  });
}

/** A provider with its key, and one with another, that is found; and how often it was looked for. */
function replaced(make: (key: string) => Provider, found = true) {
  let asked = 0;
  const fresh = async () => {
    asked += 1;
    return found ? make('new') : undefined;
  };
  return { provider: withFreshKey(make('old'), fresh), asked: () => asked };
}

test('lists of models are asked for again with the fresh key, and only where a key is refused', async () => {
  const vendor = opened.use(startOpenAiEmulator({ apiKeys: ['new'] }));
  const make = (apiKey: string) =>
    providerOf({ name: 'a', type: 'openai', baseUrl: `${vendor.url}/v1`, apiKey });
  const { provider } = replaced(make);
  expect((await provider.listModels(never)).length).toBeGreaterThan(1);
  const none = replaced(make, false);
  const error = await none.provider.listModels(never).catch((reason) => reason);
  expect(error).toBeInstanceOf(RpcError);
  expect(error.code).toBe('unauthenticated');
  vendor.faults.push({ kind: 'status', status: 500 });
  const other = replaced(make);
  expect((await other.provider.listModels(never).catch((reason) => reason)).code).not.toBe(
    'unauthenticated',
  );
  expect([none.asked(), other.asked()]).toEqual([1, 0]);
});

test('a secret that is refused where tokens are fetched is replaced, too', async () => {
  const application = { tenant: 'contoso', clientId: 'app', clientSecret: 'new' };
  const identity = opened.use(startIdentityEmulator({ entraApplications: [application] }));
  const azure = opened.use(startAzureEmulator({ entraTokens: identity.entraTokens.all() }));
  const make = (clientSecret: string) =>
    providerOf(
      {
        name: 'azure',
        type: 'azure',
        endpoint: azure.url,
        deployments: {},
        tenantId: application.tenant,
        clientId: application.clientId,
        clientSecret: new Secret(clientSecret),
      },
      { AZURE_AUTHORITY_HOST: identity.url },
    );
  const { provider, asked } = replaced(make);
  const outbound = await provider.prepare(operation, '{}', never);
  expect(outbound.headers.authorization).toBe(`Bearer ${identity.entraTokens.all()[0]}`);
  expect(asked()).toBe(1);
  const none = replaced(make, false);
  const error = await Promise.resolve(none.provider.prepare(operation, '{}', never)).catch(
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(RpcError);
  expect(error.message).toContain('providers.azure');
});

test('what a token authority fails at otherwise is told as it is', async () => {
  const identity = opened.use(startIdentityEmulator());
  await identity.stop();
  const make = (clientSecret: string) =>
    providerOf(
      {
        name: 'azure',
        type: 'azure',
        endpoint: 'http://127.0.0.1:9',
        deployments: {},
        tenantId: 't',
        clientId: 'c',
        clientSecret: new Secret(clientSecret),
      },
      { AZURE_AUTHORITY_HOST: identity.url },
    );
  const { provider, asked } = replaced(make);
  const error = await Promise.resolve(provider.prepare(operation, '{}', never)).catch(
    (reason) => reason,
  );
  expect(error.code).toBe('unavailable');
  expect(asked()).toBe(0);
});

test('raw requests go out again, too', async () => {
  const make = (apiKey: string) => providerOf({ name: 'a', type: 'openai', apiKey });
  const { provider } = replaced(make);
  const raw = { method: 'GET', path: '/v1/files', headers: {} };
  const outbound = await provider.prepareRaw(raw, never);
  const again = await outbound.renew?.(refusal, never);
  expect(again?.headers.authorization).toBe('Bearer new');
  expect(again?.url).toBe(outbound.url);
});
