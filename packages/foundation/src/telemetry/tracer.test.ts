import { expect, test } from 'bun:test';
import { createTracer, noTracer } from './tracer.ts';

interface ExportedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  status: { code?: number; message?: string };
  attributes: { key: string; value: Record<string, unknown> }[];
}

/** A collector that takes OTLP in JSON as https://opentelemetry.io/docs/specs/otlp/ has it. */
function collector() {
  const spans: ExportedSpan[] = [];
  const resources: unknown[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      const { pathname } = new URL(request.url);
      if (request.method !== 'POST' || pathname !== '/v1/traces') {
        return new Response(null, { status: 404 });
      }
      const { resourceSpans } = (await request.json()) as {
        resourceSpans: { resource: unknown; scopeSpans: { spans: ExportedSpan[] }[] }[];
      };
      for (const { resource, scopeSpans } of resourceSpans) {
        resources.push(resource);
        for (const scope of scopeSpans) spans.push(...scope.spans);
      }
      return Response.json({});
    },
  });
  return { spans, resources, url: `http://127.0.0.1:${server.port}/`, server };
}

test('sends spans with parents, kinds, attributes and failures to a collector', async () => {
  const { spans, resources, url, server } = collector();
  {
    await using tracer = await createTracer({ endpoint: url, serviceName: 'zeke-test' });
    expect(tracer.enabled).toBe(true);
    const parent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const request = tracer.startSpan('request', {
      kind: 'server',
      parent,
      attributes: { model: 'm', tokens: 5, key: 'sk-1234567890abcdef' },
    });
    const attempt = tracer.startSpan('attempt', { kind: 'client', parent: request });
    expect(attempt.traceId).toBe('0af7651916cd43dd8448eb211c80319c');
    expect(attempt.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-01$/);
    attempt.setAttribute('streamed', true);
    attempt.fail(new TypeError('refused Bearer abcdef'));
    attempt.end();
    request.end();
    await tracer.flush();
    expect(spans).toHaveLength(2);
    tracer.startSpan('last').end();
  }
  await server.stop(true);
  const byName = new Map(spans.map((span) => [span.name, span]));
  const [request, attempt, last] = ['request', 'attempt', 'last'].map((name) => byName.get(name));
  expect(request).toMatchObject({ kind: 2, parentSpanId: 'b7ad6b7169203331' });
  expect(attempt).toMatchObject({
    kind: 3,
    parentSpanId: request?.spanId,
    status: { code: 2, message: 'refused Bearer [redacted]' },
  } as never);
  expect(last?.parentSpanId).toBeUndefined();
  expect(request?.attributes).toContainEqual({ key: 'tokens', value: { intValue: 5 } });
  expect(JSON.stringify(spans)).not.toContain('sk-123');
  expect(JSON.stringify(resources)).toContain('zeke-test');
});

test.each([
  'nonsense',
  '00-00000000000000000000000000000000-b7ad6b7169203331-01',
  '00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01',
  'ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
])('starts a trace of its own under the parent %p', async (parent) => {
  const { url, server } = collector();
  await using tracer = await createTracer({ endpoint: url, serviceName: 'zeke-test' });
  const span = tracer.startSpan('request', { parent });
  expect(span.traceId).toMatch(/^[0-9a-f]{32}$/);
  expect(span.traceId).not.toBe('0af7651916cd43dd8448eb211c80319c');
  await server.stop(true);
});

test('does nothing without an endpoint', async () => {
  const tracer = await createTracer({ serviceName: 'zeke-test' });
  expect(tracer).toBe(noTracer);
  const span = tracer.startSpan('request', { attributes: { a: 1 } });
  span.setAttribute('b', 2);
  span.fail(new Error('x'));
  span.end();
  expect([span.traceId, span.traceparent]).toEqual(['', undefined]);
  await tracer.flush();
});

test('ends while a collector that does not answer is still being asked', async () => {
  const asked = Promise.withResolvers<void>();
  let hungUp = false;
  const silent = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data: () => asked.resolve(),
      close: () => {
        hungUp = true;
      },
    },
  });
  const endpoint = `http://127.0.0.1:${silent.port}`;
  const tracer = await createTracer({ endpoint, serviceName: 'zeke-test', flushLimitMs: 50 });
  tracer.startSpan('request').end();
  await Promise.all([asked.promise, tracer.flush()]);
  await tracer[Symbol.asyncDispose]();
  expect(hungUp).toBe(false);
  silent.stop(true);
});

// The exporter by itself tries for ten seconds.
test('ends when the collector is away', async () => {
  const gone = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const endpoint = `http://127.0.0.1:${gone.port}`;
  gone.stop(true);
  const tracer = await createTracer({ endpoint, serviceName: 'zeke-test', flushLimitMs: 50 });
  tracer.startSpan('request').end();
  await tracer.flush();
  await tracer[Symbol.asyncDispose]();
}, 5_000);
