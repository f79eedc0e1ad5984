import { describe, expect, test } from 'bun:test';
import { startOllamaEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { foundProviderNames, type ProviderConfig } from '@zeke/foundation';
import { expectChats } from '../testing/provider-suite.ts';
import { testGateway } from '../testing/test-gateway.ts';
import { type DiscoverOptions, discoverProviders } from './discover.ts';
import { ollamaAddress } from './ollama-address.ts';

/** Nobody listens there. */
const noOllama = { OLLAMA_HOST: '127.0.0.1:1' };

function discover(
  variables: Record<string, string>,
  options: Partial<DiscoverOptions> = {},
): Promise<ProviderConfig[]> {
  const all: Record<string, string | undefined> = { ...noOllama, ...variables };
  return discoverProviders({
    environment: (name) => all[name],
    fetch,
    configured: [],
    ...options,
  });
}

const names = (providers: readonly ProviderConfig[]) => providers.map(({ name }) => name);

describe('keys in the environment', () => {
  test.each([
    ['openai', { OPENAI_API_KEY: 'k' }],
    ['anthropic', { ANTHROPIC_API_KEY: 'k' }],
    ['gemini', { GEMINI_API_KEY: 'k' }],
    ['gemini', { GOOGLE_API_KEY: 'k' }],
    ['xai', { XAI_API_KEY: 'k' }],
    ['azure', { AZURE_OPENAI_API_KEY: 'k', AZURE_OPENAI_ENDPOINT: 'https://a.openai.azure.com/' }],
    ['bedrock', { AWS_BEARER_TOKEN_BEDROCK: 'k', AWS_REGION: 'us-east-1' }],
    [
      'bedrock',
      { AWS_ACCESS_KEY_ID: 'k', AWS_SECRET_ACCESS_KEY: 's', AWS_DEFAULT_REGION: 'us-east-1' },
    ],
    ['vertex', { GOOGLE_CLOUD_PROJECT: 'p', GOOGLE_GENAI_USE_VERTEXAI: 'true' }],
    ['groq', { GROQ_API_KEY: 'k' }],
    ['mistral', { MISTRAL_API_KEY: 'k' }],
    ['deepseek', { DEEPSEEK_API_KEY: 'k' }],
    ['together', { TOGETHER_API_KEY: 'k' }],
    ['openrouter', { OPENROUTER_API_KEY: 'k' }],
  ])('%s: %j', async (name, variables) => {
    expect(names(await discover(variables as Record<string, string>))).toEqual([name]);
    expect(foundProviderNames).toContain(name);
  });

  test.each([
    [{}],
    [{ OPENAI_API_KEY: ' ' }],
    [{ AZURE_OPENAI_API_KEY: 'k' }],
    [{ AWS_ACCESS_KEY_ID: 'k', AWS_REGION: 'us-east-1' }],
    [{ AWS_BEARER_TOKEN_BEDROCK: 'k' }],
    [{ GOOGLE_CLOUD_PROJECT: 'p' }],
    [{ GOOGLE_CLOUD_PROJECT: 'p', GOOGLE_APPLICATION_CREDENTIALS: '/not-there.json' }],
  ])('nothing in %j', async (variables) => {
    const readFile = async () => undefined;
    expect(await discover(variables as Record<string, string>, { readFile })).toEqual([]);
  });

  test('Vertex AI where gcloud has left credentials', async () => {
    const files: Record<string, string> = {
      '/home/a/.config/gcloud/application_default_credentials.json': '{}',
    };
    const readFile = async (path: string) => files[path];
    const variables = { HOME: '/home/a', GOOGLE_CLOUD_PROJECT: 'p' };
    expect(names(await discover(variables, { readFile }))).toEqual(['vertex']);
  });

  test('configured names are left alone', async () => {
    const variables = { OPENAI_API_KEY: 'k', XAI_API_KEY: 'k' };
    expect(names(await discover(variables, { configured: ['openai'] }))).toEqual(['xai']);
  });

  test('each has a place of its own behind what is configured', async () => {
    const variables = { OPENAI_API_KEY: 'k', XAI_API_KEY: 'k', OPENROUTER_API_KEY: 'k' };
    const found = await discover(variables);
    const priorities = found.map(({ priority }) => priority);
    expect(new Set(priorities).size).toBe(3);
    expect(priorities).toEqual(priorities.toSorted((a, b) => a - b));
    expect(Math.min(...priorities)).toBeGreaterThan(100);
  });

  test('the endpoint of Azure is taken in every form its own clients take', async () => {
    const found = await discover({
      AZURE_OPENAI_API_KEY: 'k',
      AZURE_OPENAI_ENDPOINT: 'https://a.openai.azure.com/openai/v1/',
    });
    expect(found[0]).toMatchObject({ endpoint: 'https://a.openai.azure.com', deployments: {} });
  });
});

describe('what leads back here', () => {
  test('is no provider: our own keys and our own address', async () => {
    expect(await discover({ OPENAI_API_KEY: 'zk-mine' })).toEqual([]);
    const variables = { OPENAI_API_KEY: 'any', OPENAI_BASE_URL: 'http://localhost:8080/v1' };
    expect(await discover(variables, { ownPort: 8080 })).toEqual([]);
    expect(names(await discover(variables, { ownPort: 9090 }))).toEqual(['openai']);
  });

  test('an Ollama on our own port is not asked', async () => {
    await using ollama = startOllamaEmulator();
    const ownPort = Number(new URL(ollama.url).port);
    expect(await discover({ OLLAMA_HOST: ollama.url }, { ownPort })).toEqual([]);
    expect(ollama.requests).toHaveLength(0);
  });
});

describe('Ollama', () => {
  test('is found when it answers, and can be used', async () => {
    await using ollama = startOllamaEmulator();
    const providers = await discover({ OLLAMA_HOST: new URL(ollama.url).host });
    expect(names(providers)).toEqual(['ollama']);
    await using gateway = await testGateway({ providers });
    await expectChats(gateway, 'ollama/llama3.2');
  });

  test('is not asked where one is configured', async () => {
    await using ollama = startOllamaEmulator();
    expect(await discover({ OLLAMA_HOST: ollama.url }, { configured: ['ollama'] })).toEqual([]);
    expect(ollama.requests).toHaveLength(0);
  });

  test('is not taken for what else listens there, or is silent', async () => {
    await using other = startOpenAiEmulator();
    expect(await discover({ OLLAMA_HOST: other.url })).toEqual([]);
    await using ollama = startOllamaEmulator();
    ollama.faults.push({ kind: 'silence' });
    expect(await discover({ OLLAMA_HOST: ollama.url })).toEqual([]);
  });

  test.each([
    [undefined, 'http://127.0.0.1:11434'],
    ['', 'http://127.0.0.1:11434'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:8000', 'http://127.0.0.1:8000'],
    ['[::]:8000', 'http://127.0.0.1:8000'],
    [':8000', 'http://127.0.0.1:8000'],
    ['::1', 'http://[::1]:11434'],
    ['rack', 'http://rack:11434'],
    ['rack:80', 'http://rack'],
    ['http://rack', 'http://rack'],
    ['https://rack.example/ollama/', 'https://rack.example/ollama'],
    ['"10.0.0.2:1234"', 'http://10.0.0.2:1234'],
    ['http://', undefined],
  ])('OLLAMA_HOST %p is %p', (host, url) => {
    expect(ollamaAddress(host)).toBe(url as string);
  });
});
