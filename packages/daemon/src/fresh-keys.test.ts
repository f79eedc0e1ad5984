import { expect, test } from 'bun:test';
import { type ProviderConfig, Secret } from '@zeke/foundation';
import { createProvider, type Provider } from '@zeke/gateway';
import { FreshKeys } from './fresh-keys.ts';

const operation = { kind: 'chat', dialect: 'openai-chat', model: 'm', stream: false } as const;
const refusal = { status: 401, headers: new Headers() };
const never = new AbortController().signal;

function configOf(key: string, name = 'a'): ProviderConfig {
  const base = { name, headers: {}, priority: 100, renewable: true } as const;
  return { ...base, type: 'openai', apiKey: new Secret(key) };
}

function made(config: ProviderConfig): Provider {
  return createProvider(config, {
    fetch,
    now: Date.now,
    environment: () => undefined,
    readFile: async () => undefined,
  });
}

/** The key that a refused request goes out again with; undefined where it does not. */
async function keyAgain(provider: Provider, signal = never): Promise<string | undefined> {
  const outbound = await provider.prepare(operation, '{}', signal);
  return (await outbound.renew?.(refusal, signal))?.headers.authorization;
}

test('a refused key is replaced by what is found, read once for all who wait', async () => {
  let key = 'old';
  let readings = 0;
  const keys: FreshKeys = new FreshKeys({
    reload: async () => {
      readings += 1;
      await Promise.resolve();
      keys.follow(configOf(key), made(configOf(key)));
    },
    monotonicMs: () => 0,
  });
  const followed = keys.follow(configOf('old'), made(configOf('old')));
  key = 'new';
  const found = await Promise.all([1, 2, 3].map(() => keyAgain(followed)));
  expect(found).toEqual(Array(3).fill('Bearer new'));
  // Who was refused late finds what is there.
  expect(await keyAgain(followed)).toBe('Bearer new');
  expect(readings).toBe(1);
});

test('a key that stays the same is looked for every ten seconds, of each provider', async () => {
  let ms = 0;
  let readings = 0;
  const keys: FreshKeys = new FreshKeys({
    reload: async () => {
      readings += 1;
      for (const name of ['a', 'b'])
        keys.follow(configOf('old', name), made(configOf('old', name)));
    },
    monotonicMs: () => ms,
  });
  const [a, b] = ['a', 'b'].map((name) =>
    keys.follow(configOf('old', name), made(configOf('old', name))),
  ) as [Provider, Provider];
  const readingsAfter = async (provider: Provider, atMs: number) => {
    ms = atMs;
    expect(await keyAgain(provider)).toBeUndefined();
    return readings;
  };
  expect(await readingsAfter(a, 0)).toBe(1);
  expect(await readingsAfter(a, 9_999)).toBe(1);
  expect(await readingsAfter(b, 9_999)).toBe(2);
  expect(await readingsAfter(a, 10_000)).toBe(3);
});

test('who leaves does not wait for a reading', async () => {
  const left = new AbortController();
  const keys = new FreshKeys({ reload: () => new Promise(() => {}) });
  const followed = keys.follow(configOf('old'), made(configOf('old')));
  const waiting = keyAgain(followed, left.signal);
  left.abort(new Error('left'));
  expect(await waiting.catch((error) => error.message)).toBe('left');
});

test('a reading that takes long holds a request up to a limit', async () => {
  const keys = new FreshKeys({ reload: () => new Promise(() => {}), waitLimitMs: 1 });
  const followed = keys.follow(configOf('old'), made(configOf('old')));
  expect(await Promise.all([keyAgain(followed), keyAgain(followed)])).toEqual([
    undefined,
    undefined,
  ]);
});

test('a provider whose values cannot change is left as it is', () => {
  const { renewable: _, ...fixed } = configOf('old');
  const provider = made(fixed);
  expect(new FreshKeys({ reload: async () => {} }).follow(fixed, provider)).toBe(provider);
});
