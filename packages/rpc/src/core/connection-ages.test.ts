import { expect, test } from 'bun:test';
import { ConnectionAges } from './connection-ages.ts';
import { timerWheel } from './timer-wheel.ts';

const minute = 60_000;

function agesOf(maxConnectionAgeMs: number, ended: (what: string) => void = () => {}) {
  return new ConnectionAges<string>(
    { maxConnectionAgeMs, maxConnectionAgeGraceMs: 1 },
    {
      drain: (connection, { code }) => ended(`drain ${connection} ${code}`),
      abort: (connection, { code }) => ended(`abort ${connection} ${code}`),
    },
  );
}

test('a connection drains, then ends; one that is gone by then does not', async () => {
  const ends: string[] = [];
  const aborted = Promise.withResolvers<void>();
  const ages = agesOf(1, (what) => {
    ends.push(what);
    if (what.startsWith('abort')) aborted.resolve();
  });
  ages.add('gone');
  ages.add('old');
  ages.delete('gone');
  await aborted.promise;
  expect(ends).toEqual(['drain old unavailable', 'abort old unavailable']);
});

test('nothing is kept of connections that are gone, nor without a limit', () => {
  const timers = timerWheel.size;
  const unlimited = agesOf(0);
  unlimited.add('a');
  expect(timerWheel.size).toBe(timers);
  const ages = agesOf(minute);
  ages.add('a');
  expect(timerWheel.size).toBe(timers + 1);
  ages.delete('a');
  ages.delete('a');
  expect(timerWheel.size).toBe(timers);
});
