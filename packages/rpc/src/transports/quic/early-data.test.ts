import { afterAll, expect, test } from 'bun:test';
import type { CallHandler, Listener, ServerCall } from '../../core/call.ts';
import type { Connection } from '../../core/connection.ts';
import { Metadata } from '../../core/metadata.ts';
import type { MethodInfo } from '../../core/method.ts';
import { RecordingSink } from '../../testing/recording-sink.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { testMethod, testOpenOptions, utf8 } from '../../testing/test-method.ts';
import { UdpRelay } from '../../testing/udp-relay.ts';
import { dialQuic, listenQuic, type QuicServeOptions, type QuicTickets } from './quic.ts';
import type { QuicResumption } from './quic-endpoint.ts';

const certificates = await testCertificates();
const serverTls = { cert: certificates.server.certificate, key: certificates.server.key };
const clientTls = { ca: certificates.authority };
const safe = testMethod({ path: '/test.Service/Get', idempotency: 'no-side-effects' });
const unsafe = testMethod({ path: '/test.Service/Put' });

const closers: (() => Promise<void>)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

/** Answers each call with its path and what it said. */
function echo(call: ServerCall): void {
  let text = '';
  call.sink = {
    onMessage(bytes) {
      text += new TextDecoder().decode(bytes);
    },
    onHalfClose() {
      call.sendMessage(utf8(`${call.path} ${text}`));
      call.sendEnd({ error: undefined, metadata: Metadata.empty });
    },
    onCancel() {},
    onWritable() {},
  };
}

class Ticket implements QuicTickets {
  #wake: () => void = () => {};
  readonly #all: QuicResumption[] = [];

  put(resumption: QuicResumption): void {
    this.#all.push(resumption);
    this.#wake();
  }

  take(): QuicResumption | undefined {
    return this.#all.pop();
  }

  async come(): Promise<void> {
    while (this.#all.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

async function serve(options: Partial<QuicServeOptions> = {}): Promise<Listener> {
  const handler: CallHandler = echo;
  const listener = await listenQuic({
    host: '127.0.0.1',
    port: 0,
    tls: serverTls,
    handler,
    ...options,
  });
  closers.push(() => listener.close({ graceMs: 0 }));
  return listener;
}

async function dial(port: number, tickets: QuicTickets): Promise<Connection> {
  const options = { host: '127.0.0.1', port, tls: clientTls, tickets, earlyData: true };
  const connection = await dialQuic(options);
  closers.push(() => connection.close());
  return connection;
}

function call(connection: Connection, method: MethodInfo, text: string): RecordingSink {
  const sink = new RecordingSink();
  const opened = connection.open(method, testOpenOptions(), sink);
  opened.sendMessage(utf8(text));
  opened.sendEnd();
  return sink;
}

/** What a first connection got to resume with. */
async function ticketOf(port: number): Promise<Ticket> {
  const ticket = new Ticket();
  const connection = await dial(port, ticket);
  await call(connection, safe, 'first').end;
  await ticket.come();
  await connection.close();
  return ticket;
}

const portOf = (listener: Listener): number => Number(new URL(listener.address).port);
const isSafe = (path: string): boolean => path === safe.path;

test('a call without side effects is handled before the client has heard of the server', async () => {
  const handled = new Set<string>();
  const first = Promise.withResolvers<void>();
  const handler: CallHandler = (incoming) => {
    echo(incoming);
    handled.add(incoming.path);
    if (isListening) first.resolve();
  };
  let isListening = false;
  const relay = await UdpRelay.before(portOf(await serve({ earlyMethods: isSafe, handler })));
  const ticket = await ticketOf(relay.port);
  handled.clear();
  isListening = true;
  relay.fromServer = () => 'drop';
  const connection = await dial(relay.port, ticket);
  const early = call(connection, safe, 'early');
  const late = call(connection, unsafe, 'late');
  await first.promise;
  expect([...handled]).toEqual([safe.path]);
  relay.fromServer = () => 'pass';
  await Promise.all([early.end, late.end]);
  expect(early.texts).toEqual(['/test.Service/Get early']);
  expect(late.texts).toEqual(['/test.Service/Put late']);
});

test('where the server takes no early data, calls are sent again', async () => {
  const port = portOf(await serve());
  const ticket = await ticketOf(port);
  const connection = await dial(port, ticket);
  const calls = [
    call(connection, safe, 'a'),
    call(connection, unsafe, 'b'),
    call(connection, safe, 'c'),
  ];
  await Promise.all(calls.map((sink) => sink.end));
  expect(calls.map((sink) => sink.texts[0])).toEqual([
    '/test.Service/Get a',
    '/test.Service/Put b',
    '/test.Service/Get c',
  ]);
});

test('so are they where another server has taken the place', async () => {
  const first = await serve({ earlyMethods: isSafe });
  const ticket = await ticketOf(portOf(first));
  const port = portOf(await serve({ earlyMethods: isSafe }));
  const connection = await dial(port, ticket);
  const sink = call(connection, safe, 'again');
  await sink.end;
  expect(sink.texts).toEqual(['/test.Service/Get again']);
});

test('an early call that the server does not allow as such is sent again', async () => {
  let handled = 0;
  const handler: CallHandler = (incoming) => {
    handled++;
    echo(incoming);
  };
  const port = portOf(await serve({ earlyMethods: () => false, handler }));
  const ticket = await ticketOf(port);
  const sink = call(await dial(port, ticket), safe, 'early');
  await sink.end;
  expect(sink.texts).toEqual(['/test.Service/Get early']);
  // Of the ticket's connection, and the one that was sent again.
  expect(handled).toBe(2);
});

test('calls fail where no server is left', async () => {
  const listener = await serve({ earlyMethods: isSafe });
  const relay = await UdpRelay.before(portOf(listener));
  const ticket = await ticketOf(relay.port);
  relay.close();
  const limits = { handshakeTimeoutMs: 200 };
  const options = { host: '127.0.0.1', port: relay.port, tls: clientTls, limits };
  const connection = await dialQuic({ ...options, tickets: ticket, earlyData: true });
  const calls = [call(connection, safe, 'a'), call(connection, unsafe, 'b')];
  await Promise.all(calls.map((sink) => sink.end));
  expect(calls.map((sink) => sink.code)).toEqual(['unavailable', 'unavailable']);
  expect(connection.acceptsCalls).toBe(false);
  await connection.close();
});
