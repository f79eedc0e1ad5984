import { describe, expect, test } from 'bun:test';
import { chmod } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { Secret } from '../secrets/secret.ts';
import { temporaryDirectory } from '../testing/index.ts';
import { formatFault } from './config-fault.ts';
import { type LoadConfigResult, loadConfig } from './load-config.ts';
import { type ResolvedConfig, strategyNames } from './resolved-config.ts';

interface Given {
  toml?: string;
  environment?: Record<string, string>;
  files?: Record<string, string>;
  secrets?: Record<string, string>;
}

async function load({ toml, environment = {}, files = {}, secrets = {} }: Given) {
  await using directory = await temporaryDirectory();
  const cwd = directory.path;
  const all = toml === undefined ? files : { ...files, 'zeke.toml': toml };
  for (const [name, text] of Object.entries(all)) {
    await Bun.write(join(cwd, name), text);
    await chmod(join(cwd, name), 0o600);
  }
  const result = await loadConfig({
    cwd,
    environment: { ZEKE_HOME: join(cwd, 'home'), ...environment },
    secretStore: async () => ({
      get: async (name) => (secrets[name] === undefined ? undefined : new Secret(secrets[name])),
    }),
  });
  return { result, cwd };
}

function configOf(result: LoadConfigResult): ResolvedConfig {
  if (!result.ok) throw new Error(result.faults.map(formatFault).join('\n'));
  return result.config;
}

async function faultsOf(given: Given): Promise<string[]> {
  const { result } = await load(given);
  return result.ok ? [] : result.faults.map(formatFault);
}

describe('defaults', () => {
  test('stand without a file', async () => {
    const { result, cwd } = await load({});
    const config = configOf(result);
    expect(config.file).toBeUndefined();
    expect(config.server).toEqual({
      host: '127.0.0.1',
      port: 8080,
      maxBodyBytes: 67_108_864,
      maxHeaderBytes: 65_536,
      bodyTimeoutMs: 60_000,
      maxMessages: 10_000,
      maxTools: 1_024,
      maxConcurrentRequests: 20_000,
      maxConcurrentStreams: 15_000,
      queueLength: 1_000,
      queueTimeoutMs: 10_000,
      shutdownTimeoutMs: 10_000,
      drainDelayMs: 0,
      workers: 1,
      firstTokenTimeoutMs: 120_000,
      answerTimeoutMs: 600_000,
      idleTimeoutMs: 120_000,
      drainOnDisconnect: 'cancel',
      drainLimitMs: 30_000,
      trustedProxies: [],
    });
    expect(config.storage.url.reveal()).toBe(`sqlite:${cwd}/home/zeke.db`);
    expect(config.ledger).toEqual({
      flushIntervalMs: 40,
      keepDays: 90,
      keepUsageDays: 1_100,
      whenFull: 'refuse',
    });
    expect(config.audit).toEqual({ keepDays: 400 });
    expect(config.content.keep).toBe('nothing');
    expect(config.providers.size).toBe(0);
  });

  test('put the home into the user folder', async () => {
    const result = await loadConfig({ cwd: '/nowhere', environment: {} });
    expect(configOf(result).home).toBe(join(homedir(), '.zeke'));
  });
});

describe('the file', () => {
  test('is the first of the working folder, the home and --config alone where it is given', async () => {
    await using directory = await temporaryDirectory();
    const cwd = directory.path;
    const environment = { ZEKE_HOME: join(cwd, 'home') };
    await Bun.write(join(cwd, 'home/zeke.toml'), 'server.port = 2');
    const fromHome = configOf(await loadConfig({ cwd, environment }));
    expect([fromHome.server.port, fromHome.file]).toEqual([2, join(cwd, 'home/zeke.toml')]);
    await Bun.write(join(cwd, 'zeke.toml'), 'server.port = 1');
    expect(configOf(await loadConfig({ cwd, environment })).server.port).toBe(1);
    await Bun.write(join(cwd, 'other.toml'), 'server.port = 3');
    const named = await loadConfig({ cwd, environment, file: 'other.toml' });
    expect(configOf(named).server.port).toBe(3);
    const missing = await loadConfig({ cwd, environment, file: 'missing.toml' });
    expect(missing.ok ? [] : missing.faults.map(formatFault)).toEqual([
      'missing.toml: there is no such file',
    ]);
  });

  test('has every kind of provider', async () => {
    const { result, cwd } = await load({
      toml: `
[providers.openai]
api_key = "sk-1"
organization = "org"
priority = 5

[providers.work]
type = "azure"
endpoint = "https://work.openai.azure.com/"
api_key = "az"
api_version = "2025-04-01-preview"
deployments = { "gpt-5" = "prod-gpt-5" }

[providers.cloud]
type = "bedrock"
region = "eu-central-1"
access_key_id = "AKIA1"
secret_access_key = "aws"

[providers.google]
type = "vertex"
project = "p"
location = "global"
credentials_file = "keys/sa.json"

[providers.rack]
type = "compatible"
base_url = "http://127.0.0.1:9001/v1/"
models = ["qwen3-coder"]
headers = { Authorization = "Basic eA==" }

[providers.ollama]

[models.fast]
candidates = ["openai/gpt-5-mini", "rack/qwen3-coder"]

[prices."openai/gpt-5"]
input = 1.25
cached_input = 0.125
`,
    });
    const { providers, models, prices } = configOf(result);
    const common = { headers: {}, priority: 100 };
    const plain = new Map(
      [...providers].map(([name, each]) => [name, { ...each, headers: { ...each.headers } }]),
    );
    expect([...plain.keys()]).toEqual(['openai', 'work', 'cloud', 'google', 'rack', 'ollama']);
    expect(plain.get('openai')).toMatchObject({ type: 'openai', organization: 'org', priority: 5 });
    expect(plain.get('work')).toEqual({
      ...common,
      name: 'work',
      type: 'azure',
      endpoint: 'https://work.openai.azure.com',
      apiKey: new Secret('az'),
      apiVersion: '2025-04-01-preview',
      deployments: { 'gpt-5': 'prod-gpt-5' },
    });
    expect(plain.get('cloud')).toMatchObject({ accessKeyId: 'AKIA1', region: 'eu-central-1' });
    expect(plain.get('google')).toMatchObject({ credentialsFile: join(cwd, 'keys/sa.json') });
    expect(plain.get('rack')).toMatchObject({ baseUrl: 'http://127.0.0.1:9001/v1' });
    expect(providers.get('rack')?.headers.authorization?.reveal()).toBe('Basic eA==');
    expect(plain.get('ollama')).toEqual({ ...common, name: 'ollama', type: 'ollama' });
    expect(models.get('fast')).toEqual({
      name: 'fast',
      strategy: 'fallback',
      candidates: ['openai/gpt-5-mini', 'rack/qwen3-coder'],
    });
    expect(prices.get('openai/gpt-5')).toEqual({ input: 1.25, cachedInput: 0.125 });
  });

  test('shows no secret however it is printed', async () => {
    const toml = '[providers.openai]\napi_key = "sk-secret"\nheaders.X-Key = "sk-secret"\n';
    const config = configOf((await load({ toml })).result);
    const { openai } = Object.fromEntries(config.providers);
    for (const printed of [JSON.stringify(openai), inspect(config, { depth: 9 }), `${openai}`]) {
      expect(printed).not.toContain('sk-secret');
    }
    expect(`${(openai as { apiKey?: Secret } | undefined)?.apiKey}`).toBe('[redacted]');
  });

  test('cannot reach the prototype of objects', async () => {
    const faults = await faultsOf({ toml: '[__proto__]\npolluted = 1\n' });
    expect(faults).toHaveLength(1);
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
  });
});

describe('environment variables', () => {
  test('win over the file, and are read as the type of their key', async () => {
    const { result } = await load({
      toml: 'server.port = 1\nserver.host = "localhost"\n[providers.rack]\ntype = "compatible"\nbase_url = "http://a/v1"\nheaders.a = "1"\n',
      environment: {
        ZEKE_SERVER_PORT: '9000',
        ZEKE_AUTH_REQUIRE_AUTH: 'true',
        ZEKE_SERVER_HOST: '',
        ZEKE_PROVIDERS_RACK_MODELS: 'a, b',
        ZEKE_PROVIDERS_RACK_HEADERS: 'x-b=2, x-c=3=3',
      },
    });
    const config = configOf(result);
    expect(config.server.port).toBe(9000);
    expect(config.server.host).toBe('localhost');
    expect(config.auth.requireAuth).toBe(true);
    const rack = config.providers.get('rack');
    expect(rack?.models).toEqual(['a', 'b']);
    expect(Object.entries(rack?.headers ?? {}).map(([k, v]) => [k, v.reveal()])).toEqual([
      ['x-b', '2'],
      ['x-c', '3=3'],
    ]);
  });

  test('reach tables within a section, by their names in the file', async () => {
    const { result } = await load({
      toml: '[limits.tiers.Night-shift]\nconcurrent = 2\n',
      environment: {
        ZEKE_LIMITS_ENABLED: '1',
        ZEKE_LIMITS_OWNERS: 'ada=Night-shift',
        ZEKE_LIMITS_TIERS_NIGHT_SHIFT_REQUESTS_PER_MINUTE: '7',
        ZEKE_LIMITS_TIERS_DAY_CONCURRENT: '9',
      },
    });
    const { limits } = configOf(result);
    expect(limits).toMatchObject({ enabled: true, owners: { ada: 'Night-shift' } });
    expect(limits.tiers['Night-shift']).toEqual({
      concurrent: 2,
      requests: { limit: 7, periodMs: 60_000 },
    });
    expect(limits.tiers.day).toEqual({ concurrent: 9 });
  });

  test('reach a table of numbers', async () => {
    const { result } = await load({
      toml: '[cache]\nenabled = true\nmodel_ttl_s = { "openai/*" = 60, "*" = 0 }\n',
      environment: { ZEKE_CACHE_TTL_S: '5', ZEKE_CACHE_MAX_TEMPERATURE: '0.5' },
    });
    const { cache } = configOf(result);
    expect(cache).toEqual({
      enabled: true,
      maxBytes: 64 * 1_048_576,
      ttlMs: 5_000,
      modelTtlMs: new Map([
        ['openai/*', 60_000],
        ['*', 0],
      ]),
      scope: 'key',
      maxTemperature: 0.5,
    });
    const other = await load({ environment: { ZEKE_CACHE_MODEL_TTL_S: 'openai/*=7' } });
    expect(configOf(other.result).cache.modelTtlMs).toEqual(new Map([['openai/*', 7_000]]));
  });

  test('name tables that the file has, also with dashes, and make tables that it has not', async () => {
    const { result } = await load({
      toml: '[providers.my-rack]\ntype = "compatible"\nbase_url = "http://a/v1"\n[prices."x/y-1"]\ninput = 1\n',
      environment: {
        ZEKE_PROVIDERS_MY_RACK_API_KEY: 'k',
        ZEKE_PROVIDERS_OPENAI_API_KEY: 'sk-env',
        ZEKE_PROVIDERS_AWS_TYPE: 'bedrock',
        ZEKE_PROVIDERS_AWS_SECRET_ACCESS_KEY: 's',
        ZEKE_PROVIDERS_AWS_ACCESS_KEY_ID: 'a',
        ZEKE_MODELS_FAST_CANDIDATES: '["openai/a"]',
        ZEKE_PRICES_X_Y_1_INPUT: '2.5',
      },
    });
    const config = configOf(result);
    expect([...config.providers.keys()].sort()).toEqual(['aws', 'my-rack', 'openai']);
    expect(config.providers.get('openai')).toMatchObject({ type: 'openai' });
    expect(config.providers.get('aws')).toMatchObject({ type: 'bedrock', accessKeyId: 'a' });
    expect(config.models.get('fast')?.candidates).toEqual(['openai/a']);
    expect(config.prices.get('x/y-1')).toEqual({ input: 2.5 });
  });

  test('are named in faults, and in warnings where they name no key', async () => {
    const environment = { ZEKE_SERVER_PORT: 'tcp://10.0.0.1:80' };
    expect(await faultsOf({ environment })).toEqual([
      'ZEKE_SERVER_PORT server.port: it must be a whole number from 0 to 65535',
    ]);
    const { result } = await load({
      environment: { ZEKE_SERVER_PROT: '1', ZEKE_ADMIN_KEY: 'x', ZEKE_PRICES_A_INPUT: '1' },
    });
    expect(result.ok && result.warnings.map(formatFault)).toEqual([
      'ZEKE_SERVER_PROT: there is no such key; it is ignored',
      'ZEKE_PRICES_A_INPUT: there is no such key; it is ignored',
    ]);
  });
});

describe('references', () => {
  test('are followed to the environment, to files and to the keychain', async () => {
    const { result } = await load({
      toml: `
server.port = "env:PORT"
[providers.openai]
api_key = "env:KEY"
[providers.xai]
api_key = "file:keys/xai"
[providers.gemini]
api_key = "keychain:gemini"
`,
      environment: { KEY: 'sk-1', PORT: '81' },
      files: { 'keys/xai': 'xai-2\n' },
      secrets: { gemini: 'g-3' },
    });
    const config = configOf(result);
    const key = (name: string) =>
      (config.providers.get(name) as { apiKey?: Secret } | undefined)?.apiKey?.reveal();
    expect([key('openai'), key('xai'), key('gemini')]).toEqual(['sk-1', 'xai-2', 'g-3']);
    expect(config.server.port).toBe(81);
  });

  test('that lead nowhere are told with their lines, beside all other faults', async () => {
    const faults = await faultsOf({
      toml: `[server]
prot = 1

[providers.openai]
api_key = "env:OPENAI_API_KEY"
base_url = "nonsense"
[providers.xai]
api_key = "vault:secret/xai#key"
[providers.gemini]
api_key = "keychain:gemini"
`,
    });
    expect(faults).toEqual([
      'zeke.toml:2 server.prot: there is no such key; did you mean port?',
      'zeke.toml:5 providers.openai.api_key: environment variable OPENAI_API_KEY is not set',
      'zeke.toml:6 providers.openai.base_url: it is not an http:// or https:// address',
      'zeke.toml:8 providers.xai.api_key: nothing says where Vault is: set vault.address',
      'zeke.toml:10 providers.gemini.api_key: there is no secret called gemini in the keychain',
    ]);
  });

  test('to a file that everybody may read give a warning', async () => {
    await using directory = await temporaryDirectory();
    const path = join(directory.path, 'key');
    await Bun.write(path, 'k');
    await chmod(path, 0o644);
    const { result } = await load({ toml: `[providers.openai]\napi_key = "file:${path}"\n` });
    expect(result.ok && result.warnings.map(formatFault)).toEqual([
      `zeke.toml:2 providers.openai.api_key: every user may read ${path}; run chmod 600 on it`,
    ]);
  });
});

const faulty: [string, string, string[]][] = [
  [
    'text that is no TOML',
    'a = 1\nb = [1,',
    ['zeke.toml:2: not valid TOML: Unspecified values are invalid'],
  ],
  [
    'a key that stands there twice',
    '[server]\nport = 1\nport = 2',
    ['zeke.toml:3: not valid TOML: port is defined before'],
  ],
  [
    'a table that stands there twice',
    '[providers.openai]\n[providers.openai]\n',
    ['zeke.toml:2: not valid TOML: [providers.openai] is defined before'],
  ],
  [
    'a host that is none',
    '[server]\nhost = "not an address"\n',
    ['zeke.toml:2 server.host: it is no address, such as 127.0.0.1, and no name of a host'],
  ],
  [
    'a section that is unknown',
    '[sever]\n',
    ['zeke.toml:1 sever: there is no such key; did you mean server?'],
  ],
  [
    'a wrong type',
    'server.port = "80"',
    ['zeke.toml:1 server.port: it must be a whole number from 0 to 65535'],
  ],
  ['a value in place of a table', 'server = 1', ['zeke.toml:1 server: it must be a table']],
  ['an empty text', 'server.host = ""', ['zeke.toml:1 server.host: it is empty']],
  [
    'a provider without a type',
    '[providers.rack]\nbase_url = "http://a/v1"',
    [
      'zeke.toml:1 providers.rack.type: it is missing; it must be one of openai, anthropic, azure, bedrock, vertex, gemini, xai, ollama, compatible',
    ],
  ],
  [
    'a mistyped type',
    '[providers.rack]\ntype = "antropic"',
    [
      'zeke.toml:2 providers.rack.type: it must be one of openai, anthropic, azure, bedrock, vertex, gemini, xai, ollama, compatible; did you mean anthropic?',
    ],
  ],
  [
    "another type's key",
    '[providers.xai]\nregion = "eu"',
    ['zeke.toml:2 providers.xai.region: there is no such key'],
  ],
  [
    'a missing key',
    '[providers.r]\ntype = "compatible"',
    ['zeke.toml:1 providers.r.base_url: it is missing'],
  ],
  [
    'a name that a model name could not have',
    '[providers."a/b"]\ntype = "openai"',
    ['zeke.toml:1 providers."a/b": a name is letters, digits, ".", "_" and "-"'],
  ],
  [
    'half a login',
    '[providers.azure]\nendpoint = "https://a"\nclient_id = "x"\n[providers.bedrock]\naccess_key_id = "x"',
    [
      'zeke.toml:1 providers.azure.tenant_id: it is missing: tenant_id, client_id and client_secret go together',
      'zeke.toml:1 providers.azure.client_secret: it is missing: tenant_id, client_id and client_secret go together',
      'zeke.toml:4 providers.bedrock.secret_access_key: it is missing: access_key_id and secret_access_key go together',
    ],
  ],
  [
    'an alias without candidates',
    '[models.fast]\nstrategy = "rase"\ncandidates = []',
    [
      `zeke.toml:2 models.fast.strategy: it must be one of ${strategyNames.join(', ')}`,
      'zeke.toml:3 models.fast.candidates: the list is empty',
    ],
  ],
  [
    'a weight of nobody',
    '[models.fast]\nstrategy = "weighted"\ncandidates = ["a/x"]\nweights = { "a/y" = 2 }',
    ['zeke.toml:4 models.fast.weights: a/y is not one of the candidates'],
  ],
  [
    'a merge that is none',
    '[models.b]\ncandidates = ["a/x"]\nmerge = "mix"\n[models.c]\ncandidates = ["a/x"]\nmerge_wait_ms = 0',
    [
      'zeke.toml:3 models.b.merge: it must be one of vote, best, synthesize',
      'zeke.toml:6 models.c.merge_wait_ms: it must be a whole number from 1 to 86400000',
    ],
  ],
  [
    'a judge that is missing, and one that judges itself',
    '[models.a]\ncandidates = ["a/x"]\nmerge = "best"\n[models.b]\ncandidates = ["a/x"]\nmerge = "synthesize"\njudge = "b"',
    [
      'zeke.toml:3 models.a.merge: best needs a model that judges: set judge',
      'zeke.toml:7 models.b.judge: it cannot judge its own answers',
    ],
  ],
  [
    'a negative price',
    '[prices.x]\ninput = -1',
    ['zeke.toml:2 prices.x.input: it must be a number of USD, 0 or more'],
  ],
  [
    'another database',
    'storage.url = "mysql://x"',
    ['zeke.toml:1 storage.url: it must be sqlite:<file> or postgres://user@host/database'],
  ],
  [
    'a short admin key',
    'auth.admin_api_key = "short"',
    ['zeke.toml:1 auth.admin_api_key: it must have at least 16 characters'],
  ],
  [
    'a secret for no webhook',
    'budgets.webhook_secret = "0123456789"',
    ['zeke.toml:1 budgets.webhook_secret: it signs nothing without budgets.webhook_url'],
  ],
  [
    'a cache that would keep too much for too long',
    '[cache]\nmax_mb = 0\nttl_s = 3000000\nmax_temperature = 3\nscope = "all"\nmodel_ttl_s = { x = -1 }',
    [
      'zeke.toml:2 cache.max_mb: it must be a number above 0, up to 65536',
      'zeke.toml:3 cache.ttl_s: it must be a whole number from 1 to 2592000',
      'zeke.toml:4 cache.max_temperature: it must be a number from 0 to 2',
      'zeke.toml:5 cache.scope: it must be one of key, shared',
      'zeke.toml:6 cache.model_ttl_s.x: it must be a whole number from 0 to 2592000',
    ],
  ],
  [
    'a table in a list',
    'providers.openai.models = [{ a = 1 }]',
    ['zeke.toml:1 providers.openai.models: a table does not belong in this list'],
  ],
];

test.each(faulty)('refuses %s', async (_, toml, expected) => {
  expect(await faultsOf({ toml })).toEqual(expected);
});

test('what is no address of a proxy, and a tier that nobody has, are told with their lines', async () => {
  const toml =
    '[server]\ntrusted_proxies = ["10.0.0.0/8", "proxy"]\n[limits]\naddress_tier = "x"\n';
  expect(await faultsOf({ toml })).toEqual([
    'zeke.toml:2 server.trusted_proxies: proxy is no address, such as 10.0.0.1, and no subnet, such as 10.0.0.0/8',
    'zeke.toml:4 limits.address_tier: there is no tier x; there are free, pro, enterprise, unlimited',
  ]);
});

describe('a bind to another address than loopback', () => {
  const toml = 'server.host = "0.0.0.0"\n';

  test('is refused without authentication', async () => {
    const [fault] = await faultsOf({ toml });
    expect(fault).toStartWith('zeke.toml:1 server.host: 0.0.0.0 can be reached');
    expect(await faultsOf({ toml: `${toml}auth.require_auth = true` })).toEqual([fault as string]);
  });

  test('is taken with it', async () => {
    const auth = 'auth = { require_auth = true, admin_api_key = "0123456789abcdef" }';
    expect(configOf((await load({ toml: toml + auth })).result).server.host).toBe('0.0.0.0');
  });
});

test('shows what is in force and where it comes from, without secrets', async () => {
  const { result } = await load({
    toml: '[server]\nport = 1\n[providers.openai]\napi_key = "env:KEY"\n[providers.xai]\napi_key = "xai-plain"\nheaders.a = "b"\n[storage]\nurl = "postgres://u:pass@h/d"',
    environment: { KEY: 'k', ZEKE_SERVER_HOST: 'localhost' },
  });
  if (!result.ok) throw new Error('faults');
  const shown = new Map(result.entries().map((entry) => [entry.path, [entry.value, entry.source]]));
  expect(shown.get('server.port')).toEqual([1, 'zeke.toml:2']);
  expect(shown.get('server.host')).toEqual(['localhost', 'ZEKE_SERVER_HOST']);
  expect(shown.get('ledger.flush_interval_ms')).toEqual([40, 'default']);
  expect(shown.get('providers.openai.api_key')).toEqual(['env:KEY', 'zeke.toml:4']);
  expect(shown.get('providers.xai.api_key')).toEqual(['[redacted]', 'zeke.toml:6']);
  expect(shown.get('providers.xai.headers.a')).toEqual(['[redacted]', 'zeke.toml:7']);
  expect(shown.get('storage.url')).toEqual(['postgres://u:[redacted]@h/d', 'zeke.toml:9']);
});
