import { afterAll, expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import type { Transport } from '../core/call.ts';
import { createClient } from '../core/client.ts';
import { createServer } from '../core/server.ts';
import type { RpcError } from '../rpc-error.ts';
import { connectHttp2 } from '../transports/http2/connect-http2.ts';
import { listenHttp2 } from '../transports/http2/listen-http2.ts';
import { connectQuic } from '../transports/quic/quic.ts';
import { connectUnix, listenUnix } from '../transports/unix/unix.ts';
import { newSocketPath } from './contract/harnesses.ts';
import { Notes } from './note-service.ts';
import { testCertificates } from './test-certificates.ts';

/* A client at a server of something else: the error names what is most likely wrong. */

const { handler } = createServer().add(Notes, { echo: (note) => note });
const { authority, server } = await testCertificates();
const tls = { cert: server.certificate, key: server.key };
const local = { host: '127.0.0.1', port: 0, handler };

const [ownPath, grpcPath, webPath, mutePath] = [1, 2, 3, 4].map(newSocketPath) as [
  string,
  string,
  string,
  string,
];
const own = await listenUnix({ path: ownPath, handler });
const grpc = await listenHttp2({ path: grpcPath, handler });
const plain = await listenHttp2(local);
const secure = await listenHttp2({ ...local, tls });
const web = Bun.serve({ unix: webPath, fetch: () => new Response('hello') });
const mute = Bun.listen({ unix: mutePath, socket: { data() {} } });

afterAll(async () => {
  await Promise.all([own, grpc, plain, secure].map((one) => one.close({ graceMs: 0 })));
  await web.stop(true);
  mute.stop(true);
  await Promise.all([webPath, mutePath].map((path) => rm(path, { force: true })));
});

async function errorOf(transport: Transport, timeoutMs?: number): Promise<RpcError> {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  const error = await createClient(Notes, transport)
    .echo({}, options)
    .catch((reason: RpcError) => reason);
  await transport.close();
  return error as RpcError;
}

const limits = { handshakeTimeoutMs: 50 };
const notOurs = "does not speak zrpc's own frames";

test.each([
  ['gRPC', grpcPath, `${notOurs}: it closed the connection before it said anything`],
  ['HTTP/1.1', webPath, notOurs],
  ['a server that says nothing', mutePath, `${notOurs}: nothing came within 50 ms`],
])('own frames at %s', async (_, path, message) => {
  const error = await errorOf(connectUnix({ path, limits }));
  expect(error.code).toBe('unavailable');
  expect(error.message).toStartWith(`unix:${path} ${message}`);
  expect(error.message).toEndWith('connect to it over HTTP/2 (connectHttp2, zrpc --grpc)');
});

test.each([
  ['own frames', { path: ownPath }],
  ['HTTP/1.1', { path: webPath }],
  ['TLS', { url: secure.address.replace('https', 'http') }],
])('gRPC at %s', async (_, target) => {
  const error = await errorOf(connectHttp2(target));
  expect(error.code).toBe('unavailable');
  expect(error.message).toContain('A server with TLS is reached by https:, one of');
});

test('TLS where none is spoken', async () => {
  const url = plain.address.replace('http', 'https');
  const error = await errorOf(connectHttp2({ url, tls: { ca: authority } }));
  expect(error.message).toBe(`cannot connect to ${url}: no TLS is spoken at that port`);
});

test('a deadline that comes before there is a connection says so', async () => {
  const tlsOptions = { ca: authority };
  const quic = await errorOf(connectQuic({ host: '127.0.0.1', port: 9, tls: tlsOptions }), 20);
  expect(quic.code).toBe('deadline_exceeded');
  expect(quic.message).toContain(
    'did not end within 20 ms; quic://127.0.0.1:9: nobody has answered',
  );
});
