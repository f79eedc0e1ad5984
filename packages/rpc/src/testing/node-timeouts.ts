import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { RpcLimits } from '../core/limits.ts';
import { createServer } from '../core/server.ts';
import { serveFetch } from '../transports/fetch/server/serve-fetch.ts';
import { Notes } from './note-service.ts';

/**
 * Registers tests for Node's runner: HTTP clients that say nothing, or not enough, are cut off by the
 * limits, long before the half minute after which Node would look.
 */
export function nodeTimeoutTests(test: (name: string, run: () => Promise<void>) => unknown): void {
  const server = createServer().add(Notes, { echo: (note) => note });
  const cutOff = async (
    http: { readonly http1: boolean; readonly http2: boolean },
    limits: Partial<RpcLimits>,
    said: string | Uint8Array,
  ): Promise<void> => {
    const methods = (path: string) => server.method(path);
    const listener = await serveFetch({ handler: server.handler, methods, limits, ...http });
    const socket = connect(Number(new URL(listener.address).port), '127.0.0.1');
    socket.resume();
    socket.write(said);
    await once(socket, 'close');
    await listener.close({ graceMs: 0 });
  };

  test('fetch: a header that does not end is cut off', async () => {
    const head = 'POST /zrpc.test.Notes/Echo HTTP/1.1\r\nhost: x\r\n';
    await cutOff({ http1: true, http2: false }, { handshakeTimeoutMs: 200 }, head);
  });

  test('fetch: a client of HTTP/2 that says nothing is cut off', async () => {
    await cutOff({ http1: false, http2: true }, { handshakeTimeoutMs: 200 }, '');
  });

  test('fetch: a client of HTTP/2 without calls is cut off', async () => {
    const settings = new Uint8Array([0, 0, 0, 4, 0, 0, 0, 0, 0]);
    const hello = Buffer.concat([Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), settings]);
    await cutOff({ http1: false, http2: true }, { idleTimeoutMs: 200 }, hello);
  });

  test('fetch: connections beyond maxConnections are closed', async () => {
    const methods = (path: string) => server.method(path);
    const limits = { maxConnections: 2 };
    const listener = await serveFetch({ handler: server.handler, methods, limits });
    const port = Number(new URL(listener.address).port);
    const sockets = [1, 2, 3].map(() => connect(port, '127.0.0.1').resume());
    const closed = new Set<unknown>();
    for (const socket of sockets) socket.once('close', () => closed.add(socket));
    await Promise.race(sockets.map((socket) => once(socket, 'close')));
    assert.equal(closed.size, 1);
    for (const socket of sockets) socket.destroy();
    await listener.close({ graceMs: 0 });
  });
}
