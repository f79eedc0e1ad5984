import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { RpcError } from '../../rpc-error.ts';
import { Notes, type NotesHandlers } from '../../testing/note-service.ts';
import { ScriptedServerCall } from '../../testing/scripted-server-call.ts';
import { connectMemory } from '../../transports/memory/memory.ts';
import { createMetrics, MethodMetrics } from './metrics.ts';
import { renderMetrics } from './render-metrics.ts';

function setUp(handlers: Partial<NotesHandlers>) {
  const clock = { nowMs: 0 };
  const metrics = createMetrics({ services: [Notes], now: () => clock.nowMs });
  const server = createServer({ interceptors: [metrics.server] }).add(Notes, handlers);
  const transport = metrics.client(connectMemory({ handler: server.handler }));
  const of = (side: 'server' | 'client', method: string) => {
    const found = metrics.methods().find((each) => each.side === side && each.method === method);
    if (found === undefined) throw new Error(`nothing was counted of ${method}`);
    return found;
  };
  return { clock, metrics, server, transport, notes: createClient(Notes, transport), of };
}

test('both sides count calls, messages, bytes and time', async () => {
  const { clock, notes, of, transport } = setUp({
    echo(note) {
      clock.nowMs += 5;
      return note;
    },
    async *list() {
      yield { text: 'one' };
      yield { text: 'two' };
    },
  });
  await notes.echo({ text: 'hello' });
  for await (const _ of notes.list({}));
  for (const side of ['server', 'client'] as const) {
    const echo = of(side, 'Echo');
    const list = of(side, 'List');
    expect([echo.requests, echo.succeeded, echo.active]).toEqual([1, 1, 0]);
    expect([echo.messagesReceived, echo.messagesSent]).toEqual([1, 1]);
    expect([echo.bytesReceived, echo.bytesSent]).toEqual([7, 7]);
    expect([echo.durations.count, echo.durations.sum]).toEqual([1, 5_000]);
    const [one, two] = side === 'server' ? [1, 2] : [2, 1];
    expect([list.messagesReceived, list.messagesSent]).toEqual([one, two]);
  }
  await transport.close();
});

test('failures are counted by code, also those of a client that leaves', async () => {
  const { notes, of, transport, server } = setUp({
    echo() {
      throw new RpcError('not_found', 'no such note');
    },
    collect: () => new Promise(() => {}),
  });
  for (let i = 0; i < 2; i++) await notes.echo({}).catch(() => {});
  const call = new ScriptedServerCall({ path: '/zrpc.test.Notes/Collect' });
  server.handler(call);
  expect(of('server', 'Collect').active).toBe(1);
  call.cancel();
  expect([...of('server', 'Echo').failed]).toEqual([['not_found', 2]]);
  expect([...of('client', 'Echo').failed]).toEqual([['not_found', 2]]);
  expect([...of('server', 'Collect').failed]).toEqual([['canceled', 1]]);
  expect(of('server', 'Collect').active).toBe(0);
  await transport.close();
});

test('paths that are not served are counted as one', () => {
  const { metrics, server, of } = setUp({});
  for (let i = 0; i < 50; i++) server.handler(new ScriptedServerCall({ path: `/made/Up${i}` }));
  expect(of('server', 'other').requests).toBe(50);
  expect(metrics.methods()).toHaveLength(5);
});

test('the text is that of Prometheus', () => {
  const echo = new MethodMetrics('server', '/test.Service/Echo');
  echo.requests = 3;
  echo.active = 1;
  echo.bytesSent = 12;
  echo.ended(undefined, 0, 1);
  echo.ended(new RpcError('unavailable', 'gone'), 0, 3);
  echo.active = 1;
  const lines = renderMetrics([echo], 10).split('\n');
  const labels = 'side="server",service="test.Service",method="Echo"';
  for (const line of [
    '# TYPE zrpc_requests_total counter',
    `zrpc_requests_total{${labels}} 3`,
    `zrpc_requests_success_total{${labels}} 1`,
    `zrpc_requests_failed_total{${labels},code="unavailable"} 1`,
    '# TYPE zrpc_streams_active gauge',
    `zrpc_streams_active{${labels}} 1`,
    `zrpc_sent_bytes_total{${labels}} 12`,
    '# TYPE zrpc_duration_microseconds histogram',
    `zrpc_duration_microseconds_bucket{${labels},le="512"} 0`,
    `zrpc_duration_microseconds_bucket{${labels},le="1024"} 1`,
    `zrpc_duration_microseconds_bucket{${labels},le="4096"} 2`,
    `zrpc_duration_microseconds_bucket{${labels},le="+Inf"} 2`,
    `zrpc_duration_microseconds_sum{${labels}} 4000`,
    `zrpc_duration_microseconds_count{${labels}} 2`,
    `zrpc_duration_quantile_microseconds{${labels},quantile="0.5"} 992`,
    `zrpc_duration_quantile_microseconds{${labels},quantile="0.99"} 2944`,
  ]) {
    expect(lines).toContain(line);
  }
  for (const line of lines)
    expect(line).toMatch(/^$|^# (HELP|TYPE) |^zrpc_\w+\{[^}]*\} [\d.NaN]+$/);
});

test('what comes from outside cannot break a line', () => {
  const metrics = new MethodMetrics('client', '/a"b\\c/d\ne');
  expect(renderMetrics([metrics], 0)).toContain('service="a\\"b\\\\c",method="d\\ne"');
});
