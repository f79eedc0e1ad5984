import { type CallHandler, createClient, createServer, type Transport } from '@zeke/rpc';
import { connectHttp2, listenHttp2 } from '@zeke/rpc/http2';
import { connectSharedMemory, listenSharedMemory } from '@zeke/rpc/shared-memory';
import { connectUnix, listenUnix } from '@zeke/rpc/unix';
import { connectWebSocket } from '@zeke/rpc/websocket';
import { listenWebSocket } from '@zeke/rpc/websocket-server';
import { Echo, type Payload } from '../gen/echo_pb.ts';
import type { PeerName } from './names.ts';
import { type BenchmarkClient, type Peer, payloadOf } from './peer.ts';

/** For how long a busy poll waits after the last frame. */
const busyPollMs = 20;

/** Our own framework over the transport that the name says. */
export function zrpcPeer(name: PeerName): Peer {
  const transport = transports[name];
  if (transport === undefined) throw new Error(`${name} is no transport of zrpc`);
  return {
    async serve(address) {
      await transport.listen(address, server().handler);
    },
    connect: async (address) => clientOver(await transport.connect(address)),
  };
}

interface ZrpcTransport {
  listen(address: string, handler: CallHandler): Promise<unknown>;
  connect(address: string): Transport | Promise<Transport>;
}

const transports: Partial<Record<PeerName, ZrpcTransport>> = {
  'zrpc-unix': {
    listen: (path, handler) => listenUnix({ path, handler }),
    connect: (path) => connectUnix({ path }),
  },
  'zrpc-unix-busy': {
    listen: (path, handler) => listenUnix({ path, handler, busyPollMs }),
    connect: (path) => connectUnix({ path, busyPollMs }),
  },
  'zrpc-shared-memory': {
    listen: (path, handler) => listenSharedMemory({ path, handler, pollMs: busyPollMs }),
    connect: (path) => connectSharedMemory({ path, pollMs: busyPollMs }),
  },
  'zrpc-websocket': {
    listen: (address, handler) => listenWebSocket({ ...hostAndPort(address), handler }),
    connect: (address) => connectWebSocket({ url: `ws://${address}/` }),
  },
  'zrpc-http2': {
    listen: (address, handler) => listenHttp2({ ...hostAndPort(address), handler }),
    connect: (address) => connectHttp2({ url: `http://${address}` }),
  },
  'zrpc-quic': {
    async listen(address, handler) {
      const { listenQuic } = await import('@zeke/rpc/quic');
      const { certificate } = await import('./certificate.ts');
      return await listenQuic({ ...hostAndPort(address), tls: certificate(), handler });
    },
    async connect(address) {
      const { connectQuic } = await import('@zeke/rpc/quic');
      const { certificate } = await import('./certificate.ts');
      const tls = { ca: certificate().cert, serverName: 'localhost' };
      return connectQuic({ ...hostAndPort(address), tls });
    },
  },
};

function server() {
  return createServer().add(Echo, {
    unary: (payload) => payload,
    async *download({ count, size }) {
      const payload = payloadOf(size);
      for (let i = 0; i < count; i++) yield payload;
    },
  });
}

function clientOver(transport: Transport): BenchmarkClient {
  const echo = createClient(Echo, transport);
  const messages = new Map<number, ReturnType<typeof payloadOf>>();
  return {
    async unary(bytes) {
      let message = messages.get(bytes);
      if (message === undefined) {
        message = payloadOf(bytes);
        messages.set(bytes, message);
      }
      await echo.unary(message);
    },
    async download(count, size) {
      let bytes = 0;
      const payloads: AsyncIterable<Payload> = echo.download({ count, size });
      for await (const { body } of payloads) bytes += body.length;
      return bytes;
    },
    close: () => transport.close(),
  };
}

function hostAndPort(address: string): { host: string; port: number } {
  const [host = '127.0.0.1', port = '0'] = address.split(':');
  return { host, port: Number(port) };
}
