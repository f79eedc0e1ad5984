import { expect, test } from 'bun:test';
import { type CallHandler, okTrailer, type Transport } from '../core/call.ts';
import type { Connection } from '../core/connection.ts';
import { Metadata } from '../core/metadata.ts';
import { ReconnectingTransport } from '../core/reconnecting.ts';
import { breaker } from '../interceptors/breaker.ts';
import { compress } from '../interceptors/compress.ts';
import { limitConcurrency, limitServerConcurrency } from '../interceptors/concurrency.ts';
import { deadline, serverDeadline } from '../interceptors/deadline.ts';
import { deduplicate } from '../interceptors/deduplicate.ts';
import { hedge } from '../interceptors/hedge.ts';
import { idempotencyKeys } from '../interceptors/idempotency-keys.ts';
import { retry } from '../interceptors/retry.ts';
import { RpcError } from '../rpc-error.ts';
import { RecordingSink } from '../testing/recording-sink.ts';
import { testMethod, testOpenOptions, utf8 } from '../testing/test-method.ts';
import { connectMemory } from '../transports/memory/memory.ts';
import { balance } from './balance.ts';
import { connectionPool } from './connection-pool.ts';
import { EndpointList } from './endpoints.ts';
import { roundRobin } from './round-robin.ts';

const echo = testMethod({ idempotency: 'no-side-effects' });

/** A server of a name, which can be stopped and started. It answers with its name. */
class Server {
  readonly name: string;
  isUp = true;
  calls = 0;
  dials = 0;
  readonly #handler: CallHandler;
  readonly #connections = new Set<Connection>();

  constructor(name: string, wrap: (next: CallHandler) => CallHandler = (next) => next) {
    this.name = name;
    this.#handler = wrap((call) => {
      this.calls++;
      let request = '';
      call.sink = {
        onMessage: (bytes) => {
          request += new TextDecoder().decode(bytes);
        },
        onHalfClose: () => {
          call.sendHeader(Metadata.from({ server: this.name }));
          call.sendMessage(utf8(`${this.name}: ${request}`));
          call.sendEnd(okTrailer);
        },
        onCancel() {},
        onWritable() {},
      };
    });
  }

  connect(): Transport {
    return new ReconnectingTransport({ address: this.name, dial: () => this.#dial() });
  }

  /** Lets what runs end and takes nothing new. */
  async stop(): Promise<void> {
    this.isUp = false;
    await Promise.all([...this.#connections].map((connection) => connection.close()));
  }

  async #dial(): Promise<Connection> {
    this.dials++;
    if (!this.isUp) throw new Error('nobody listens');
    const connection = connectMemory({ handler: this.#handler });
    this.#connections.add(connection);
    return connection;
  }
}

async function ask(transport: Transport, text = 'hello', method = echo): Promise<RecordingSink> {
  const sink = new RecordingSink();
  const call = transport.open(method, testOpenOptions(), sink);
  call.sendMessage(utf8(text));
  call.sendEnd();
  await sink.end;
  return sink;
}

function balanced(servers: readonly Server[], list: EndpointList) {
  return balance({
    endpoints: list,
    connect: ({ address }) => (servers.find(({ name }) => name === address) as Server).connect(),
    policy: roundRobin({ random: () => 0 }),
  });
}

test('a server that stops loses no call, and one that comes takes its share', async () => {
  const servers = [new Server('a'), new Server('b'), new Server('c')];
  const list = new EndpointList([{ address: 'a' }, { address: 'b' }]);
  const transport = balanced(servers, list);
  for (let i = 0; i < 4; i++) expect((await ask(transport)).code).toBe('ok');
  expect(servers.map(({ calls }) => calls > 0)).toEqual([true, true, false]);
  const during = Array.from({ length: 20 }, () => ask(transport));
  const stopping = servers[0]?.stop();
  for (const sink of await Promise.all(during)) expect(sink.code).toBe('ok');
  await stopping;
  for (let i = 0; i < 4; i++) expect((await ask(transport)).texts).toEqual(['b: hello']);
  list.set([{ address: 'b' }, { address: 'c' }]);
  const answers = new Set<string>();
  for (let i = 0; i < 4; i++) answers.add((await ask(transport)).texts.join());
  expect(answers).toEqual(new Set(['b: hello', 'c: hello']));
  await transport.close();
});

test('when nobody listens, a call fails with the reason', async () => {
  const server = new Server('a');
  await server.stop();
  const transport = balanced([server], new EndpointList([{ address: 'a' }]));
  const sink = await ask(transport);
  expect(sink.trailer?.error?.message).toBe('cannot connect to a: nobody listens');
  await transport.close();
});

test('a pool of connections is one endpoint', async () => {
  const server = new Server('a');
  const transport = balance({
    endpoints: new EndpointList([{ address: 'a' }]),
    connect: () =>
      connectionPool({ connect: () => server.connect(), size: 3, callsPerConnection: 5 }),
  });
  await ask(transport);
  for (let round = 0; round < 3; round++) {
    const sinks = await Promise.all(Array.from({ length: 30 }, () => ask(transport)));
    for (const sink of sinks) expect(sink.code).toBe('ok');
  }
  expect(server.dials).toBe(3);
  await transport.close();
});

test('all policies stand one before the other, over connections that come and go', async () => {
  const wrap = (next: CallHandler): CallHandler =>
    serverDeadline({ timeoutMs: 10_000 })(
      limitServerConcurrency({ maxInFlight: 4 })(deduplicate()(next)),
    );
  const servers = [new Server('a', wrap), new Server('b', wrap)];
  const list = new EndpointList([{ address: 'a' }, { address: 'b' }]);
  const over = balance({
    endpoints: list,
    connect: ({ address }) => (servers.find(({ name }) => name === address) as Server).connect(),
    interceptor: (next, { address }) => breaker({ name: address })(next),
    outliers: {},
    waitForReady: true,
  });
  const stack = [
    deadline({ timeoutMs: 20_000 }),
    idempotencyKeys(),
    limitConcurrency({ maxInFlight: 8, queueTimeoutMs: 10_000 }),
    retry(),
    hedge({ delayMs: 5_000 }),
    compress(),
  ];
  const transport = stack.reduceRight<Transport>((next, interceptor) => interceptor(next), over);
  const unsafe = testMethod();
  const sinks: Promise<RecordingSink>[] = [];
  for (let i = 0; i < 40; i++) sinks.push(ask(transport, `${i}`, i % 2 === 0 ? echo : unsafe));
  list.set([{ address: 'b' }]);
  for (let i = 40; i < 60; i++) sinks.push(ask(transport, `${i}`));
  for (const [i, sink] of (await Promise.all(sinks)).entries()) {
    expect(sink.code).toBe('ok');
    expect(sink.texts.join()).toMatch(new RegExp(`^[ab]: ${i}$`));
    expect(sink.header?.get('server')).toBe(sink.texts.join().charAt(0));
  }
  const gone = new RecordingSink();
  const call = transport.open(echo, testOpenOptions(), gone);
  call.cancel(new RpcError('canceled', 'enough'));
  await gone.end;
  expect(gone.code).toBe('canceled');
  await transport.close();
});
