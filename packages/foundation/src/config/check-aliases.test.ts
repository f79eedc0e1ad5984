import { expect, test } from 'bun:test';
import { temporaryDirectory } from '../testing/index.ts';
import { checkAliases } from './check-aliases.ts';
import { formatFault } from './config-fault.ts';
import { loadConfig } from './load-config.ts';

function check(aliases: Record<string, string[]>) {
  const tables = Object.entries(aliases).map(([name, candidates]) => [name, { candidates }]);
  return checkAliases(Object.fromEntries(tables), ['rack']);
}

test('models with and without a provider, and other aliases, are fine', () => {
  const aliases = { a: ['rack/x', 'gpt-5', 'llama3.2:8b', 'groq/x', 'b', 'auto'], b: ['rack/y'] };
  expect(check(aliases)).toEqual({ faults: [], warnings: [] });
});

test('what leads back to itself is a fault, once for each circle', () => {
  const { faults } = check({
    self: ['rack/x', 'self'],
    in: ['a'],
    a: ['b', 'rack/x'],
    b: ['rack/y', 'c'],
    c: ['a'],
    deep: ['rack/x'],
  });
  expect(faults).toEqual([
    {
      alias: 'self',
      message: 'it names itself; a model of that name needs its provider, as in openai/self',
    },
    { alias: 'a', message: 'it leads back to itself: a → b → c → a' },
  ]);
});

test('a provider that nobody configured is doubtful', () => {
  expect(check({ a: ['rakc/x', 'meta-llama/llama-3'] }).warnings).toEqual([
    { alias: 'a', message: 'rakc/x: there is no provider rakc; did you mean rack?' },
    {
      alias: 'a',
      message:
        "meta-llama/llama-3: there is no provider meta-llama; if meta-llama/llama-3 is a model's own name, write its provider before it",
    },
  ]);
});

test('faults and warnings are told with their lines', async () => {
  await using directory = await temporaryDirectory();
  const load = async (toml: string, otherProviders: string[] = []) => {
    await Bun.write(`${directory.path}/zeke.toml`, toml);
    const environment = { ZEKE_HOME: directory.path };
    return loadConfig({ cwd: directory.path, environment, otherProviders });
  };
  const doubtful = await load('[providers.openai]\n[models."x.1"]\ncandidates = ["nope/x"]\n');
  expect(doubtful.ok && doubtful.warnings.map(formatFault)).toEqual([
    'zeke.toml:1 providers.openai.api_key: it is missing, and openai answers nobody without a key; write api_key = "env:OPENAI_API_KEY"',
    `zeke.toml:3 models."x.1".candidates: nope/x: there is no provider nope; if nope/x is a model's own name, write its provider before it`,
  ]);
  const elsewhere = await load('[models.x]\ncandidates = ["nope/x"]\n', ['nope']);
  expect(elsewhere.ok && elsewhere.warnings).toEqual([]);
  const broken = await load('[models.loop]\n\ncandidates = ["loop"]\n');
  expect(broken.ok ? [] : broken.faults.map(formatFault)).toEqual([
    'zeke.toml:3 models.loop.candidates: it names itself; a model of that name needs its provider, as in openai/loop',
  ]);
});

test('a judge is a model, too', async () => {
  await using directory = await temporaryDirectory();
  const lines = [
    '[providers.rack]',
    'type = "compatible"',
    'base_url = "http://127.0.0.1:1/v1"',
    '[models.m]',
    'strategy = "parallel_merge"',
    'candidates = ["rack/x", "rack/y"]',
    'merge = "best"',
    'judge = "rakc/z"',
    'merge_wait_ms = 900',
  ];
  await Bun.write(`${directory.path}/zeke.toml`, lines.join('\n'));
  const environment = { ZEKE_HOME: directory.path };
  const loaded = await loadConfig({ cwd: directory.path, environment });
  expect(loaded.ok && loaded.config.models.get('m')).toEqual({
    name: 'm',
    strategy: 'parallel_merge',
    candidates: ['rack/x', 'rack/y'],
    merge: 'best',
    judge: 'rakc/z',
    mergeWaitMs: 900,
  });
  expect(loaded.ok && loaded.warnings.map(formatFault)).toEqual([
    'zeke.toml:8 models.m.judge: rakc/z: there is no provider rakc; did you mean rack?',
  ]);
});
