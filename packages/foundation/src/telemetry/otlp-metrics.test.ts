import { expect, test } from 'bun:test';
import { createMetrics } from './metrics.ts';
import { MetricsExport } from './otlp-metrics.ts';

const span = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' };

/** A collector that keeps what it is sent, and answers with a status. */
function collector(status = () => 200) {
  const bodies: unknown[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      expect(new URL(request.url).pathname).toBe('/v1/metrics');
      bodies.push(await request.json());
      return Response.json({}, { status: status() });
    },
  });
  return {
    bodies,
    endpoint: `http://127.0.0.1:${server.port}`,
    [Symbol.asyncDispose]: () => server.stop(true),
  };
}

test('sends counters, gauges and histograms as OTLP in JSON, also at its end', async () => {
  await using there = collector();
  const metrics = await createMetrics({ processMetrics: false });
  metrics.counter({ name: 'asked_total', help: 'Asked', labels: ['by'] }).add(2, 'a');
  metrics.gauge({ name: 'open', help: 'Open' }).set(1.5);
  const usage = metrics.histogram({
    name: 'gen_ai.client.token.usage',
    unit: '{token}',
    help: 'Tokens',
    labels: ['gen_ai.token.type'],
    buckets: [1, 4],
  });
  usage.labels('input').observe(3, span);
  {
    await using _ = new MetricsExport({
      metrics,
      endpoint: `${there.endpoint}/`,
      intervalMs: 60_000,
      serviceName: 'zeke-test',
      serviceVersion: '1',
      serviceInstanceId: 'one',
      fetch,
      now: () => 1_700_000_000_123,
      onFailure: (reason) => expect.unreachable(String(reason)),
    });
  }
  const [sent] = there.bodies as [Record<string, never>];
  const times = {
    startTimeUnixNano: '1700000000123000000',
    timeUnixNano: '1700000000123000000',
  };
  expect(JSON.stringify(sent)).toContain('"zeke-test"');
  expect((sent as never as Sent).resourceMetrics[0]?.scopeMetrics[0]?.metrics).toEqual([
    {
      name: 'zeke_asked_total',
      description: 'Asked',
      sum: {
        aggregationTemporality: 2,
        isMonotonic: true,
        dataPoints: [
          { ...times, attributes: [{ key: 'by', value: { stringValue: 'a' } }], asDouble: 2 },
        ],
      },
    },
    {
      name: 'zeke_open',
      description: 'Open',
      gauge: { dataPoints: [{ ...times, attributes: [], asDouble: 1.5 }] },
    },
    {
      name: 'gen_ai.client.token.usage',
      unit: '{token}',
      description: 'Tokens',
      histogram: {
        aggregationTemporality: 2,
        dataPoints: [
          {
            ...times,
            attributes: [{ key: 'gen_ai.token.type', value: { stringValue: 'input' } }],
            count: '1',
            sum: 3,
            bucketCounts: ['0', '1', '0'],
            explicitBounds: [1, 4],
            exemplars: [{ ...span, asDouble: 3, timeUnixNano: expect.stringMatching(/^\d{19}$/) }],
          },
        ],
      },
    },
  ]);
});

interface Sent {
  resourceMetrics: { scopeMetrics: { metrics: unknown[] }[] }[];
}

test('a collector that refuses is told of once, until it takes them again', async () => {
  let status = 404;
  await using there = collector(() => status);
  const failures: unknown[] = [];
  await using sending = new MetricsExport({
    metrics: await createMetrics({ processMetrics: false }),
    endpoint: there.endpoint,
    intervalMs: 60_000,
    serviceName: 'zeke-test',
    serviceVersion: '1',
    serviceInstanceId: 'one',
    fetch,
    now: Date.now,
    onFailure: (reason) => failures.push(String(reason)),
  });
  await sending.send();
  await sending.send();
  expect(failures).toEqual(['Error: the collector answered 404']);
  status = 200;
  await sending.send();
  status = 503;
  await sending.send();
  expect(failures).toHaveLength(2);
  status = 200;
});
