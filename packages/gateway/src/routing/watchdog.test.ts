import { expect, test } from 'bun:test';
import { type Watch, Watchdog, type Watched } from './watchdog.ts';

test('a wait that lasts too long is told once; one that ended in time is not', async () => {
  using dog = new Watchdog();
  const told: string[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const early = dog.watch(
    1,
    expiring(() => told.push('early')),
  );
  early.clear();
  dog.watch(
    1,
    expiring(() => told.push('late')),
  );
  dog.watch(
    120,
    expiring(() => {
      told.push('last');
      resolve();
    }),
  );
  await promise;
  expect(told).toEqual(['late', 'last']);
});

test('a wait can begin again after all others have ended', async () => {
  using dog = new Watchdog();
  const first = Promise.withResolvers<void>();
  const second = Promise.withResolvers<void>();
  let next = first;
  const watch = dog.watch(
    1,
    expiring(() => next.resolve()),
  );
  await first.promise;
  next = second;
  watch.start(1);
  await second.promise;
});

test('waits end in any order, and one that expires may end another', async () => {
  using dog = new Watchdog();
  const told: string[] = [];
  const done = Promise.withResolvers<void>();
  const names = ['a', 'b', 'c', 'd', 'e'];
  const watches = names.map((name) =>
    dog.watch(
      1,
      expiring(() => told.push(name)),
    ),
  );
  for (const index of [2, 0, 4]) watches[index]?.clear();
  watches[2]?.clear();
  watches[0]?.start(1);
  const one: Watch = dog.watch(
    1,
    expiring(() => end('one of two', other)),
  );
  const other: Watch = dog.watch(
    1,
    expiring(() => end('one of two', one)),
  );
  dog.watch(
    120,
    expiring(() => done.resolve()),
  );
  await done.promise;
  expect(told.sort()).toEqual(['a', 'b', 'd', 'one of two']);

  function end(name: string, watch: Watch): void {
    told.push(name);
    watch.clear();
  }
});

test('all that is under way can be ended at once', () => {
  using dog = new Watchdog();
  const told: string[] = [];
  const waits = ['a', 'b', 'c'].map((name) =>
    dog.watch(60_000, { expire: () => told.push('late'), stop: () => told.push(name) }),
  );
  waits[1]?.clear();
  dog.stop();
  dog.stop();
  expect(told.sort()).toEqual(['a', 'c']);
});

function expiring(expire: () => void): Watched {
  return { expire, stop: () => {} };
}
