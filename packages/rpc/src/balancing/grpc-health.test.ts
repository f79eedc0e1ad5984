import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { decodeMessage, encodeMessage } from '../codec/message-bytes.ts';
import { Metadata } from '../core/metadata.ts';
import { ReconnectingTransport } from '../core/reconnecting.ts';
import { createServer } from '../core/server.ts';
import {
  HealthCheckRequest,
  HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Status,
} from '../gen/grpc/health/v1/health_pb.ts';
import { RpcError } from '../rpc-error.ts';
import { createHealth } from '../services/health/health.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { ScriptedReadyTransport } from '../testing/scripted-ready-transport.ts';
import { ScriptedTransport } from '../testing/scripted-transport.ts';
import { testMethod, testOpenOptions } from '../testing/test-method.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import { balance } from './balance.ts';
import { EndpointList } from './endpoints.ts';
import { type GrpcHealthOptions, grpcHealth } from './grpc-health.ts';

function setUp(peer: ScriptedTransport, options: GrpcHealthOptions = {}) {
  const clock = new ManualClock();
  const seen: (boolean | undefined)[] = [];
  const source = grpcHealth({ clock, random: () => 0.5, ...options });
  const stop = source.watch({ address: 'a' }, peer, (isServing) => seen.push(isServing));
  return { clock, seen, stop };
}

function response(status: Status): Uint8Array {
  return encodeMessage(HealthCheckResponse, { status });
}

test('the health of a service is told as its server says it', () => {
  const peer = new ScriptedTransport();
  const metadata = Metadata.from({ authorization: 'Bearer t' });
  const { clock, seen, stop } = setUp(peer, { service: 'notes.Notes', metadata });
  const call = peer.call(0);
  expect(call.method.path).toBe('/grpc.health.v1.Health/Watch');
  expect(call.options.metadata).toBe(metadata);
  expect(decodeMessage(HealthCheckRequest, call.sent[0] as Uint8Array).service).toBe('notes.Notes');
  expect(call.halfClosed).toBe(true);
  for (const status of [Status.SERVING, Status.NOT_SERVING, Status.SERVICE_UNKNOWN]) {
    call.message(response(status));
  }
  call.message(response(Status.SERVING));
  expect(seen).toEqual([true, false, false, true]);
  stop();
  expect(call.cancelledWith?.code).toBe('canceled');
  expect(seen).toHaveLength(4);
  expect(clock.pending).toBe(0);
});

test('a server without the service serves, and is not asked again', () => {
  const peer = new ScriptedReadyTransport('ready');
  const { clock, seen } = setUp(peer);
  peer.call(0).end(new RpcError('unimplemented', 'no such service'));
  expect(seen).toEqual([true]);
  peer.become('idle');
  peer.become('ready');
  clock.advance(1_000_000);
  expect(peer.calls).toHaveLength(1);
  expect(peer.listeners).toBe(0);
});

test('a server that fails to tell does not serve, and is asked again after growing waits', () => {
  const peer = new ScriptedTransport();
  const { clock, seen, stop } = setUp(peer);
  for (const wait of [1_000, 1_600]) {
    peer.call(-1).end(new RpcError('internal', 'broken'));
    expect(clock.nextDelayMs).toBe(wait);
    clock.advance(wait);
  }
  peer.call(2).message(response(Status.SERVING));
  peer.call(2).end();
  expect(clock.nextDelayMs).toBe(1_000);
  expect(seen).toEqual([false, false, true, false]);
  stop();
  expect(clock.pending).toBe(0);
});

test('bytes that are no answer are a failure, whatever they are', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 20 }), (bytes) => {
      const peer = new ScriptedTransport();
      const { clock, seen, stop } = setUp(peer);
      peer.call(0).message(bytes);
      expect(seen).toHaveLength(1);
      expect(peer.call(0).ended).toBe(clock.pending === 1);
      stop();
      expect(clock.pending).toBe(0);
    }),
  );
});

test('it asks only over a connection, and knows nothing when that is lost', () => {
  const peer = new ScriptedReadyTransport('idle');
  const { clock, seen, stop } = setUp(peer);
  expect(peer.calls).toHaveLength(0);
  peer.become('ready');
  peer.call(0).message(response(Status.NOT_SERVING));
  peer.become('idle');
  peer.call(0).end(new RpcError('unavailable', 'the connection was closed'));
  expect(seen).toEqual([false, undefined]);
  expect(clock.pending).toBe(0);
  peer.become('ready');
  expect(peer.calls).toHaveLength(2);
  stop();
  expect(peer.listeners).toBe(0);
});

test('a new connection is asked anew, and the old one is let go', () => {
  const peer = new ScriptedReadyTransport('ready');
  const { seen } = setUp(peer);
  peer.call(0).message(response(Status.SERVING));
  peer.become('ready');
  expect(peer.call(0).cancelledWith?.code).toBe('canceled');
  peer.call(1).message(response(Status.NOT_SERVING));
  expect(seen).toEqual([true, false]);
});

test('a balancer leaves a server alone that drains, and comes back to it', async () => {
  const served: string[] = [];
  const start = (name: string) => {
    const server = createServer({
      interceptors: [
        (next) => (call) => {
          if (call.path !== '/test.Service/Method') return next(call);
          served.push(name);
          call.sendEnd({ error: undefined, metadata: Metadata.empty });
        },
      ],
    });
    const health = createHealth().addTo(server);
    return { name, health, handler: server.handler };
  };
  const servers = [start('a'), start('b')];
  const transport = balance({
    endpoints: new EndpointList([{ address: 'a' }, { address: 'b' }]),
    connect: ({ address }) => {
      const { handler } = servers.find(({ name }) => name === address) as (typeof servers)[0];
      return new ReconnectingTransport({ address, dial: async () => connectMemory({ handler }) });
    },
    health: grpcHealth(),
  });
  const ask = async () => {
    const sink = new RecordingSink();
    transport.open(testMethod(), testOpenOptions(), sink);
    await sink.end;
    expect(sink.code).toBe('ok');
  };
  const until = async (wanted: string) => {
    const states = () => transport.status.map(({ state }) => state).join();
    while (states() !== wanted) await new Promise((resolve) => setImmediate(resolve));
  };
  await ask();
  await until('ready,ready');
  servers[0]?.health.drain();
  await until('not-serving,ready');
  served.length = 0;
  for (let i = 0; i < 4; i++) await ask();
  expect(served).toEqual(['b', 'b', 'b', 'b']);
  servers[0]?.health.resume();
  await until('ready,ready');
  for (let i = 0; i < 2; i++) await ask();
  expect(served).toContain('a');
  await transport.close();
});
