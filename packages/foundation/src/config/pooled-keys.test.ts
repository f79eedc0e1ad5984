import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '../testing/index.ts';
import { formatFault } from './config-fault.ts';
import { loadConfig } from './load-config.ts';

const keys = { A: 'key-of-a', B: 'key-of-b', C: 'key-of-c' };

async function load(toml: string, environment: Record<string, string> = {}) {
  await using directory = await temporaryDirectory();
  const cwd = directory.path;
  await Bun.write(join(cwd, 'zeke.toml'), toml);
  return await loadConfig({ cwd, environment: { ZEKE_HOME: cwd, ...keys, ...environment } });
}

async function poolOf(toml: string, environment?: Record<string, string>) {
  const result = await load(toml, environment);
  if (!result.ok) return result.faults.map(formatFault);
  const pool = result.config.providers.get('openai')?.apiKeys;
  return pool?.map(({ key, label, weight }) => [label, key.reveal(), weight]);
}

describe('several keys of a provider', () => {
  test('stand in a list, each a reference', async () => {
    expect(await poolOf('[providers.openai]\napi_keys = ["env:A", "env:B", "plain"]')).toEqual([
      ['1', 'key-of-a', 1],
      ['2', 'key-of-b', 1],
      ['3', 'plain', 1],
    ]);
  });

  test('stand in a table with names and shares', async () => {
    const toml = `
      [providers.openai]
      api_key_weights = { spare = 0.5 }
      [providers.openai.api_keys]
      main = "env:A"
      spare = "env:B"`;
    expect(await poolOf(toml)).toEqual([
      ['main', 'key-of-a', 1],
      ['spare', 'key-of-b', 0.5],
    ]);
  });

  test.each([
    ['env:A, env:B', ['1', '2']],
    ['blue=env:A, green=env:B', ['blue', 'green']],
  ])('come from a variable, over the file: %p', async (text, labels) => {
    const toml = '[providers.openai]\napi_keys = ["env:C"]';
    expect(await poolOf(toml, { ZEKE_PROVIDERS_OPENAI_API_KEYS: text })).toEqual([
      [labels[0] ?? '', 'key-of-a', 1],
      [labels[1] ?? '', 'key-of-b', 1],
    ]);
  });

  test('are enough for a vendor that answers nobody without one', async () => {
    const result = await load('[providers.openai]\napi_keys = ["env:A"]');
    expect(result.ok && result.warnings).toEqual([]);
  });

  test.each([
    ['api_keys = []', 'zeke.toml:2 providers.openai.api_keys: the list is empty'],
    [
      'api_key = "x"\napi_keys = ["env:A"]',
      'zeke.toml:3 providers.openai.api_keys: api_key is given, too: put all keys into api_keys',
    ],
    [
      'api_keys = ["env:A", "key-of-a"]',
      'zeke.toml:2 providers.openai.api_keys: 2 is the same key as 1',
    ],
    [
      'api_keys = ["env:A"]\napi_key_weights = { main = 2 }',
      'zeke.toml:3 providers.openai.api_key_weights: main is not one of api_keys',
    ],
    [
      'api_keys = ["env:NONE"]',
      'zeke.toml:2 providers.openai.api_keys.1: environment variable NONE is not set',
    ],
    ['api_keys = [3]', 'zeke.toml:2 providers.openai.api_keys.1: it must be text'],
    [
      'api_keys = "env:A"',
      'zeke.toml:2 providers.openai.api_keys: it must be a list of keys, or a table of names and keys',
    ],
  ])('that cannot be used are told with their place: %s', async (table, fault) => {
    expect(await poolOf(`[providers.openai]\n${table}`)).toEqual([fault]);
  });

  test('are never shown', async () => {
    const result = await load('[providers.openai]\napi_keys = ["env:A", "very-secret"]');
    if (!result.ok) throw new Error('the configuration has faults');
    const shown = JSON.stringify(result.entries());
    expect(shown).toContain('env:A');
    expect(shown).not.toContain('very-secret');
    expect(JSON.stringify([...result.config.providers])).not.toContain('key-of-a');
  });
});
