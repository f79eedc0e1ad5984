import { expect, test } from 'bun:test';
import { createServer, connect as netConnect, type Socket } from 'node:net';
import { testCertificates } from '../testing/test-certificates.ts';
import { bunSockets } from './bun-sockets.ts';
import { nodeSockets } from './node-sockets.ts';
import type { ByteSocket, SocketHandler } from './socket.ts';

/*
 * A TLS peer that does not answer the notice that a side ends (close_notify), as gRPC's C core does
 * not: the connection ends all the same, since the side also ends its half of the TCP connection.
 */

const { authority, server } = await testCertificates();

const idle: SocketHandler = { onData() {}, onDrain() {}, onClose() {} };

/** Relays TCP to a port until it is told to keep back what one side says. */
async function relayTo(port: number): Promise<{
  readonly port: number;
  /** Nothing goes from the server to the client any more; resolves with the client's FIN. */
  muteServer(): Promise<void>;
  close(): void;
}> {
  let isMuted = false;
  const sockets: Socket[] = [];
  const finished = Promise.withResolvers<void>();
  const listener = createServer({ allowHalfOpen: true }, (near) => {
    const far = netConnect({ host: '127.0.0.1', port, allowHalfOpen: true });
    sockets.push(near, far);
    for (const socket of [near, far]) socket.on('error', () => {});
    near.on('data', (bytes) => far.write(bytes));
    near.on('end', () => finished.resolve());
    far.on('data', (bytes) => {
      if (!isMuted) near.write(bytes);
    });
  });
  await new Promise<void>((resolve) => {
    listener.listen(0, '127.0.0.1', resolve);
  });
  return {
    port: (listener.address() as { port: number }).port,
    async muteServer() {
      isMuted = true;
      await finished.promise;
    },
    close() {
      for (const socket of sockets) socket.destroy();
      listener.close();
    },
  };
}

test.each([
  ['Bun', bunSockets],
  ['Node', nodeSockets],
] as const)(
  '%s: the end of a TLS socket is the end of its half of the connection',
  async (_, runtime) => {
    const received = Promise.withResolvers<string>();
    const listener = await bunSockets.listen(
      {
        host: '127.0.0.1',
        port: 0,
        tls: { cert: server.certificate, key: server.key, protocols: ['h2'] },
      },
      () => ({ ...idle, onData: (bytes) => received.resolve(Buffer.from(bytes).toString()) }),
    );
    const relay = await relayTo(listener.port);
    let socket: ByteSocket | undefined;
    await runtime.dial(
      {
        host: '127.0.0.1',
        port: relay.port,
        tls: { ca: authority, serverName: 'localhost', protocols: ['h2'] },
      },
      (opened) => {
        socket = opened;
        return idle;
      },
    );
    const muted = relay.muteServer();
    socket?.write(Buffer.from('last words'));
    socket?.end();
    await muted;
    expect(await received.promise).toBe('last words');
    relay.close();
    listener.close();
  },
);
