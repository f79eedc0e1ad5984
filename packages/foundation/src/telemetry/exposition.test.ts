import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { metricsFormatFor } from './exposition.ts';
import { createMetrics } from './metrics.ts';

const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

test.each([
  [null, 'prometheus'],
  ['*/*', 'prometheus'],
  ['text/plain;version=0.0.4', 'prometheus'],
  ['application/openmetrics-text; version=1.0.0', 'openmetrics'],
  // As Prometheus asks.
  [
    'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1',
    'openmetrics',
  ],
  ['text/plain, application/openmetrics-text;q=0.5', 'prometheus'],
  ['application/openmetrics-text;q=0', 'prometheus'],
  ['application/openmetrics-text;q=nonsense', 'prometheus'],
] as const)('for Accept %p the format is %s', (accept, format) => {
  expect(metricsFormatFor(accept)).toBe(format);
});

test('OpenMetrics has exemplars, names of counters without their end, and an end mark', async () => {
  const metrics = await createMetrics({ processMetrics: false });
  metrics.counter({ name: 'asked_total', help: 'Questions "asked".' }).add(2);
  const latency = metrics.histogram({ name: 'latency', help: 'Latency', buckets: [0.1, 1] });
  latency.labels().observe(0.5, span);
  const text = await metrics.text('openmetrics');
  expect(text.split('\n').slice(0, 7)).toEqual([
    '# HELP zeke_asked Questions \\"asked\\".',
    '# TYPE zeke_asked counter',
    'zeke_asked_total 2',
    '# HELP zeke_latency Latency',
    '# TYPE zeke_latency histogram',
    'zeke_latency_bucket{le="0.1"} 0',
    expect.stringMatching(
      /^zeke_latency_bucket\{le="1"\} 1 # \{trace_id="0af7651916cd43dd8448eb211c80319c",span_id="b7ad6b7169203331"\} 0\.5 \d{10}\.\d{3}$/,
    ) as never,
  ]);
  expect(text).toEndWith('# EOF\n');
  const plain = await metrics.text();
  expect(plain).not.toContain('trace_id');
  expect(plain).not.toContain('# EOF');
  expect(plain).toContain('# TYPE zeke_asked_total counter');
});

test('names of OpenTelemetry are told with their unit, and labels without dots', async () => {
  const metrics = await createMetrics({ processMetrics: false });
  const duration = metrics.histogram({
    name: 'gen_ai.client.operation.duration',
    unit: 's',
    help: 'Duration',
    labels: ['gen_ai.operation.name'],
    buckets: [1],
  });
  duration.observe(0.5, 'chat');
  expect(await metrics.text()).toContain(
    'gen_ai_client_operation_duration_seconds_bucket{gen_ai_operation_name="chat",le="1"} 1',
  );
});

test('a gauge that is read tells what is there when somebody looks', async () => {
  const metrics = await createMetrics({ processMetrics: false });
  const waiting = new Map([['a', 1]]);
  const options = { name: 'waiting', help: 'Waiting', labels: ['queue'] };
  metrics.observed(options, () => [...waiting].map(([name, count]) => [count, name] as const));
  expect(await metrics.text()).toContain('zeke_waiting{queue="a"} 1');
  waiting.clear();
  waiting.set('b', 3);
  const text = await metrics.text();
  expect(text).toContain('zeke_waiting{queue="b"} 3');
  expect(text).not.toContain('queue="a"');
});

test('whatever stands in a label, a series is one line that reads back', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'binary' }), async (label) => {
      const metrics = await createMetrics({ processMetrics: false });
      metrics.counter({ name: 'a_total', help: 'A', labels: ['of'] }).add(1, label);
      const [, , line = '', ...rest] = (await metrics.text()).split('\n');
      expect(rest).toEqual(['']);
      const [, written = ''] = /^zeke_a_total\{of="(.*)"\} 1$/s.exec(line) ?? [];
      const read = written.replaceAll(/\\(.)/g, (_, mark) => (mark === 'n' ? '\n' : mark));
      expect(read).toBe(label);
    }),
  );
});
