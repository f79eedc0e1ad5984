import { expect, test } from 'bun:test';
import { RpcError } from '@zeke/rpc';
import { createTracer, noTracer } from './tracer.ts';

interface ExportedSpan {
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  kind: number;
  status: { code?: number; message?: string };
  attributes: { key: string; value: Record<string, unknown> }[];
  links?: { spanId: string }[];
  startTimeUnixNano: string;
  endTimeUnixNano: string;
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

const parentOf = (flags: string) => `00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-${flags}`;

test('a caller decides whether its trace is kept, and its state is sent on', async () => {
  const { spans, url, server } = collector();
  await using tracer = await createTracer({
    endpoint: url,
    serviceName: 'zeke-test',
    sampleRatio: 0,
  });
  const tracestate = 'vendor=a,other=b';
  const dropped = tracer.startSpan('dropped', { parent: parentOf('00'), tracestate });
  expect(dropped.exemplar).toBeUndefined();
  expect(dropped.tracestate).toBe(tracestate);
  expect(dropped.traceparent).toMatch(/^00-0af7651916cd43dd8448eb211c80319c-[0-9a-f]{16}-00$/);
  tracer.startSpan('child of dropped', { parent: dropped }).end();
  dropped.end();
  const kept = tracer.startSpan('kept', { parent: parentOf('01'), tracestate });
  const child = tracer.startSpan('child of kept', { parent: kept });
  expect(child.tracestate).toBe(tracestate);
  expect(child.exemplar).toEqual({
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: expect.stringMatching(/^[0-9a-f]{16}$/),
  });
  child.end();
  kept.end();
  tracer.startSpan('nobody decided').end();
  await tracer.flush();
  expect(spans.map(({ name }) => name)).toEqual(['child of kept', 'kept']);
  await server.stop(true);
});

test('spans have links, lists, codes of errors, and ends in the past', async () => {
  const { spans, url, server } = collector();
  await using tracer = await createTracer({ endpoint: url, serviceName: 'zeke-test' });
  const first = tracer.startSpan('first');
  const second = tracer.startSpan('second');
  second.link(first);
  second.setAttribute('reasons', ['stop', 'sk-1234567890abcdef']);
  second.fail(new RpcError('unavailable', 'gone'));
  second.end(performance.now());
  first.end();
  await tracer.flush();
  await server.stop(true);
  const [told, linked] = spans;
  expect(told?.links).toMatchObject([{ spanId: linked?.spanId }]);
  expect(told?.attributes).toContainEqual({
    key: 'error.type',
    value: { stringValue: 'unavailable' },
  });
  expect(JSON.stringify(told?.attributes)).not.toContain('sk-123');
  const lastedNano = BigInt(told?.endTimeUnixNano ?? 0) - BigInt(told?.startTimeUnixNano ?? 0);
  expect(Number(lastedNano)).toBeWithin(0, 10_000_000_000);
});

test('a state that is none is not sent on', async () => {
  const { url, server } = collector();
  await using tracer = await createTracer({ endpoint: url, serviceName: 'zeke-test' });
  const span = tracer.startSpan('request', { parent: parentOf('01'), tracestate: '=,,\u0000' });
  expect(span.tracestate).toBeUndefined();
  await server.stop(true);
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
