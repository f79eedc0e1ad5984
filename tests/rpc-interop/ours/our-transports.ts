import { connectMemory, type Transport } from '@zeke/rpc';
import { type ConnectFetchOptions, connectFetch } from '@zeke/rpc/fetch';
import { dialHttp2 } from '@zeke/rpc/http2';
import { connectHttp3 } from '@zeke/rpc/http3';
import { connectQuic } from '@zeke/rpc/quic';
import { connectSharedMemory } from '@zeke/rpc/shared-memory';
import { connectUnix } from '@zeke/rpc/unix';
import { connectWebSocket } from '@zeke/rpc/websocket';
import type { ServerAbilities } from '../cases/run-case.ts';
import { createTestServer } from '../service/test-service.ts';
import type { Certificates } from '../support/certificates.ts';
import type { OurServers } from './our-servers.ts';

/** One of our transports, to our own server. */
export interface OurWay {
  readonly name: string;
  readonly abilities: ServerAbilities;
  connect(servers: OurServers, certificates: Certificates): Promise<Transport> | Transport;
}

/** Which messages are compressed can be chosen, and seen, over HTTP/2 alone. */
const grpc: ServerAbilities = { clientStreams: true, fullDuplex: true, compression: 'checks' };
const frames: ServerAbilities = { ...grpc, compression: 'reads' };
/** A client for browsers has no compression of its own. */
const webSocket: ServerAbilities = { ...grpc, compression: 'none' };
/** `fetch` of this runtime sends a body whole before it reads, over HTTP/1.1. */
const web: ServerAbilities = { ...frames, fullDuplex: false };

const host = 'localhost';

/** Every transport that the library has. */
export const ourWays: readonly OurWay[] = [
  {
    name: 'memory',
    abilities: frames,
    connect: () => connectMemory({ handler: createTestServer().handler }),
  },
  {
    name: 'unix',
    abilities: frames,
    connect: ({ unixPath }) => connectUnix({ path: unixPath }),
  },
  {
    name: 'shared-memory',
    abilities: frames,
    connect: ({ sharedMemoryPath }) => connectSharedMemory({ path: sharedMemoryPath }),
  },
  {
    name: 'websocket',
    abilities: webSocket,
    connect: ({ webSocketUrl }) => connectWebSocket({ url: webSocketUrl }),
  },
  {
    name: 'websocket, TLS',
    abilities: webSocket,
    connect: ({ secureWebSocketUrl }, { authority }) =>
      connectWebSocket({
        url: secureWebSocketUrl,
        create: (url, protocol) =>
          new WebSocket(url, { protocols: [protocol], tls: { ca: authority } }),
      }),
  },
  {
    name: 'quic',
    abilities: frames,
    connect: ({ quicPort }, { authority }) =>
      connectQuic({ host, port: quicPort, tls: { ca: authority } }),
  },
  {
    name: 'gRPC',
    abilities: grpc,
    connect: ({ grpcPort }) => dialHttp2({ url: `http://127.0.0.1:${grpcPort}` }),
  },
  {
    name: 'gRPC, TLS',
    abilities: grpc,
    connect: ({ grpcTlsPort }, { authority }) =>
      dialHttp2({ url: `https://127.0.0.1:${grpcTlsPort}`, tls: { ca: authority } }),
  },
  {
    name: 'gRPC, Unix socket',
    abilities: grpc,
    connect: ({ grpcPath }) => dialHttp2({ path: grpcPath }),
  },
  {
    name: 'gRPC, HTTP/3',
    abilities: frames,
    connect: ({ http3Port }, { authority }) =>
      connectHttp3({ host, port: http3Port, tls: { ca: authority } }),
  },
  webWay('Connect', {}),
  webWay('Connect, JSON', { format: 'json' }),
  webWay('gRPC-Web', { protocol: 'grpc-web' }),
  webWay('gRPC-Web, text', { protocol: 'grpc-web-text' }),
  {
    name: 'Connect, TLS',
    abilities: web,
    connect: ({ webTlsPort }, { authority }) =>
      connectFetch({
        baseUrl: `https://localhost:${webTlsPort}`,
        init: { tls: { ca: authority } },
      }),
  },
];

function webWay(name: string, options: Partial<ConnectFetchOptions>): OurWay {
  return {
    name,
    abilities: web,
    connect: ({ webPort }) => connectFetch({ baseUrl: `http://127.0.0.1:${webPort}`, ...options }),
  };
}
