import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '../testing/index.ts';
import { formatFault } from './config-fault.ts';
import { configKeys } from './config-keys.ts';
import { loadConfig } from './load-config.ts';

const files = 'cert_file = "tls/cert.pem"\nkey_file = "/etc/zeke/key.pem"\n';

async function load(toml: string, environment: Record<string, string> = {}) {
  await using folder = await temporaryDirectory();
  await Bun.write(join(folder.path, 'zeke.toml'), toml);
  const result = await loadConfig({ cwd: folder.path, environment });
  return { result, folder: folder.path };
}

async function faultsOf(toml: string): Promise<string[]> {
  const { result } = await load(toml);
  return result.ok ? [] : result.faults.map(formatFault);
}

describe('a table of ours within a section', () => {
  test('is read from the file, with paths from its folder, and is absent unless it is there', async () => {
    const { result, folder } = await load(
      `[server.tls]\n${files}client_ca_file = "ca.pem"\nclient_auth = "optional"\n`,
    );
    expect(result.ok && result.config.server.tls).toEqual({
      certFile: join(folder, 'tls/cert.pem'),
      keyFile: '/etc/zeke/key.pem',
      clientCaFile: join(folder, 'ca.pem'),
      clientAuth: 'optional',
      minVersion: '1.2',
    });
    const without = await load('');
    expect(without.result.ok && without.result.config.server).not.toHaveProperty('tls');
  });

  test('has variables of its own, which are listed with where they are from', async () => {
    const { result } = await load('', {
      ZEKE_SERVER_TLS_CERT_FILE: '/c.pem',
      ZEKE_SERVER_TLS_KEY_FILE: '/k.pem',
      ZEKE_SERVER_TLS_MIN_VERSION: '1.3',
      ZEKE_SERVER_TLS_NONSENSE: 'x',
    });
    if (!result.ok) throw new Error(result.faults.map(formatFault).join('\n'));
    expect(result.config.server.tls).toMatchObject({ certFile: '/c.pem', minVersion: '1.3' });
    expect(result.warnings.map(formatFault)).toEqual([
      'ZEKE_SERVER_TLS_NONSENSE: there is no such key; it is ignored',
    ]);
    const listed = new Map(result.entries().map((entry) => [entry.path, entry]));
    expect(listed.get('server.tls.key_file')).toMatchObject({
      value: '/k.pem',
      source: 'ZEKE_SERVER_TLS_KEY_FILE',
    });
    expect(listed.get('server.tls.client_auth')).toMatchObject({ value: 'none' });
    expect(listed.has('server.tls')).toBe(false);
  });

  test('has a line in the documentation for each key', () => {
    const keys = configKeys().filter(({ path }) => path.startsWith('server.tls'));
    expect(keys.map(({ path }) => path)).toContain('server.tls.client_auth');
    expect(keys.map(({ path }) => path)).not.toContain('server.tls');
    expect(keys[0]).toMatchObject({ environment: 'ZEKE_SERVER_TLS_CERT_FILE', type: 'text' });
  });
});

describe('TLS that cannot be', () => {
  test.each([
    ['without a key', '[server.tls]\ncert_file = "c"\n', 'server.tls.key_file: it is missing'],
    [
      'a misspelt key',
      `[server.tls]\n${files}min_verson = "1.3"\n`,
      'zeke.toml:4 server.tls.min_verson: there is no such key; did you mean min_version?',
    ],
    [
      'an old version',
      `[server.tls]\n${files}min_version = "1.0"\n`,
      'zeke.toml:4 server.tls.min_version: it must be one of 1.2, 1.3',
    ],
    [
      'certificates of nobody',
      `[server.tls]\n${files}client_auth = "required"\n`,
      'zeke.toml:4 server.tls.client_auth: required needs client_ca_file',
    ],
    [
      'authorities for nothing',
      `[server.tls]\n${files}client_ca_file = "ca.pem"\n`,
      'zeke.toml:4 server.tls.client_ca_file: no client is asked for a certificate',
    ],
  ])('%s', async (_, toml, fault) => {
    const faults = await faultsOf(toml);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain(fault);
  });
});

const redis = 'redis.url = "redis://127.0.0.1"\n';

test.each([
  ['server.workers = 4', {}, 4],
  ['server.workers = "auto"', {}, 'auto'],
  ['', { ZEKE_SERVER_WORKERS: '3' }, 3],
  ['', { ZEKE_SERVER_WORKERS: 'auto' }, 'auto'],
] as const)('a number or a word: %s %p', async (toml, environment, workers) => {
  const { result } = await load(redis + toml, environment);
  expect(result.ok && result.config.server.workers).toBe(workers);
});

test.each(['0', '1.5', '"all"', '257'])('no number of workers: %s', async (value) => {
  expect(await faultsOf(`${redis}server.workers = ${value}`)).toEqual([
    expect.stringContaining('server.workers: it must be a whole number from 1 to 256'),
  ]);
});

test.each([
  ['server.workers = "auto"', 'set redis.url'],
  [`${redis}server.workers = 2\nstorage.url = "sqlite::memory:"`, 'a database of its own'],
  [`${redis}server = { workers = 2, admin_port = 0 }`, 'an admin_port of its own'],
])('workers that would not know of each other: %s', async (toml, fault) => {
  expect(await faultsOf(toml)).toEqual([expect.stringContaining(fault)]);
});
