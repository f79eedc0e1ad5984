import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ManualClock } from '../testing/manual-clock.ts';
import { AdmissionQueue, type Waiter } from './admission-queue.ts';

function setUp(maxInFlight: number, maxQueued: number) {
  const clock = new ManualClock();
  const seen: string[] = [];
  const queue = new AdmissionQueue({ clock, maxInFlight, maxQueued, queueTimeoutMs: 100 });
  const waiter = (name: string, group: unknown = 'all'): Waiter => ({
    group,
    onAdmitted: () => seen.push(name),
    onTimeout: () => seen.push(`${name} too late`),
  });
  return { clock, seen, queue, waiter };
}

test('places are taken, then the queue fills, then nobody is taken', () => {
  const { queue, waiter } = setUp(1, 1);
  expect(queue.tryEnter()).toBe(true);
  expect(queue.tryEnter()).toBe(false);
  expect(queue.enqueue(waiter('a'))).toBe(true);
  expect(queue.enqueue(waiter('b'))).toBe(false);
  expect([queue.inFlight, queue.queued]).toEqual([1, 1]);
});

test('who waits is let in, in order, and nobody who comes later gets before', () => {
  const { clock, seen, queue, waiter } = setUp(1, 10);
  queue.tryEnter();
  for (const name of ['a', 'b', 'c']) queue.enqueue(waiter(name));
  queue.leave();
  expect(queue.tryEnter()).toBe(false);
  queue.leave();
  queue.leave();
  expect(seen).toEqual(['a', 'b', 'c']);
  queue.leave();
  expect(queue.tryEnter()).toBe(true);
  expect(clock.pending).toBe(0);
});

test('who is let in and leaves at once does not get before those who wait', () => {
  const { seen, queue, waiter } = setUp(1, 10);
  queue.tryEnter();
  queue.enqueue({
    group: 'all',
    onAdmitted: () => {
      queue.leave();
      expect(queue.tryEnter()).toBe(false);
    },
    onTimeout: () => {},
  });
  queue.enqueue(waiter('next'));
  queue.leave();
  expect(seen).toEqual(['next']);
});

test('groups take turns, so that a flood delays itself alone', () => {
  const { seen, queue, waiter } = setUp(1, 10);
  queue.tryEnter();
  for (const name of ['a1', 'a2', 'a3', 'a4']) queue.enqueue(waiter(name, 'a'));
  for (const name of ['b1', 'b2']) queue.enqueue(waiter(name, 'b'));
  for (let i = 0; i < 6; i++) queue.leave();
  expect(seen).toEqual(['a1', 'b1', 'a2', 'b2', 'a3', 'a4']);
});

test('who has waited too long, or gives up, is out of the queue', () => {
  const { clock, seen, queue, waiter } = setUp(1, 10);
  queue.tryEnter();
  const gone = waiter('gone');
  queue.enqueue(waiter('slow'));
  clock.advance(60);
  queue.enqueue(gone);
  queue.enqueue(waiter('next'));
  queue.remove(gone);
  queue.remove(gone);
  clock.advance(40);
  queue.leave();
  expect(seen).toEqual(['slow too late', 'next']);
  expect(clock.pending).toBe(0);
});

test('a queue of those who leave at once is emptied without a deep stack', () => {
  const { queue, clock } = setUp(1, 100_000);
  let admitted = 0;
  const waiter = (): Waiter => ({
    group: 'all',
    onAdmitted: () => {
      admitted++;
      queue.leave();
    },
    onTimeout: () => {},
  });
  queue.tryEnter();
  for (let i = 0; i < 20_000; i++) queue.enqueue(waiter());
  queue.leave();
  expect(admitted).toBe(20_000);
  expect(queue.inFlight).toBe(0);
  expect(clock.pending).toBe(0);
});

test('never more than the places are taken, and each waiter hears one thing', () => {
  const actions = fc.array(fc.constantFrom('a', 'b', 'leave', 'wait', 'give-up'), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(actions, fc.integer({ min: 1, max: 3 }), (script, places) => {
      const { clock, seen, queue, waiter } = setUp(places, 4);
      let running = 0;
      let heard = 0;
      const waiting: Waiter[] = [];
      for (const [i, action] of script.entries()) {
        if (action === 'leave' && running > 0) {
          running--;
          queue.leave();
        } else if (action === 'wait') clock.advance(50);
        else if (action === 'give-up') {
          const one = waiting.shift();
          if (one) queue.remove(one);
        } else if (action === 'a' || action === 'b') {
          const one = waiter(`${i}`, action);
          if (queue.tryEnter()) running++;
          else if (queue.enqueue(one)) waiting.push(one);
        }
        for (; heard < seen.length; heard++) if (!seen[heard]?.endsWith('late')) running++;
        expect(running).toBe(queue.inFlight);
        expect(running).toBeLessThanOrEqual(places);
        expect(queue.queued === 0 || running === places).toBe(true);
        expect(clock.pending).toBe(queue.queued);
      }
      expect(new Set(seen).size).toBe(seen.length);
    }),
  );
});
