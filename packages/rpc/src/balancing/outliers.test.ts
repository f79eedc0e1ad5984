import { expect, test } from 'bun:test';
import { ManualClock } from '../testing/manual-clock.ts';
import { OutlierDetector, type OutlierOptions, type OutlierTrack } from './outliers.ts';

function setUp(count: number, options: OutlierOptions = {}) {
  const clock = new ManualClock();
  const detector = new OutlierDetector(options, clock);
  const tracks = Array.from({ length: count }, () => detector.add());
  /** One interval: so many successes and failures on each, and then the look at them. */
  const interval = (results: readonly (readonly [ok: number, failed: number])[]) => {
    for (const [i, [ok, failed]] of results.entries()) {
      for (let n = 0; n < ok; n++) detector.record(tracks[i] as OutlierTrack, true);
      for (let n = 0; n < failed; n++) detector.record(tracks[i] as OutlierTrack, false);
    }
    clock.advance(10_000);
    const extra = detector.add();
    detector.record(extra, true);
    detector.remove(extra);
  };
  const ejected = () => tracks.map(({ ejectedUntil }) => ejectedUntil > clock.now());
  return { clock, detector, tracks, interval, ejected };
}

test('an endpoint that fails far more than the mean is left alone, longer each time', () => {
  const { clock, tracks, interval, ejected } = setUp(6, { failurePercentage: false });
  const bad = [...Array.from({ length: 5 }, () => [100, 0] as const), [60, 40] as const];
  interval(bad);
  expect(ejected()).toEqual([false, false, false, false, false, true]);
  expect(tracks[5]?.ejectedUntil).toBe(40_000);
  clock.advance(30_000);
  expect(ejected()).toEqual(Array.from({ length: 6 }, () => false));
  interval(bad);
  expect((tracks[5]?.ejectedUntil ?? 0) - clock.now()).toBe(60_000);
});

test('an interval without a fault makes the next time shorter again, and none is too long', () => {
  const { clock, tracks, interval } = setUp(5, {
    successRate: false,
    failurePercentage: { minCalls: 10 },
    maxEjectionMs: 50_000,
  });
  const good = Array.from({ length: 5 }, () => [20, 0] as const);
  const bad = [...good.slice(1), [0, 20] as const];
  const lengths: number[] = [];
  for (let i = 0; i < 3; i++) {
    interval(bad);
    lengths.push((tracks[4]?.ejectedUntil ?? 0) - clock.now());
    clock.advance(60_000);
  }
  expect(lengths).toEqual([30_000, 50_000, 50_000]);
  for (let i = 0; i < 3; i++) interval(good);
  interval(bad);
  expect((tracks[4]?.ejectedUntil ?? 0) - clock.now()).toBe(30_000);
});

test('an endpoint that nearly always fails is left alone by the fixed share', () => {
  const options: OutlierOptions = {
    successRate: false,
    failurePercentage: { threshold: 50, minCalls: 10 },
  };
  const { interval, ejected } = setUp(5, options);
  interval([
    [10, 0],
    [5, 5],
    [4, 6],
    [0, 9],
    [10, 0],
  ]);
  expect(ejected()).toEqual([false, false, false, false, false]);
  interval([
    [10, 0],
    [5, 5],
    [4, 6],
    [10, 0],
    [10, 0],
  ]);
  expect(ejected()).toEqual([false, false, true, false, false]);
});

test('with too few endpoints or calls there is no verdict', () => {
  const few = setUp(4);
  few.interval([
    [100, 0],
    [100, 0],
    [100, 0],
    [0, 100],
  ]);
  expect(few.ejected()).toEqual([false, false, false, false]);
  const idle = setUp(6);
  idle.interval([...Array.from({ length: 5 }, () => [49, 0] as const), [0, 49]]);
  expect(idle.ejected()).toEqual(Array.from({ length: 6 }, () => false));
});

test('no more are left alone than the share allows', () => {
  const { interval, ejected } = setUp(10, {
    maxEjectedPercent: 25,
    successRate: false,
    failurePercentage: { minCalls: 10 },
  });
  interval(Array.from({ length: 10 }, (_, i) => (i < 5 ? [10, 0] : [0, 10])));
  expect(ejected().filter((is) => is)).toHaveLength(3);
});

test('counts of one interval do not count in the next', () => {
  const { clock, tracks, interval, ejected } = setUp(5, {
    successRate: false,
    failurePercentage: { minCalls: 10 },
  });
  interval(Array.from({ length: 5 }, () => [0, 9]));
  interval(Array.from({ length: 5 }, () => [0, 9]));
  expect(ejected()).toEqual([false, false, false, false, false]);
  expect(tracks.map(({ failures }) => failures)).toEqual([0, 0, 0, 0, 0]);
  expect(clock.pending).toBe(0);
});
