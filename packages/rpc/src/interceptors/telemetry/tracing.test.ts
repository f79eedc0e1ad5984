import { expect, test } from 'bun:test';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  InMemorySpanExporter,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace';
import { createClient } from '../../core/client.ts';
import { Metadata } from '../../core/metadata.ts';
import { createServer } from '../../core/server.ts';
import { type Code, codes, RpcError } from '../../rpc-error.ts';
import { Notes, type NotesHandlers } from '../../testing/note-service.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { connectMemory } from '../../transports/memory/memory.ts';
import { traceContextKey, tracingClient, tracingServer } from './tracing.ts';
import { traceMetadata } from './w3c-context.ts';

function setUp(handlers: Partial<NotesHandlers> = {}) {
  const exporter = new InMemorySpanExporter();
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter })] });
  const tracer = provider.getTracer('test');
  const server = { address: 'localhost', port: 50051 };
  const interceptors = [tracingServer({ tracer, services: [Notes], server })];
  const handler = createServer({ interceptors }).add(Notes, handlers).handler;
  const transport = tracingClient({ tracer, server })(connectMemory({ handler }));
  const spans = async (count: number) => {
    while (exporter.getFinishedSpans().length < count) await turn();
    return exporter.getFinishedSpans();
  };
  return { tracer, handler, transport, notes: createClient(Notes, transport), spans };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test('client and server have a span each, in one trace, with the attributes of the conventions', async () => {
  const { notes, spans, transport } = setUp({ echo: (note) => note });
  await notes.echo({ text: 'hello' });
  const finished = await spans(2);
  const client = finished.find((span) => span.kind === SpanKind.CLIENT);
  const server = finished.find((span) => span.kind === SpanKind.SERVER);
  expect(server?.spanContext().traceId).toBe(client?.spanContext().traceId as string);
  expect(server?.parentSpanContext?.spanId).toBe(client?.spanContext().spanId as string);
  const common = {
    'rpc.system.name': 'grpc',
    'rpc.method': 'zrpc.test.Notes/Echo',
    'rpc.response.status_code': 'OK',
    'server.address': 'localhost',
    'server.port': 50051,
  };
  expect([client?.name, server?.name]).toEqual(['zrpc.test.Notes/Echo', 'zrpc.test.Notes/Echo']);
  expect(client?.attributes).toEqual(common);
  expect(server?.attributes).toEqual({ ...common, 'client.address': 'memory' });
  expect([client?.status.code, server?.status.code]).toEqual([
    SpanStatusCode.UNSET,
    SpanStatusCode.UNSET,
  ]);
  await transport.close();
});

test('every failure is an error to the client; to the server only its own are', async () => {
  const faults: Code[] = [];
  for (const code of codes) {
    const { notes, spans, transport } = setUp({
      echo() {
        throw new RpcError(code, 'no');
      },
    });
    await notes.echo({}).catch(() => {});
    const finished = await spans(2);
    const client = finished.find((span) => span.kind === SpanKind.CLIENT);
    const server = finished.find((span) => span.kind === SpanKind.SERVER);
    const name = code === 'canceled' ? 'CANCELLED' : code.toUpperCase();
    expect(client?.status).toEqual({ code: SpanStatusCode.ERROR, message: 'no' });
    expect(client?.attributes['error.type']).toBe(name);
    expect(server?.attributes['rpc.response.status_code']).toBe(name);
    if (server?.status.code === SpanStatusCode.ERROR) faults.push(code);
    await transport.close();
  }
  expect(faults).toEqual([
    'unknown',
    'deadline_exceeded',
    'unimplemented',
    'internal',
    'unavailable',
    'data_loss',
  ]);
});

test('a handler has the context of its span, and can call on with it', async () => {
  const seen: (string | undefined)[] = [];
  const { tracer, notes, spans, transport } = setUp({
    echo(note, call) {
      const within = call.value(traceContextKey);
      const span = within && trace.getSpan(within);
      seen.push(span?.spanContext().spanId);
      if (within !== undefined) seen.push(traceMetadata(within).get('traceparent'));
      return note;
    },
  });
  const outer = tracer.startSpan('outer');
  const within = trace.setSpan(context.active(), outer);
  await notes.echo({}, { metadata: traceMetadata(within) });
  const finished = await spans(2);
  const client = finished.find((span) => span.kind === SpanKind.CLIENT);
  const server = finished.find((span) => span.kind === SpanKind.SERVER);
  const { traceId, spanId } = server?.spanContext() ?? { traceId: '', spanId: '' };
  expect(client?.parentSpanContext?.spanId).toBe(outer.spanContext().spanId);
  expect(seen).toEqual([spanId, `00-${traceId}-${spanId}-01`]);
  await transport.close();
});

test('a call with a parent goes on with its trace', async () => {
  const { notes, spans } = setUp({
    echo: async (note, context) =>
      note.text === 'on' ? await notes.echo({ text: 'end' }, { parent: context }) : note,
  });
  await notes.echo({ text: 'on' });
  const finished = await spans(4);
  expect(new Set(finished.map((span) => span.spanContext().traceId)).size).toBe(1);
  const parents = new Set(finished.map((span) => span.parentSpanContext?.spanId));
  expect(parents.size).toBe(4);
});

test('a stream is one span, to its end', async () => {
  const { notes, spans, transport } = setUp({
    async *list() {
      yield { text: 'one' };
      yield { text: 'two' };
    },
  });
  const texts: string[] = [];
  for await (const note of notes.list({})) texts.push(note.text);
  expect(texts).toEqual(['one', 'two']);
  expect(await spans(2)).toHaveLength(2);
  await transport.close();
});

test('a method that is not served makes no name of its own', async () => {
  const { handler, spans } = setUp();
  const call = new ScriptedServerCall({
    path: '/made/Up',
    peer: { address: '[::1]:99', transport: 'http2' },
  });
  handler(call);
  const [span] = await spans(1);
  expect(span?.name).toBe('grpc');
  expect(span?.attributes).toMatchObject({
    'rpc.method': '_OTHER',
    'rpc.response.status_code': 'UNIMPLEMENTED',
    'client.address': '::1',
    'client.port': 99,
    'network.transport': 'tcp',
  });
});

test('a call that is canceled ends its spans', async () => {
  const { handler, spans } = setUp({ echo: () => new Promise(() => {}) });
  const call = new ScriptedServerCall({ path: '/zrpc.test.Notes/Echo', metadata: Metadata.empty });
  handler(call);
  call.message(new Uint8Array(0));
  call.halfClose();
  call.cancel();
  const [span] = await spans(1);
  expect(span?.attributes['rpc.response.status_code']).toBe('CANCELLED');
  expect(span?.status.code).toBe(SpanStatusCode.UNSET);
});
