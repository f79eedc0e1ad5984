import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import type { Listener } from '../../core/call.ts';
import { serveFetch } from '../../transports/fetch/server/serve-fetch.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { runZrpc } from '../testing/run-zrpc.ts';
import { shopServer } from '../testing/shop-service.ts';
import { processTimeoutMs, startZrpc } from '../testing/zrpc-process.ts';

setDefaultTimeout(processTimeoutMs);

const server = shopServer();
let listener: Listener;
let http: Listener;
let grpc: string;

beforeAll(async () => {
  const { handler } = server;
  listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler });
  http = await serveFetch({ handler, methods: server.method.bind(server) });
  grpc = listener.address.replace('http', 'grpc');
});

afterAll(async () => {
  await Promise.all([listener.close({ graceMs: 0 }), http.close({ graceMs: 0 })]);
});

const quick = ['--warm-up', '0s', '--duration', '100ms'];

test('an open loop, as JSON', async () => {
  const args = ['bench', grpc, 'Orders/GetOrder', '{"id":3}', '--rate', '200', '--json', ...quick];
  const { code, stdout, stderr } = await runZrpc(args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  const report = JSON.parse(stdout);
  expect(report).toMatchObject({
    method: 'shop.v1.Orders/GetOrder',
    target: grpc,
    loop: { kind: 'open', perSecond: 200, maxInFlight: 10_000 },
    connections: 1,
    calls: { failed: 0, unfinished: 0 },
    firstMessageUs: null,
    failures: [],
  });
  const { ok, unsent } = report.calls;
  // A machine that is busy with something else may miss some.
  expect(ok + unsent).toBe(20);
  expect([report.latencyUs.count, report.latenessUs.count]).toEqual([ok, ok]);
  expect(report.messages).toEqual({ sent: ok, received: ok });
  expect(Object.keys(report.latencyUs)).toEqual([
    ...['count', 'min', 'mean', 'p50', 'p75', 'p90', 'p95', 'p99', 'p99.9', 'max'],
  ]);
});

test('a closed loop over several connections, for people', async () => {
  const flags = ['--concurrency', '4', '--connections', '2', ...quick];
  const { code, stdout } = await runZrpc([
    'bench',
    grpc,
    'Orders/ListOrders',
    '{"pageSize":2}',
    ...flags,
  ]);
  expect(code).toBe(0);
  expect(stdout).toContain(
    `shop.v1.Orders/ListOrders at ${grpc}, closed loop, 4 at once over 2 connections\n`,
  );
  expect(stdout).toMatch(/^calls {6}\d+ ok, 0 failed in 1\d\d ms$/m);
  expect(stdout).toMatch(/^latency( +[\d.]+ (?:µs|ms)){8}$/m);
  expect(stdout).toMatch(/^first message( +[\d.]+ (?:µs|ms)){8}$/m);
});

test('streams of requests, and ping-pong', async () => {
  const flags = ['--json', '--messages', '5', ...quick];
  const one = await runZrpc([
    'bench',
    http.address,
    'Orders/ImportOrders',
    '{"id":1}{"id":2}',
    ...flags,
  ]);
  const report = JSON.parse(one.stdout);
  expect(report.messages.sent).toBe(report.calls.ok * 5);
  const args = ['bench', grpc, 'Orders/Negotiate', '{"id":1}', '--ping-pong', ...flags];
  const both = JSON.parse((await runZrpc(args)).stdout);
  expect(both.roundTripUs.count).toBe(both.calls.ok * 5);
});

test('calls that fail are counted; the first must not', async () => {
  const first = await runZrpc(['bench', grpc, 'Orders/GetOrder', '{"id":404}', ...quick]);
  expect(first).toEqual({
    code: 5,
    stdout: '',
    stderr: 'zrpc: the first call failed: there is no order 404\n',
  });
});

test('Ctrl-C ends the run, and shows what was measured', async () => {
  const args = ['bench', grpc, 'Orders/GetOrder', '{"id":3}', '--duration', '1h'];
  await using zrpc = startZrpc([...args, '--warm-up', '0s', '--json']);
  // The first one is not measured.
  for (let call = 0; call < 3; call++) await server.record.nextOrder();
  zrpc.kill('SIGINT');
  expect(await zrpc.exited).toBe(130);
  let text = '';
  for (let line = await zrpc.line(); line !== undefined; line = await zrpc.line()) text += line;
  expect(JSON.parse(text).calls.ok).toBeGreaterThan(0);
});

test.each<[string[], string]>([
  [['Orders/GetOrder', '--messages', '2'], '--messages is for streams of requests, not a unary'],
  [['Orders/GetOrder', '--ping-pong'], '--ping-pong is for streams both ways, not a unary'],
  [['Orders/GetOrder', '{}{}'], 'takes one message, not 2'],
  [['Orders/GetOrder', '--rate', '0'], 'It must be a number above 0'],
  [['Orders/GetOrder', '--concurrency', 'x'], 'It must be a whole number from 1'],
  [['Orders/GetOrder', '--duration', '0s'], 'write a time with its unit'],
  [[], 'no method is given'],
])('bench %p', async (args, reason) => {
  const { code, stderr } = await runZrpc(['bench', grpc, ...args]);
  expect(stderr).toContain(reason);
  expect(code).toBe(3);
});
