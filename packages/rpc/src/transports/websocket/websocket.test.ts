import { afterAll, describe, expect, test } from 'bun:test';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import type { RpcError } from '../../rpc-error.ts';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { webSocketHarness } from '../../testing/contract/harnesses.ts';
import { leaveSocket } from '../../testing/leave-socket.ts';
import { Notes } from '../../testing/note-service.ts';
import { testCertificates } from '../../testing/test-certificates.ts';
import { listenBunWebSocket } from './bun-websocket-server.ts';
import { listenNodeWebSocket } from './node-websocket-server.ts';
import { listenWebSocket } from './server.ts';
import { connectWebSocket } from './websocket-client.ts';
import { webSocketProtocol } from './websocket-link.ts';

const folder = mkdtempSync(join(tmpdir(), 'zrpc-ws-'));
afterAll(() => rmSync(folder, { recursive: true }));

contractTests(webSocketHarness, test);

const echo = createServer().add(Notes, { echo: (note) => note });

test('over a Unix socket', async () => {
  const path = join(folder, 'x.sock');
  const listener = await listenWebSocket({ path, handler: echo.handler, urlPath: '/rpc' });
  const transport = connectWebSocket({ url: listener.address });
  expect((await createClient(Notes, transport).echo({ text: 'hi' })).text).toBe('hi');
  await transport.close();
  await listener.close();
});

test('a Unix socket is its owner’s alone; one that was left behind is replaced, a live one is not', async () => {
  const path = join(folder, 'left.sock');
  await leaveSocket(path);
  const listener = await listenWebSocket({ path, handler: echo.handler });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const again = listenWebSocket({ path, handler: echo.handler });
  await expect(again).rejects.toMatchObject({ code: 'already_exists' });
  await listener.close();
});

test('with an authority, clients need a certificate of it, and calls say whose it is', async () => {
  const { authority, server, client, strangerClient } = await testCertificates();
  const whoIs = createServer().add(Notes, {
    echo: (_note, { peer }) => ({ text: JSON.stringify(peer.certificate) }),
  });
  const tls = { cert: server.certificate, key: server.key, ca: authority };
  const options = { host: 'localhost', port: 0, tls, handler: whoIs.handler };
  const listener = await listenWebSocket(options);
  const callAs = async (identity?: { certificate: string; key: string }): Promise<string> => {
    const transport = connectWebSocket({
      url: listener.address,
      create: createAs({ ca: authority, cert: identity?.certificate, key: identity?.key }),
    });
    const outcome = await createClient(Notes, transport)
      .echo({})
      .then(
        ({ text }) => text,
        (error: RpcError) => error.code,
      );
    await transport.close();
    return outcome;
  };
  expect(JSON.parse(await callAs(client))).toEqual({
    subject: 'test-client',
    alternativeNames: ['URI:spiffe://test/client'],
    fingerprint: new X509Certificate(client.certificate).fingerprint256
      .replaceAll(':', '')
      .toLowerCase(),
  });
  expect(await callAs()).toBe('unavailable');
  expect(await callAs(strangerClient)).toBe('unavailable');
  await listener.close({ graceMs: 0 });
  await expect(listenBunWebSocket(options)).rejects.toMatchObject({ code: 'unimplemented' });
});

const listens = [
  ['Bun.serve', listenBunWebSocket],
  ['node:http', listenNodeWebSocket],
] as const;

test.each(listens)('%s: TLS without an authority asks for no certificate', async (_, listen) => {
  const { authority, server } = await testCertificates();
  const tls = { cert: server.certificate, key: server.key };
  const listener = await listen({ host: 'localhost', port: 0, tls, handler: echo.handler });
  const create = createAs({ ca: authority });
  const transport = connectWebSocket({ url: listener.address, create });
  expect((await createClient(Notes, transport).echo({ text: 'hi' })).text).toBe('hi');
  await transport.close();
  await listener.close({ graceMs: 0 });
});

test.each(listens)('%s says what keeps it from listening', async (_, listen) => {
  const options = { host: '127.0.0.1', port: 0, handler: echo.handler };
  const listener = await listen(options);
  const port = Number(new URL(listener.address).port);
  await expect(listen({ ...options, port })).rejects.toMatchObject({
    code: 'unavailable',
    message: `cannot listen at 127.0.0.1:${port}: another process listens there; stop it, or choose another port`,
  });
  const tls = { cert: 'cert.pem', key: 'key.pem' };
  await expect(listen({ ...options, tls })).rejects.toMatchObject({
    code: 'invalid_argument',
    message: expect.stringContaining('tls.cert'),
  });
  await listener.close();
});

function createAs(tls: object): (url: string, protocol: string) => WebSocket {
  return (url, protocols) => new WebSocket(url, { protocols, tls } as never);
}

describe('a client that does not belong', () => {
  async function answered(headers: Record<string, string>, path = '/'): Promise<number> {
    const listener = await listenWebSocket({ host: '127.0.0.1', port: 0, handler: echo.handler });
    const url = listener.address.replace('ws:', 'http:').replace(/\/$/, path);
    const response = await fetch(url, { headers });
    await listener.close({ graceMs: 0 });
    return response.status;
  }
  const handshake = {
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
  };
  const protocol = { 'sec-websocket-protocol': `other, ${webSocketProtocol}` };

  test('is told so', async () => {
    expect(await answered({ ...handshake, ...protocol, origin: 'https://evil.example' })).toBe(403);
    expect(await answered({ ...handshake, ...protocol, origin: 'nonsense' })).toBe(403);
    expect(await answered(handshake)).toBe(400);
    expect(await answered(protocol)).toBe(426);
    expect(await answered(protocol, '/elsewhere')).toBe(404);
  });

  test('a text message closes the connection with 1003', async () => {
    const listener = await listenWebSocket({ host: '127.0.0.1', port: 0, handler: echo.handler });
    const socket = new WebSocket(listener.address, webSocketProtocol);
    socket.onopen = () => socket.send('hello');
    const code = await new Promise((resolve) => {
      socket.onclose = (event) => resolve(event.code);
    });
    expect(code).toBe(1003);
    await listener.close();
  });

  test('a server that is no zrpc server is unavailable', async () => {
    const plain = Bun.serve({ port: 0, fetch: () => new Response('hello') });
    const transport = connectWebSocket({ url: `ws://127.0.0.1:${plain.port}/` });
    const call = createClient(Notes, transport).echo({});
    await expect(call).rejects.toMatchObject({ code: 'unavailable' });
    await transport.close();
    await plain.stop(true);
  });
});
