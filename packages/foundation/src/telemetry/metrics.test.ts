import { expect, test } from 'bun:test';
import { createMetrics } from './metrics.ts';

test('gives counters, gauges and histograms in the text format of Prometheus', async () => {
  const metrics = await createMetrics({ processMetrics: false });
  const requests = metrics.counter({ name: 'requests_total', help: 'Requests', labels: ['route'] });
  requests.add(1, '/v1/"x"');
  requests.add(2, '/v1/"x"');
  const open = metrics.gauge({ name: 'open', help: 'Open' });
  open.set(5);
  open.add(-2);
  const latency = metrics.histogram({ name: 'latency', help: 'Latency', buckets: [0.1, 1] });
  latency.observe(0.05);
  latency.observe(3);
  const lines = (await metrics.text()).split('\n');
  for (const line of [
    '# TYPE zeke_requests_total counter',
    'zeke_requests_total{route="/v1/\\"x\\""} 3',
    'zeke_open 3',
    'zeke_latency_bucket{le="0.1"} 1',
    'zeke_latency_bucket{le="1"} 1',
    'zeke_latency_bucket{le="+Inf"} 2',
    'zeke_latency_count 2',
  ]) {
    expect(lines).toContain(line);
  }
});

test('gives the same metric for the same name, and keeps registries apart', async () => {
  const metrics = await createMetrics({ processMetrics: false });
  const other = await createMetrics({ processMetrics: false });
  const options = { name: 'a_total', help: 'A' };
  expect(metrics.counter(options)).toBe(metrics.counter(options));
  metrics.counter(options).add(1);
  expect(await other.text()).not.toContain('zeke_a_total 1');
});

test('has the metrics of the process', async () => {
  const text = await (await createMetrics()).text();
  const now = Date.now() / 1_000;
  expect(valueIn(text, 'process_start_time_seconds')).toBeWithin(now - 3_600, now + 1);
  for (const name of ['process_resident_memory_bytes', 'nodejs_heap_size_used_bytes']) {
    expect(valueIn(text, name)).toBeGreaterThan(0);
  }
  const open = valueIn(text, 'process_open_fds');
  expect(open).toBeGreaterThan(2);
  expect(valueIn(text, 'process_max_fds')).toBeGreaterThan(open);
  expect(text).toContain('nodejs_eventloop_lag_p99_seconds');
});

test('tells how late the event loop was since it was asked before', async () => {
  const metrics = await createMetrics();
  const p99 = async () => valueIn(await metrics.text(), 'nodejs_eventloop_lag_p99_seconds');
  expect(await p99()).toBe(0);
  const endsAt = performance.now() + 20_000;
  // It is looked at some times a second.
  while ((await p99()) === 0) {
    expect(performance.now()).toBeLessThan(endsAt);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
});

test('counts the processor time of the whole process, whenever it is asked', async () => {
  const metrics = await createMetrics();
  for (let times = 0; times < 2; times += 1) {
    const before = cpuSeconds();
    const text = await metrics.text();
    expect(valueIn(text, 'process_cpu_seconds_total')).toBeWithin(before, cpuSeconds() + 1e-9);
  }
});

function cpuSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000_000;
}

function valueIn(text: string, name: string): number {
  return Number(new RegExp(`^${name} (.+)$`, 'm').exec(text)?.[1]);
}

test('refuses a wrong number of labels, and bounds the number of series', async () => {
  const metrics = await createMetrics({ processMetrics: false });
  const counter = metrics.counter({ name: 'c_total', help: 'C', labels: ['model'] });
  expect(() => counter.add(1)).toThrow('model');
  for (let index = 0; index < 2_500; index += 1) counter.add(1, `model-${index}`);
  const text = await metrics.text();
  expect(text).toContain('zeke_c_total{model="other"} 500');
  expect(text).not.toContain('model-2000');
});
