import { describe, expect, test } from 'bun:test';
import { createLogger } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { apiErrorInfo } from '../neutral/api-error.ts';
import type { Provider } from '../providers/provider.ts';
import { type CatalogProvider, type ModelAlias, ModelCatalog } from './model-catalog.ts';

const log = createLogger({ level: 'silent' });

/** A provider with a list of models, or one that gives none. */
function provider(name: string, models: string[] | Error): Provider & { asked: number } {
  const made = {
    name,
    type: 'openai',
    dialects: ['openai-chat'] as const,
    quirks: {},
    local: false,
    streamUsageOnRequest: true,
    asked: 0,
    supports: () => false,
    prepare: () => ({ url: '', method: 'POST', headers: {}, body: undefined }),
    prepareRaw: () => ({ url: '', method: 'POST', headers: {}, body: undefined }),
    listModels: async () => {
      made.asked++;
      if (models instanceof Error) throw models;
      return models.map((id) => ({ id }));
    },
  };
  return made;
}

function catalog(
  entries: (Partial<CatalogProvider> & { provider: Provider })[],
  aliases: Record<string, ModelAlias> = {},
  now = () => 0,
) {
  return new ModelCatalog({
    providers: entries.map((entry) => ({ priority: 100, ...entry })),
    aliases: new Map(Object.entries(aliases)),
    log,
    now,
  });
}

async function names(found: ReturnType<ModelCatalog['resolve']>) {
  return (await found).map(({ provider: { name }, model }) => `${name} ${model}`);
}

async function failure(run: () => unknown): Promise<RpcError> {
  try {
    await run();
  } catch (error) {
    if (error instanceof RpcError) return error;
    throw error;
  }
  throw new Error('it did not fail');
}

describe('resolve', () => {
  const a = provider('a', ['shared', 'only-a', 'claude-x-20260101', 'llama:latest']);
  const b = provider('b', ['shared', 'meta/llama-3', 'only-b']);
  const two = catalog([{ provider: a, defaultModel: 'only-a' }, { provider: b }], {
    fast: { strategy: 'fallback', candidates: ['b/only-b', 'only-a'] },
    one: { strategy: 'single', candidates: ['a/x', 'b/y'] },
    nested: { strategy: 'fallback', candidates: ['a/x', 'fast', 'b/only-b', 'auto'] },
    first: { strategy: 'single', candidates: ['fast', 'a/x'] },
    gone: { strategy: 'fallback', candidates: ['nope/x'] },
    loop: { strategy: 'fallback', candidates: ['loop'] },
    broken: { strategy: 'fallback', candidates: ['nowhere', 'b/only-b'] },
  });

  test.each([
    ['a/anything', ['a anything']],
    ['b:with/slash:8b', ['b with/slash:8b']],
    ['only-b', ['b only-b']],
    ['meta/llama-3', ['b meta/llama-3']],
    ['claude-x', ['a claude-x']],
    ['llama', ['a llama']],
    ['a', ['a only-a']],
    ['fast', ['b only-b', 'a only-a']],
    ['one', ['a x', 'b y']],
    ['broken', ['b only-b']],
    ['nested', ['a x', 'b only-b', 'a only-a', 'b shared']],
    ['first', ['b only-b', 'a only-a', 'a x']],
    ['auto', ['a only-a', 'b shared']],
  ])('%s', async (name, expected) => {
    expect(await names(two.resolve(name))).toEqual(expected);
  });

  test('a qualified name asks no provider and needs no promise', () => {
    expect(two.resolve('a/x')).toBeArray();
  });

  test('a name that two providers have is refused with both, unless one comes first', async () => {
    const error = await failure(() => two.resolve('shared'));
    expect(error.message).toContain('a/shared, b/shared');
    const ranked = catalog([{ provider: a }, { provider: b, priority: 1 }]);
    expect(await names(ranked.resolve('shared'))).toEqual(['b shared']);
  });

  test('an unknown name is told with the nearest', async () => {
    const error = await failure(() => two.resolve('onli-b'));
    expect(error.code).toBe('not_found');
    expect(error.message).toContain('b/only-b');
    expect(apiErrorInfo(error)).toMatchObject({ reason: 'model_not_found', param: 'model' });
  });

  test('an alias that leads nowhere is named, with what it leads to', async () => {
    const error = await failure(() => two.resolve('gone'));
    expect(error.code).toBe('not_found');
    expect(error.message).toStartWith('no model of the alias gone can be used: the model nope/x');
    expect((await failure(() => two.resolve('loop'))).message).toContain('loop → loop');
  });

  test('a name that is far too long is refused before it is kept or compared', async () => {
    const error = await failure(() => two.resolve(`a/${'x'.repeat(10_000)}`));
    expect(error.code).toBe('invalid_argument');
    expect(error.message.length).toBeLessThan(100);
  });

  test('without providers it says how to get one', async () => {
    expect((await failure(() => catalog([]).resolve('x'))).message).toContain('zeke providers add');
    expect((await failure(() => catalog([]).resolve('auto'))).message).toContain('--demo');
  });

  test('a single provider that gives no list is trusted with every name', async () => {
    const silent = provider('s', new Error('no list'));
    expect(await names(catalog([{ provider: silent }]).resolve('whatever'))).toEqual([
      's whatever',
    ]);
    const error = await failure(() =>
      catalog([{ provider: silent }, { provider: b }]).resolve('whatever'),
    );
    expect(error.message).toContain('no list from s');
  });

  test('says on demand which model of its provider a name may mean', async () => {
    const names = ['claude-sonnet-5', 'claude-opus-5-20260101'];
    const it = catalog([{ provider: provider('a', names) }, { provider: provider('b', names) }]);
    const near = async (name: string) => (await it.resolve(name))[0]?.nearest?.();
    expect(await near('a/claude-sonet-5')).toEqual(['a/claude-sonnet-5']);
    expect(await near('b:claude-opus-5')).toEqual([]);
    expect(await near('a/something-else-entirely')).toEqual([]);
    const silent = catalog([{ provider: provider('c', new RpcError('unavailable', 'away')) }]);
    expect(await (await silent.resolve('c/x'))[0]?.nearest?.()).toEqual([]);
  });
});

describe('list', () => {
  test('shows aliases first, and leaves a provider out that does not answer', async () => {
    const listed = await catalog(
      [{ provider: provider('a', ['m']) }, { provider: provider('s', new Error('down')) }],
      { fast: { strategy: 'single', candidates: ['a/m'] } },
    ).list();
    expect(listed.map(({ name }) => name)).toEqual(['fast', 'a/m']);
  });

  test('asks once for callers at the same time, and again when the list is old', async () => {
    let now = 0;
    const a = provider('a', ['m']);
    const known = catalog([{ provider: a }], {}, () => now);
    await Promise.all([known.list(), known.list(), known.resolve('m')]);
    expect(a.asked).toBe(1);
    now += 10 * 60_000;
    await known.list();
    expect(a.asked).toBe(2);
  });
});
