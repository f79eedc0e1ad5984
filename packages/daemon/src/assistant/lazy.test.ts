import { expect, test } from 'bun:test';
import { Lazy } from './lazy.ts';

function opened(log: string[]) {
  return {
    [Symbol.asyncDispose]: async () => {
      log.push('disposed of');
    },
  };
}

test('is opened once, for whoever asks first, and disposed of', async () => {
  const log: string[] = [];
  const lazy = new Lazy(async () => {
    log.push('opened');
    return opened(log);
  });
  expect(lazy.opened).toBeUndefined();
  const [one, other] = await Promise.all([lazy.get(), lazy.get()]);
  expect(one).toBe(other);
  expect(lazy.opened).toBe(one);
  await lazy[Symbol.asyncDispose]();
  expect(log).toEqual(['opened', 'disposed of']);
});

test('what failed is tried again', async () => {
  let tries = 0;
  const lazy = new Lazy(async () => {
    tries += 1;
    if (tries === 1) throw new Error('not yet');
    return opened([]);
  });
  await expect(lazy.get()).rejects.toThrow('not yet');
  expect(await lazy.get()).toBeDefined();
});

test('one that is disposed of opens nothing more', async () => {
  const log: string[] = [];
  const lazy = new Lazy(async () => opened(log));
  await lazy[Symbol.asyncDispose]();
  await expect(lazy.get()).rejects.toMatchObject({ code: 'unavailable' });
  expect(log).toEqual([]);
});
