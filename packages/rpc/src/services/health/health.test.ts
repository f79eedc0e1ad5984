import { expect, test } from 'bun:test';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import {
  Health as HealthService,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../gen/grpc/health/v1/health_pb.ts';
import { Notes } from '../../testing/note-service.ts';
import { connectHttp2 } from '../../transports/http2/connect-http2.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { connectMemory } from '../../transports/memory/memory.ts';
import { createHealth } from './health.ts';

const { NOT_SERVING, SERVICE_UNKNOWN, SERVING, UNKNOWN } = ServingStatus;
const notes = Notes.typeName;

function setUp() {
  const server = createServer();
  const health = createHealth({ services: [Notes] }).addTo(server);
  const transport = connectMemory({ handler: server.handler });
  return { health, transport, client: createClient(HealthService, transport) };
}

test('the server and its services are checked by name', async () => {
  const { health, client, transport } = setUp();
  const check = async (service: string) => (await client.check({ service })).status;
  expect([await check(''), await check(notes)]).toEqual([SERVING, SERVING]);
  health.set(notes, 'not-serving');
  health.set('later', 'unknown');
  expect([await check(''), await check(notes), await check('later')]).toEqual([
    SERVING,
    NOT_SERVING,
    UNKNOWN,
  ]);
  health.remove(notes);
  const code = await check(notes).catch((error) => error.code);
  expect(code).toBe('not_found');
  await transport.close();
});

test('all are listed, up to a hundred', async () => {
  const { health, client, transport } = setUp();
  health.set(notes, 'not-serving');
  const { statuses } = await client.list({});
  const listed = Object.entries(statuses).map(([service, { status }]) => [service, status]);
  expect(listed).toEqual([
    ['', SERVING],
    [notes, NOT_SERVING],
  ]);
  for (let i = 0; i < 99; i++) health.set(`service ${i}`, 'serving');
  const code = await client.list({}).catch((error) => error.code);
  expect(code).toBe('resource_exhausted');
  await transport.close();
});

test('while the server drains nothing serves, and what is set then counts later', async () => {
  const { health, client, transport } = setUp();
  health.drain();
  health.set('later', 'serving');
  expect((await client.check({ service: 'later' })).status).toBe(NOT_SERVING);
  expect((await client.check({ service: '' })).status).toBe(NOT_SERVING);
  health.resume();
  expect((await client.check({ service: 'later' })).status).toBe(SERVING);
  await transport.close();
});

test('a watch tells of each change, also of a service that is not there yet', async () => {
  const { health, client, transport } = setUp();
  const seen: number[] = [];
  const steps = [
    () => health.set('later', 'serving'),
    () => {
      health.set('later', 'serving');
      health.set('other', 'serving');
      health.drain();
    },
    () => health.resume(),
    () => health.remove('later'),
  ];
  for await (const { status } of client.watch({ service: 'later' })) {
    seen.push(status);
    const step = steps.shift();
    if (step === undefined) break;
    step();
  }
  expect(seen).toEqual([SERVICE_UNKNOWN, SERVING, NOT_SERVING, SERVING, SERVICE_UNKNOWN]);
  await transport.close();
});

test('a watch that is left makes room, and the end of the server ends the others', async () => {
  const { health, client, transport } = setUp();
  const left = new AbortController();
  const first = client.watch({ service: '' }, { signal: left.signal })[Symbol.asyncIterator]();
  await first.next();
  left.abort();
  const codes = [await first.next().catch((error) => error.code)];
  const second = client.watch({ service: '' })[Symbol.asyncIterator]();
  await second.next();
  health.close();
  expect((await second.next()).value?.status).toBe(NOT_SERVING);
  codes.push(await second.next().catch((error) => error.code));
  expect(codes).toEqual(['canceled', 'unavailable']);
  await transport.close();
});

test('a listener that closes tells the watches of its connections, and does not wait for them', async () => {
  const server = createServer();
  createHealth().addTo(server);
  const listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler: server.handler });
  const transport = connectHttp2({ url: listener.address });
  const client = createClient(HealthService, transport);
  const watch = client.watch({ service: '' })[Symbol.asyncIterator]();
  expect((await watch.next()).value?.status).toBe(SERVING);
  const closed = listener.close({ graceMs: 60_000 });
  expect((await watch.next()).value?.status).toBe(NOT_SERVING);
  expect(await watch.next().catch((error) => error.code)).toBe('unavailable');
  await closed;
  await transport.close();
});

test('no more than a thousand watches are open', async () => {
  const server = createServer();
  const health = createHealth().addTo(server);
  const limits = { maxStreams: 2_000 };
  const transport = connectMemory({ handler: server.handler, limits });
  const client = createClient(HealthService, transport);
  const watches = Array.from({ length: 1_000 }, () => client.watch({})[Symbol.asyncIterator]());
  await Promise.all(watches.map((watch) => watch.next()));
  const tooMany = client.watch({})[Symbol.asyncIterator]();
  expect(await tooMany.next().catch((error) => error.code)).toBe('resource_exhausted');
  await watches[0]?.return?.();
  await client.check({});
  const another = client.watch({})[Symbol.asyncIterator]();
  expect((await another.next()).value?.status).toBe(SERVING);
  health.close();
  await transport.close();
});
