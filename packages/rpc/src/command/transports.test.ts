import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Listener } from '../core/call.ts';
import { testCertificates } from '../testing/test-certificates.ts';
import { serveFetch } from '../transports/fetch/server/serve-fetch.ts';
import { listenHttp2 } from '../transports/http2/listen-http2.ts';
import { listenHttp3 } from '../transports/http3/http3.ts';
import { listenQuic } from '../transports/quic/quic.ts';
import { listenSharedMemory } from '../transports/shared-memory/shared-memory.ts';
import { listenUnix } from '../transports/unix/unix.ts';
import { listenWebSocket } from '../transports/websocket/server.ts';
import { runZrpc } from './testing/run-zrpc.ts';
import { shopServer } from './testing/shop-service.ts';
import { processTimeoutMs, zrpc } from './testing/zrpc-process.ts';

setDefaultTimeout(processTimeoutMs);

const server = shopServer();
const { handler } = server;
const host = '127.0.0.1';
const listeners: Listener[] = [];
let folder: string;
/** What `TARGET-NAME` is, by its name in the table below. */
const targets: Record<string, string> = {};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zrpc-command-'));
  const { authority, server: identity, client, strangerServer } = await testCertificates();
  const files = {
    'ca.pem': authority,
    'client.pem': client.certificate,
    'client.key': client.key,
    'stranger.pem': strangerServer.certificate,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  const tls = { cert: identity.certificate, key: identity.key };
  const port = 0;
  const methods = server.method.bind(server);
  const path = (name: string): string => join(folder, name);
  const all: Record<string, Listener> = {
    http2: await listenHttp2({ host, port, handler }),
    'http2-tls': await listenHttp2({ host, port, handler, tls }),
    'http2-mtls': await listenHttp2({ host, port, handler, tls: { ...tls, ca: authority } }),
    'http2-unix': await listenHttp2({ path: path('h2.sock'), handler }),
    http3: await listenHttp3({ host, port, handler, tls }),
    unix: await listenUnix({ path: path('unix.sock'), handler }),
    'shared-memory': await listenSharedMemory({ path: path('shm.sock'), handler }),
    websocket: await listenWebSocket({ host, port, handler }),
    'websocket-tls': await listenWebSocket({ host, port, handler, tls }),
    quic: await listenQuic({ host, port, handler, tls }),
    http: await serveFetch({ host, port, handler, methods }),
    'http-tls': await serveFetch({ host, port, handler, methods, tls }),
  };
  for (const [name, listener] of Object.entries(all)) {
    listeners.push(listener);
    targets[name] = listener.address;
  }
});

afterAll(async () => {
  await Promise.all(listeners.map((listener) => listener.close({ graceMs: 0 })));
  await rm(folder, { recursive: true });
});

function addressOf(name: string): string {
  const [, rest = ''] = /^[a-z0-9+]+:\/\/(.*)$/.exec(targets[name] ?? '') ?? [];
  return rest;
}

const withAuthority = ['--cacert', 'ca.pem'];

describe('a stream both ways', () => {
  test.each<[string, () => string[]]>([
    ['gRPC', () => [`grpc://${addressOf('http2')}`]],
    ['gRPC by a flag', () => ['--grpc', addressOf('http2')]],
    ['gRPC with TLS', () => [`grpcs://${addressOf('http2-tls')}`, ...withAuthority]],
    [
      'gRPC with TLS both ways',
      () => [
        '--tls',
        '--grpc',
        addressOf('http2-mtls'),
        ...withAuthority,
        '--cert',
        'client.pem',
        '--key',
        'client.key',
      ],
    ],
    ['gRPC on a Unix socket', () => ['grpc+unix:h2.sock']],
    ['gRPC over HTTP/3', () => [`grpc+h3://${addressOf('http3')}`, ...withAuthority]],
    ['own frames on a Unix socket', () => ['unix:unix.sock']],
    ['own frames through shared memory', () => ['--shm', 'shm.sock']],
    ['own frames over WebSocket', () => ['--ws', targets.websocket ?? '']],
    [
      'own frames over WebSocket with TLS',
      () => [targets['websocket-tls'] ?? '', ...withAuthority],
    ],
    ['own frames over QUIC', () => ['--quic', addressOf('quic'), ...withAuthority]],
    ['Connect', () => ['--connect', targets.http ?? '']],
    ['Connect with TLS', () => [targets['http-tls'] ?? '', ...withAuthority]],
    ['gRPC-Web', () => [`grpc-web+${targets.http}`]],
  ])('%s', async (_, flags) => {
    const args = ['call', ...flags(), 'shop.v1.Orders/Negotiate', '-'];
    const result = await zrpc(args, { cwd: folder, input: '{"id": 1}\n{"customerName": "é"}' });
    expect(result).toEqual({
      code: 0,
      stdout: '{"id":"1","customerName":"!"}\n{"customerName":"é!"}\n',
      stderr: '',
    });
  });
});

describe('certificates', () => {
  test.each(['http2-tls', 'quic', 'http3', 'websocket-tls', 'http-tls'])(
    '%s: one that nobody trusts is refused',
    async (name) => {
      const schemes: Record<string, string> = { 'http2-tls': 'grpcs', http3: 'grpc+h3' };
      const target = targets[name]?.replace(/^https/, schemes[name] ?? 'https') ?? '';
      const cacert = join(folder, 'stranger.pem');
      const args = ['call', target, 'shop.v1.Orders/GetOrder', '--cacert', cacert];
      const { code, stdout, stderr } = await runZrpc(args);
      expect({ code, stdout }).toEqual({ code: 14, stdout: '' });
      // The standard's WebSocket does not tell why.
      expect(stderr).toMatch(/certificate|CERT|SIGNATURE|wss:.*handshake failed/);
    },
  );

  test('a name that the certificate has not is refused, and one that it has taken', async () => {
    const call = (name: string): ReturnType<typeof zrpc> => {
      const flags = ['--tls', '--cacert', join(folder, 'ca.pem'), '--server-name', name];
      const args = ['call', '--grpc', addressOf('http2-tls'), 'Orders/GetOrder', '{"id":3}'];
      return runZrpc([...args, ...flags]);
    };
    expect((await call('other.example')).code).toBe(14);
    expect(await call('localhost')).toMatchObject({ code: 0, stderr: '' });
  });

  test('--insecure believes every one, where the transport can', async () => {
    for (const name of ['http-tls', 'websocket-tls']) {
      const args = ['call', targets[name] ?? '', 'Orders/GetOrder', '{"id":3}', '--insecure'];
      expect(await runZrpc(args)).toMatchObject({ code: 0, stderr: '' });
    }
    const grpc = ['call', '--tls', '--insecure', '--grpc', addressOf('http2-tls'), 'a/B'];
    const { code, stderr } = await runZrpc(grpc);
    expect(code).toBe(12);
    expect(stderr).toContain('certificates are always verified here; give --cacert');
  });

  test.each<[string[], string]>([
    [['--cacert', 'ca.pem'], '--cacert is for TLS, which grpc://h:1 has not: add --tls'],
    [['--tls', '--cert', 'client.pem'], '--cert and --key belong together'],
    [['--tls', '--cacert', 'missing.pem'], 'missing.pem: there is no such file'],
    [['--tls', '--cacert', 'client.key'], 'the file holds no "BEGIN CERTIFICATE"'],
    [['--tls', '--insecure', '--cacert', 'ca.pem'], '--insecure believes every certificate'],
  ])('%p', async (flags, reason) => {
    const absolute = flags.map((flag) => (/\.(pem|key)$/.test(flag) ? join(folder, flag) : flag));
    const { stderr } = await runZrpc(['call', '--grpc', 'h:1', ...absolute, 'a/B']);
    expect(stderr).toContain(reason);
  });
});

describe('a server that speaks something else', () => {
  test.each<[string, () => string, string]>([
    ['gRPC, where it is HTTP/1.1', () => `grpc://${addressOf('http')}`, 'is called by http://'],
    ['Connect, where it is gRPC', () => `http://${addressOf('http2')}`, 'is called by grpc://'],
    [
      'TLS for gRPC, where there is none',
      () => `grpcs://${addressOf('http2')}`,
      'without TLS it is grpc://',
    ],
    ['TLS, where there is none', () => `https://${addressOf('http')}`, 'may speak none there'],
    ['WebSocket, where it is gRPC', () => `ws://${addressOf('http2')}`, 'there is no WebSocket'],
  ])('%s', async (_, target, hint) => {
    const { code, stderr } = await runZrpc(['call', target(), 'shop.v1.Orders/GetOrder']);
    expect(code).toBeGreaterThan(0);
    expect(stderr).toContain(hint);
  });
});
