import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressor } from '../../compression/compressors.ts';
import type { DisposableTransport, Listener } from '../../core/call.ts';
import type { FetchProtocol } from '../../transports/fetch/client/client-settings.ts';
import { connectFetch } from '../../transports/fetch/client/connect-fetch.ts';
import { serveFetch } from '../../transports/fetch/server/serve-fetch.ts';
import { connectHttp2 } from '../../transports/http2/connect-http2.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { connectMemory } from '../../transports/memory/memory.ts';
import { connectUnix, listenUnix } from '../../transports/unix/unix.ts';
import { listenWebSocket } from '../../transports/websocket/server.ts';
import { connectWebSocket } from '../../transports/websocket/websocket-client.ts';
import { Notes } from '../note-service.ts';
import type { ContractConnection, ContractHarness } from './contract-bench.ts';

let count = 0;

/** A path for a Unix socket that no other test of this process has. */
export function newSocketPath(): string {
  return join(tmpdir(), `zrpc-test-${process.pid}-${count++}.sock`);
}

export const memoryHarness: ContractHarness = {
  name: 'memory',
  lacks: ['listener', 'connection-age'],
  async connect(options) {
    const transport = connectMemory({ ...options, compressor });
    return { transport, close: () => transport.close() };
  },
};

export const unixHarness: ContractHarness = {
  name: 'unix',
  async connect({ handler, limits = {}, clientHandler }) {
    const path = newSocketPath();
    const listener = await listenUnix({ path, handler, limits });
    const transport = connectUnix({
      path,
      limits,
      ...(clientHandler === undefined ? {} : { handler: clientHandler }),
    });
    return both(transport, listener);
  },
};

export const webSocketHarness: ContractHarness = {
  name: 'websocket',
  async connect({ handler, limits = {}, clientHandler }) {
    const listener = await listenWebSocket({ host: '127.0.0.1', port: 0, handler, limits });
    const transport = connectWebSocket({
      url: listener.address,
      limits,
      compressor,
      ...(clientHandler === undefined ? {} : { handler: clientHandler }),
    });
    return both(transport, listener);
  },
};

export const http2Harness: ContractHarness = {
  name: 'http2',
  lacks: ['callback'],
  async connect({ handler, limits = {} }) {
    const listener = await listenHttp2({ host: '127.0.0.1', port: 0, handler, limits });
    return both(connectHttp2({ url: listener.address, limits }), listener);
  },
};

/** gRPC over HTTP/2 through a Unix socket. */
export const http2UnixHarness: ContractHarness = {
  name: 'http2 over a Unix socket',
  lacks: ['callback'],
  async connect({ handler, limits = {} }) {
    const path = newSocketPath();
    const listener = await listenHttp2({ path, handler, limits });
    const connection = both(connectHttp2({ path, limits }), listener);
    return {
      ...connection,
      async close() {
        await connection.close();
        await rm(path, { force: true });
      },
    };
  },
};

const methods = new Map(Object.values(Notes.methods).map((method) => [method.path, method]));

/** One of the protocols that go through `fetch`. */
export function fetchHarness(protocol: FetchProtocol): ContractHarness {
  return {
    name: protocol,
    lacks: ['callback', 'repeated-metadata', 'connection-age'],
    async connect({ handler, limits = {} }) {
      const listener = await serveFetch({ handler, methods: (path) => methods.get(path), limits });
      const transport = connectFetch({ baseUrl: listener.address, protocol, limits, compressor });
      return both(transport, listener);
    },
  };
}

function both(transport: DisposableTransport, listener: Listener): ContractConnection {
  return {
    transport,
    listener,
    async close() {
      await transport.close();
      await listener.close({ graceMs: 0 });
    },
  };
}
