import { afterAll, describe, expect, test } from 'bun:test';
import { startAzureEmulator, startIdentityEmulator } from '@zeke/emulators';
import { Secret } from '@zeke/foundation';
import {
  expectChats,
  expectCredentialsError,
  expectVectors,
  modelNames,
} from '../testing/provider-suite.ts';
import { providerConfig, testGateway } from '../testing/test-gateway.ts';

const azure = startAzureEmulator({
  apiKeys: ['azure-key'],
  deployments: { quick: 'gpt-4.1-mini', vectors: 'text-embedding-3-small' },
});
afterAll(() => azure.stop());

const deployments = { 'gpt-4.1-mini': 'quick', 'text-embedding-3-small': 'vectors' };
const apiVersion = '2025-04-01-preview';
const entry = (fields: Record<string, unknown>) =>
  providerConfig({ name: 'azure', type: 'azure', endpoint: azure.url, deployments, ...fields });

describe('the dated API', () => {
  const config = entry({ apiKey: 'azure-key', apiVersion });

  test('has an address for every deployment', async () => {
    await using gateway = await testGateway({ providers: [config] });
    await expectChats(gateway, 'azure/gpt-4.1-mini');
    expect(azure.requests.at(-1)?.path).toBe('/openai/deployments/quick/chat/completions');
    await expectVectors(gateway, 'azure/text-embedding-3-small', 64);
    expect(azure.requests.at(-1)?.path).toBe('/openai/deployments/vectors/embeddings');
  });

  test('takes a deployment by its own name', async () => {
    await using gateway = await testGateway({ providers: [config] });
    await expectChats(gateway, 'azure/quick');
  });

  test('gets raw requests of a model at its deployment', async () => {
    await using gateway = await testGateway({ providers: [config] });
    await gateway.post('/v1/images/generations', { model: 'azure/gpt-4.1-mini', prompt: 'a cat' });
    expect(azure.requests.at(-1)?.path).toBe('/openai/deployments/quick/images/generations');
  });
});

describe('the v1 API', () => {
  const config = entry({ apiKey: 'azure-key' });

  test('finds the deployment by the name in the body', async () => {
    await using gateway = await testGateway({ providers: [config] });
    await expectChats(gateway, 'azure/gpt-4.1-mini');
    const { path, body } = azure.requests.at(-1) ?? {};
    expect(path).toBe('/openai/v1/chat/completions');
    expect(JSON.parse(new TextDecoder().decode(body)).model).toBe('quick');
    await expectVectors(gateway, 'azure/text-embedding-3-small', 64);
  });

  test('is asked in the other dialects too', async () => {
    await using gateway = await testGateway({ providers: [config] });
    const responses = await gateway.post('/v1/responses', {
      model: 'azure/gpt-4.1-mini',
      input: 'hello there',
    });
    expect(responses.status).toBe(200);
    expect(azure.requests.at(-1)?.path).toBe('/openai/v1/responses');
    const messages = await gateway.post('/v1/messages', {
      model: 'azure/gpt-4.1-mini',
      max_tokens: 100,
      messages: [{ role: 'user', content: 'hello there' }],
    });
    expect(await messages.text()).toContain('hello there');
  });

  test('refused keys are told as the operator’s fault', async () => {
    await using gateway = await testGateway({ providers: [entry({ apiKey: 'stolen-key' })] });
    await expectCredentialsError(gateway, 'azure/gpt-4.1-mini', ['stolen-key']);
  });
});

describe('models', () => {
  test('are the deployments, else those configured, else those of the resource', async () => {
    const apiKey = 'azure-key';
    await using gateway = await testGateway({
      providers: [
        entry({ apiKey }),
        entry({ name: 'named', apiKey, deployments: {}, models: ['quick'] }),
        entry({ name: 'asked', apiKey, deployments: {} }),
      ],
    });
    const names = await modelNames(gateway);
    expect(names).toContain('azure/gpt-4.1-mini');
    expect(names.filter((name) => name.startsWith('named/'))).toEqual(['named/quick']);
    expect(names).toContain('asked/gpt-4.1-mini');
  });

  test('say what they are for, where the resource says it', async () => {
    const list = {
      data: [
        { id: 'o-model', capabilities: { chat_completion: true, embeddings: false } },
        { id: 'v-model', capabilities: { chat_completion: false, embeddings: true } },
      ],
    };
    const asked: string[] = [];
    const answer = async (input: string | URL | Request) => {
      asked.push(String(input));
      return Response.json(list);
    };
    await using gateway = await testGateway({
      providers: [entry({ apiKey: 'azure-key', apiVersion, deployments: {} })],
      dependencies: { fetch: answer as typeof fetch },
    });
    expect(await modelNames(gateway)).toEqual(['azure/o-model', 'azure/v-model']);
    expect(asked).toEqual([`${azure.url}/openai/models?api-version=${apiVersion}`]);
  });
});

describe('Entra', () => {
  const application = { tenant: 'contoso', clientId: 'app-1', clientSecret: 's3cr3t-of-app' };
  const entra = (url: string, fields: Record<string, unknown> = {}) =>
    entry({
      endpoint: url,
      deployments: {},
      tenantId: application.tenant,
      clientId: application.clientId,
      clientSecret: new Secret(application.clientSecret),
      ...fields,
    });

  async function start(lifetimeSeconds = 3_600) {
    const clock = { now: Date.now() };
    const identity = startIdentityEmulator({
      entraApplications: [application],
      lifetimeSeconds,
      now: () => clock.now,
    });
    const entraTokens: string[] = [];
    const resource = startAzureEmulator({ entraTokens });
    const stack = new AsyncDisposableStack();
    stack.use(identity);
    stack.use(resource);
    return {
      clock,
      identity,
      resource,
      dependencies: {
        now: () => clock.now,
        environment: (name: string) =>
          name === 'AZURE_AUTHORITY_HOST' ? `${identity.url}/` : undefined,
        // The resource learns of a token when it is issued.
        fetch: (async (input: string, init: RequestInit) => {
          const response = await fetch(input, init);
          const good = identity.entraTokens
            .all()
            .filter((token) => identity.entraTokens.has(token));
          entraTokens.splice(0, entraTokens.length, ...good);
          return response;
        }) as unknown as typeof fetch,
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  }

  const tokenCalls = (identity: { requests: unknown[] }) => identity.requests.length;

  test('gives one token for many requests', async () => {
    await using world = await start();
    const { dependencies, resource, identity } = world;
    await using gateway = await testGateway({ providers: [entra(resource.url)], dependencies });
    await expectChats(gateway, 'azure/gpt-4.1-mini');
    expect(tokenCalls(identity)).toBe(1);
    expect(resource.requests.at(-1)?.headers).not.toHaveProperty('api-key');
  });

  test('gives another when the first has expired', async () => {
    await using world = await start();
    const { dependencies, resource, identity, clock } = world;
    await using gateway = await testGateway({ providers: [entra(resource.url)], dependencies });
    await expectChats(gateway, 'azure/gpt-4.1-mini');
    clock.now += 3_600_000;
    await expectChats(gateway, 'azure/gpt-4.1-mini');
    expect(tokenCalls(identity)).toBe(2);
  });

  test('is asked again when the resource refuses a token', async () => {
    await using world = await start();
    const { dependencies, resource, identity } = world;
    await using gateway = await testGateway({ providers: [entra(resource.url)], dependencies });
    await expectChats(gateway, 'azure/gpt-4.1-mini');
    resource.faults.push({ kind: 'status', status: 401 });
    await expectChats(gateway, 'azure/gpt-4.1-mini');
    expect(tokenCalls(identity)).toBe(2);
  });

  test.each([
    ['clientSecret', new Secret('wr0ng-secret'), 'AADSTS7000215', 'client_secret'],
    ['clientId', 'app-2', 'AADSTS700016', 'client_id'],
    ['tenantId', 'fabrikam', 'AADSTS90002', 'tenant_id'],
  ])('says what to check when %s is wrong', async (field, value, code, hint) => {
    await using world = await start();
    const { dependencies, resource } = world;
    const config = entra(resource.url, { [field]: value });
    await using gateway = await testGateway({ providers: [config], dependencies });
    const message = await expectCredentialsError(gateway, 'azure/gpt-4.1-mini', [
      'wr0ng-secret',
      application.clientSecret,
    ]);
    expect(message).toContain(code);
    expect(message).toContain(hint);
    expect(resource.requests).toHaveLength(0);
  });

  test('that is away is no fault of the credentials', async () => {
    await using world = await start();
    const { dependencies, resource, identity } = world;
    identity.faults.push({ kind: 'status', status: 503 });
    await using gateway = await testGateway({ providers: [entra(resource.url)], dependencies });
    const response = await gateway.post('/v1/chat/completions', {
      model: 'azure/gpt-4.1-mini',
      messages: [{ role: 'user', content: 'hello there' }],
    });
    expect(response.status).toBe(502);
    expect(await response.text()).toContain('Microsoft Entra, asked for the credentials of');
  });
});
