import { expect, test } from 'bun:test';
import { expose } from './exposition.ts';
import { mergeFamilies } from './merge-families.ts';
import { createMetrics } from './metrics.ts';

async function process_(
  fill: (metrics: Awaited<ReturnType<typeof createMetrics>>) => void,
): Promise<Awaited<ReturnType<Awaited<ReturnType<typeof createMetrics>>['families']>>> {
  const metrics = await createMetrics({ processMetrics: false });
  fill(metrics);
  // As it comes from another process.
  return JSON.parse(JSON.stringify(await metrics.families()));
}

test('counters and histograms of several processes are added up, by their labels', async () => {
  const one = await process_((metrics) => {
    const requests = metrics.counter({ name: 'requests_total', help: 'R', labels: ['a', 'b'] });
    requests.add(2, 'x', 'y');
    requests.add(1, 'only', 'one');
    const seconds = metrics.histogram({ name: 'seconds', help: 'S', buckets: [1, 2] });
    seconds.observe(0.5);
    seconds.observe(5);
  });
  const two = await process_((metrics) => {
    metrics.counter({ name: 'requests_total', help: 'R', labels: ['a', 'b'] }).add(3, 'x', 'y');
    metrics.histogram({ name: 'seconds', help: 'S', buckets: [1, 2] }).observe(1.5);
    metrics.counter({ name: 'more_total', help: 'M' }).add(7);
  });
  const text = expose(mergeFamilies([one, two]), 'prometheus');
  expect(text.split('\n').filter((line) => !line.startsWith('#'))).toEqual([
    'zeke_requests_total{a="x",b="y"} 5',
    'zeke_requests_total{a="only",b="one"} 1',
    'zeke_seconds_bucket{le="1"} 1',
    'zeke_seconds_bucket{le="2"} 2',
    'zeke_seconds_bucket{le="+Inf"} 3',
    'zeke_seconds_sum 7',
    'zeke_seconds_count 3',
    'zeke_more_total 7',
    '',
  ]);
});

test('gauges are added up, or the one that matters is told', async () => {
  const gauges = (values: Record<string, number>) =>
    process_((metrics) => {
      for (const [name, value] of Object.entries(values)) {
        metrics.gauge({ name, help: 'G' }).set(value);
      }
    });
  const all = await Promise.all([
    gauges({ cache_bytes: 10, open_streams: 2, redis_up: 1, breaker_state: 0 }),
    gauges({ cache_bytes: 5, open_streams: 3, redis_up: 0, breaker_state: 2 }),
    gauges({ cache_bytes: 1, open_streams: 0, redis_up: 1, breaker_state: 1 }),
  ]);
  const told = mergeFamilies(all).map(({ name, points: [point] }) => [
    name,
    point !== undefined && 'value' in point ? point.value : undefined,
  ]);
  expect(Object.fromEntries(told)).toEqual({
    zeke_cache_bytes: 16,
    zeke_open_streams: 5,
    zeke_redis_up: 0,
    zeke_breaker_state: 2,
  });
});

test('buckets that are others are left out, and nothing is nothing', async () => {
  const one = await process_((metrics) =>
    metrics.histogram({ name: 'seconds', help: 'S', buckets: [1] }).observe(1),
  );
  const two = await process_((metrics) =>
    metrics.histogram({ name: 'seconds', help: 'S', buckets: [1, 2] }).observe(1),
  );
  expect(expose(mergeFamilies([one, two]), 'prometheus')).toContain('zeke_seconds_count 1\n');
  expect(mergeFamilies([])).toEqual([]);
  expect(mergeFamilies([one])).toEqual(one);
});
