import { afterEach, beforeEach, describe, expect, jest, test } from 'bun:test';
import { Timed, TimerWheel } from './timer-wheel.ts';

class Entry extends Timed {
  calls = 0;
  override onDue(): void {
    this.calls++;
  }
}

describe('TimerWheel', () => {
  let now = 0;
  let wheel: TimerWheel;

  beforeEach(() => {
    jest.useFakeTimers();
    now = 10_000;
    wheel = new TimerWheel(() => now);
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  function pass(ms: number): void {
    for (let left = ms; left > 0; left -= 4) {
      now += Math.min(4, left);
      jest.advanceTimersByTime(Math.min(4, left));
    }
  }

  test('calls an entry once, not before it is due', () => {
    const entry = new Entry();
    wheel.add(entry, now + 100);
    pass(99);
    expect(entry.calls).toBe(0);
    pass(8);
    expect(entry.calls).toBe(1);
    expect(wheel.size).toBe(0);
    pass(10_000);
    expect(entry.calls).toBe(1);
  });

  test('an entry far beyond one turn of the wheel waits for its own', () => {
    const entry = new Entry();
    wheel.add(entry, now + 60_000);
    pass(59_996);
    expect(entry.calls).toBe(0);
    pass(12);
    expect(entry.calls).toBe(1);
  });

  test('one that is removed, or never due, is not called', () => {
    const removed = new Entry();
    const never = new Entry();
    wheel.add(removed, now + 50);
    wheel.add(never, Number.POSITIVE_INFINITY);
    wheel.remove(removed);
    wheel.remove(removed);
    expect(wheel.size).toBe(0);
    pass(200);
    expect(removed.calls + never.calls).toBe(0);
  });

  test('an earlier entry after a later one is on time, and both may share a slot', () => {
    const late = new Entry();
    const early = new Entry();
    const neighbour = new Entry();
    wheel.add(late, now + 1_000);
    wheel.add(early, now + 20);
    wheel.add(neighbour, now + 20);
    pass(28);
    expect([late.calls, early.calls, neighbour.calls]).toEqual([0, 1, 1]);
    pass(1_000);
    expect(late.calls).toBe(1);
  });

  test('an entry may add and remove others while it is called', () => {
    const victim = new Entry();
    const again = new Entry();
    class Meddler extends Timed {
      override onDue(): void {
        wheel.remove(victim);
        wheel.add(again, now);
      }
    }
    wheel.add(new Meddler(), now + 40);
    wheel.add(victim, now + 40);
    pass(48);
    expect(victim.calls).toBe(0);
    pass(8);
    expect(again.calls).toBe(1);
  });

  test('after a long pause all that is overdue comes at once', () => {
    const entries = Array.from({ length: 50 }, () => new Entry());
    entries.forEach((entry, i) => {
      wheel.add(entry, now + i * 200);
    });
    now += 100_000;
    jest.advanceTimersByTime(100_000);
    expect(entries.every((entry) => entry.calls === 1)).toBe(true);
  });
});
