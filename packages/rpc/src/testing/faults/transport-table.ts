import { mkdtempSync } from 'node:fs';
import { createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compressor } from '../../compression/compressors.ts';
import type { CallHandler, Listener, Transport } from '../../core/call.ts';
import type { RpcLimits } from '../../core/limits.ts';
import { connectFetch } from '../../transports/fetch/client/connect-fetch.ts';
import { serveFetch } from '../../transports/fetch/server/serve-fetch.ts';
import { connectHttp2 } from '../../transports/http2/connect-http2.ts';
import { listenHttp2 } from '../../transports/http2/listen-http2.ts';
import { connectHttp3, listenHttp3 } from '../../transports/http3/http3.ts';
import { connectQuic, listenQuic } from '../../transports/quic/quic.ts';
import {
  connectSharedMemory,
  listenSharedMemory,
} from '../../transports/shared-memory/shared-memory.ts';
import { connectUnix, listenUnix } from '../../transports/unix/unix.ts';
import { listenWebSocket } from '../../transports/websocket/server.ts';
import { connectWebSocket } from '../../transports/websocket/websocket-client.ts';
import { Notes } from '../note-service.ts';

/** PEM texts. */
export interface FaultTls {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

interface FaultServerOptions {
  readonly handler: CallHandler;
  readonly limits: Partial<RpcLimits>;
  readonly tls: FaultTls;
}

interface FaultClientOptions {
  readonly limits: Partial<RpcLimits>;
  readonly tls: FaultTls;
}

/** A transport as the faults use it: a server can be started again where one was killed. */
export interface FaultTransport {
  /** What a `place` is: the path of a Unix socket, or `host:port`. */
  readonly place: 'path' | 'tcp' | 'udp';
  /** It finds out by itself that a peer has fallen silent; else deadlines have to. */
  readonly hearsSilence: boolean;
  listen(place: string, options: FaultServerOptions): Promise<Listener>;
  connect(place: string, options: FaultClientOptions): Transport;
}

export type TransportName =
  | 'unix'
  | 'shared-memory'
  | 'websocket'
  | 'http2'
  | 'http2-unix'
  | 'http2-tls'
  | 'quic'
  | 'http3'
  | 'connect';

export const faultTransports: Readonly<Record<TransportName, FaultTransport>> = {
  unix: {
    place: 'path',
    hearsSilence: true,
    listen: (path, { handler, limits }) => listenUnix({ path, handler, limits }),
    connect: (path, { limits }) => connectUnix({ path, limits }),
  },
  'shared-memory': {
    place: 'path',
    hearsSilence: true,
    listen: (path, { handler, limits }) => listenSharedMemory({ path, handler, limits }),
    connect: (path, { limits }) => connectSharedMemory({ path, limits }),
  },
  websocket: {
    place: 'tcp',
    hearsSilence: true,
    listen: (place, { handler, limits }) =>
      listenWebSocket({ ...hostAndPort(place), handler, limits }),
    connect: (place, { limits }) => connectWebSocket({ url: `ws://${place}`, limits, compressor }),
  },
  http2: {
    place: 'tcp',
    hearsSilence: true,
    listen: (place, { handler, limits }) => listenHttp2({ ...hostAndPort(place), handler, limits }),
    connect: (place, { limits }) => connectHttp2({ url: `http://${place}`, limits }),
  },
  'http2-unix': {
    place: 'path',
    hearsSilence: true,
    listen: (path, { handler, limits }) => listenHttp2({ path, handler, limits }),
    connect: (path, { limits }) => connectHttp2({ path, limits }),
  },
  'http2-tls': {
    place: 'tcp',
    hearsSilence: true,
    listen: (place, { handler, limits, tls }) =>
      listenHttp2({ ...hostAndPort(place), handler, limits, tls: serverTls(tls) }),
    connect: (place, { limits, tls }) =>
      connectHttp2({ url: `https://${place}`, limits, tls: clientTls(tls) }),
  },
  quic: {
    place: 'udp',
    hearsSilence: true,
    listen: (place, { handler, limits, tls }) =>
      listenQuic({ ...hostAndPort(place), handler, limits, tls: serverTls(tls) }),
    connect: (place, { limits, tls }) =>
      connectQuic({ ...hostAndPort(place), limits, tls: clientTls(tls) }),
  },
  http3: {
    place: 'udp',
    hearsSilence: true,
    listen: (place, { handler, limits, tls }) =>
      listenHttp3({ ...hostAndPort(place), handler, limits, tls: serverTls(tls) }),
    connect: (place, { limits, tls }) =>
      connectHttp3({ ...hostAndPort(place), limits, tls: clientTls(tls) }),
  },
  connect: {
    place: 'tcp',
    hearsSilence: false,
    listen: (place, { handler, limits }) =>
      serveFetch({ ...hostAndPort(place), handler, limits, methods: (path) => methods.get(path) }),
    connect: (place, { limits }) => connectFetch({ baseUrl: `http://${place}`, limits }),
  },
};

export const transportNames: readonly TransportName[] = Object.keys(
  faultTransports,
) as TransportName[];

/** A place for a server of this transport, which nobody listens at now. */
export async function freePlace(name: TransportName, host = '127.0.0.1'): Promise<string> {
  if (faultTransports[name].place === 'path') {
    return join(mkdtempSync(join(tmpdir(), 'zrpc-faults-')), 's');
  }
  const server = createTcpServer();
  const port = await new Promise<number>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
  await new Promise((resolve) => server.close(resolve));
  return `${host}:${port}`;
}

const methods = new Map(Object.values(Notes.methods).map((method) => [method.path, method]));

function hostAndPort(place: string): { readonly host: string; readonly port: number } {
  const colon = place.lastIndexOf(':');
  return { host: place.slice(0, colon), port: Number(place.slice(colon + 1)) };
}

function serverTls({ cert, key }: FaultTls): { readonly cert: string; readonly key: string } {
  return { cert, key };
}

function clientTls({ ca }: FaultTls): { readonly ca: string; readonly serverName: string } {
  return { ca, serverName: 'localhost' };
}
