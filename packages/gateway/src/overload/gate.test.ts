import { expect, test } from 'bun:test';
import type { RpcError } from '@zeke/rpc';
import fc from 'fast-check';
import { apiErrorInfo } from '../neutral/api-error.ts';
import { Gate, type GateLimits } from './gate.ts';

/** A clock that a test moves. */
function handClock() {
  const timers = new Set<{ at: number; callback: () => void }>();
  let now = 0;
  return {
    now: () => now,
    schedule(delayMs: number, callback: () => void) {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return { cancel: () => void timers.delete(timer) };
    },
    advance(ms: number) {
      now += ms;
      for (const timer of [...timers]) {
        if (timer.at > now || !timers.delete(timer)) continue;
        timer.callback();
      }
    },
    get pending() {
      return timers.size;
    },
  };
}

function setUp(limits: Partial<GateLimits> = {}) {
  const clock = handClock();
  const shed: string[] = [];
  const waited: number[] = [];
  const gate = new Gate({
    what: 'requests',
    key: 'server.max_concurrent_requests',
    limits: { places: 1, maxQueued: 4, queueTimeoutMs: 1_000, ...limits },
    clock,
    onAdmitted: (ms) => waited.push(ms),
    onShed: (reason) => shed.push(reason),
  });
  return { clock, gate, shed, waited };
}

const nobody = new AbortController().signal;

/** Takes a free place. */
function fill(gate: Gate): void {
  expect(gate.enter('first', nobody)).toBeUndefined();
}

/** How a wait ended, told by its name. */
function told(seen: string[], name: string, turn: Promise<void> | undefined): void {
  turn?.then(
    () => seen.push(name),
    (error: RpcError) => seen.push(`${name}: ${error.code}`),
  );
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a free place is had at once, without a promise', () => {
  const { clock, gate } = setUp({ places: 2 });
  expect(gate.enter('a', nobody)).toBeUndefined();
  expect(gate.enter('a', nobody)).toBeUndefined();
  expect([gate.inside, gate.waiting, clock.pending]).toEqual([2, 0, 0]);
});

test('keys take turns, however many of one wait', async () => {
  const { gate, waited } = setUp({ maxQueued: 10 });
  const seen: string[] = [];
  fill(gate);
  for (const name of ['greedy 1', 'greedy 2', 'greedy 3']) {
    told(seen, name, gate.enter('greedy', nobody));
  }
  told(seen, 'modest', gate.enter('modest', nobody));
  for (let i = 0; i < 4; i++) gate.leave();
  await settled();
  expect(seen).toEqual(['greedy 1', 'modest', 'greedy 2', 'greedy 3']);
  expect(waited).toHaveLength(4);
  expect(gate.inside).toBe(1);
});

test('a key has at most half of the queue, and a full queue takes nobody', async () => {
  const { gate, shed } = setUp({ maxQueued: 4 });
  fill(gate);
  const waits = [gate.enter('a', nobody), gate.enter('a', nobody)];
  await expect(gate.enter('a', nobody)).rejects.toMatchObject({ code: 'unavailable' });
  waits.push(gate.enter('b', nobody), gate.enter('c', nobody));
  const refusal = await gate.enter('d', nobody)?.catch((error: RpcError) => error);
  expect(shed).toEqual(['full', 'full']);
  expect(apiErrorInfo(refusal as RpcError)).toEqual({
    status: 503,
    reason: 'overloaded',
    retryAfterMs: 1_000,
  });
  expect((refusal as RpcError).message).toContain('1 (server.max_concurrent_requests)');
  for (let i = 0; i < 4; i++) gate.leave();
  await Promise.all(waits);
});

test('who has waited too long is told so, and holds no place', async () => {
  const { clock, gate, shed } = setUp();
  fill(gate);
  const turn = gate.enter('a', nobody);
  clock.advance(1_000);
  await expect(turn).rejects.toMatchObject({ code: 'unavailable' });
  expect(shed).toEqual(['late']);
  gate.leave();
  expect([gate.inside, gate.waiting, clock.pending]).toEqual([0, 0, 0]);
});

test('who would wait too long is sent away at once, with how long', async () => {
  const { clock, gate, shed } = setUp({ maxQueued: 20, queueTimeoutMs: 2_000 });
  fill(gate);
  const turns = [...'abcdef'].map((group) => gate.enter(group, nobody));
  gate.leave();
  clock.advance(600);
  gate.leave();
  // One leaves every 600 ms, and four wait.
  const hopeless = await gate.enter('g', nobody)?.catch((error: RpcError) => error);
  expect(shed).toEqual(['hopeless']);
  expect(apiErrorInfo(hopeless as RpcError).retryAfterMs).toBe(3_000);
  gate.close();
  await Promise.allSettled(turns);
});

test('a pace that is over does not send away those who come later', async () => {
  const { clock, gate, shed } = setUp({ queueTimeoutMs: 2_000 });
  const hopeless = async () => {
    const turn = gate.enter('a', nobody);
    if (turn === undefined) return false;
    const isShed = await Promise.race([
      turn.then(
        () => false,
        () => true,
      ),
      settled().then(() => false),
    ]);
    if (!isShed) gate.close();
    await turn.catch(() => {});
    return isShed;
  };
  // Whoever is inside stays for five seconds, so nobody gets in in time.
  for (let times = 0; times < 3; times += 1) {
    fill(gate);
    clock.advance(5_000);
    gate.leave();
  }
  fill(gate);
  expect(await hopeless()).toBe(true);
  // Then they are quick, though nobody waits who could show it.
  for (let times = 0; times < 20; times += 1) {
    clock.advance(10);
    gate.leave();
    fill(gate);
  }
  expect(await hopeless()).toBe(false);
  expect(shed).toEqual(['hopeless']);
});

test('nor does one that was measured long ago', async () => {
  const { clock, gate } = setUp({ queueTimeoutMs: 2_000 });
  for (let times = 0; times < 2; times += 1) {
    fill(gate);
    clock.advance(5_000);
    gate.leave();
  }
  clock.advance(100_000);
  fill(gate);
  const turn = gate.enter('a', nobody);
  gate.leave();
  await turn;
  expect(gate.inside).toBe(1);
});

test('a client that leaves the queue has left it, before or while it waits', async () => {
  const { clock, gate, shed } = setUp();
  fill(gate);
  const client = new AbortController();
  const turn = gate.enter('a', client.signal);
  client.abort();
  await expect(turn).rejects.toMatchObject({ code: 'canceled' });
  await expect(gate.enter('a', AbortSignal.abort())).rejects.toMatchObject({ code: 'canceled' });
  expect([gate.waiting, clock.pending, shed]).toEqual([0, 0, []]);
});

test('the end of the process ends all waits', async () => {
  const { clock, gate } = setUp();
  fill(gate);
  const turn = gate.enter('a', nobody);
  gate.close();
  await expect(turn).rejects.toThrow('shutting down');
  expect([gate.inside, gate.waiting, clock.pending]).toEqual([1, 0, 0]);
});

test('a reload with more places lets more in', async () => {
  const { gate } = setUp();
  fill(gate);
  const turn = gate.enter('a', nobody);
  const another = gate.enter('a', nobody);
  gate.limits.places = 2;
  gate.leave();
  await Promise.all([turn, another]);
  expect(gate.inside).toBe(2);
});

test('whatever comes and goes, there are never too many inside, nor a place that is lost', async () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant('enter'), group: fc.integer({ min: 0, max: 3 }) }),
    fc.record({ kind: fc.constantFrom('leave', 'abort'), which: fc.nat() }),
    fc.record({ kind: fc.constant('wait'), ms: fc.integer({ min: 0, max: 700 }) }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
      const { clock, gate } = setUp({ places: 3, maxQueued: 6 });
      const inside: object[] = [];
      const waiting = new Map<object, AbortController>();
      for (const each of steps) {
        if ('group' in each) {
          const client = new AbortController();
          const visit = {};
          const turn = gate.enter(each.group, client.signal);
          if (turn === undefined) inside.push(visit);
          else {
            waiting.set(visit, client);
            turn
              .then(
                () => inside.push(visit),
                () => {},
              )
              .finally(() => waiting.delete(visit));
          }
        } else if ('ms' in each) clock.advance(each.ms);
        else if (each.kind === 'leave' && inside.length > 0) {
          inside.splice(each.which % inside.length, 1);
          gate.leave();
        } else if (waiting.size > 0) [...waiting.values()][each.which % waiting.size]?.abort();
        await settled();
        expect(gate.inside).toBe(inside.length);
        expect(gate.inside).toBeLessThanOrEqual(3);
        expect(gate.waiting).toBe(waiting.size);
        expect(gate.waiting).toBeLessThanOrEqual(6);
      }
      for (; inside.length > 0 || gate.waiting > 0; await settled()) {
        inside.pop();
        gate.leave();
      }
      expect([gate.inside, clock.pending]).toEqual([0, 0]);
    }),
    { numRuns: 50 },
  );
});
