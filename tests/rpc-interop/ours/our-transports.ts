import { connectMemory, type Transport } from '@zeke/rpc';
import { compressor } from '@zeke/rpc/compression';
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

const all: ServerAbilities = { clientStreams: true, fullDuplex: true, compression: 'checks' };
/** Within one machine nothing is compressed. */
const near: ServerAbilities = { ...all, compression: 'none' };
/** `fetch` of this runtime sends a body whole before it reads, over HTTP/1.1. */
const web: ServerAbilities = { ...all, fullDuplex: false };

const host = 'localhost';

/** Every transport that the library has. */
export const ourWays: readonly OurWay[] = [
  {
    name: 'memory',
    abilities: near,
    connect: () => connectMemory({ handler: createTestServer().handler }),
  },
  {
    name: 'unix',
    abilities: all,
    connect: ({ unixPath }) => connectUnix({ path: unixPath }),
  },
  {
    name: 'shared-memory',
    abilities: near,
    connect: ({ sharedMemoryPath }) => connectSharedMemory({ path: sharedMemoryPath }),
  },
  {
    name: 'websocket',
    abilities: all,
    connect: ({ webSocketUrl }) => connectWebSocket({ url: webSocketUrl, compressor }),
  },
  {
    name: 'websocket, TLS',
    abilities: all,
    connect: ({ secureWebSocketUrl }, { authority }) =>
      connectWebSocket({
        url: secureWebSocketUrl,
        compressor,
        create: (url, protocol) =>
          new WebSocket(url, { protocols: [protocol], tls: { ca: authority } }),
      }),
  },
  {
    name: 'quic',
    abilities: all,
    connect: ({ quicPort }, { authority }) =>
      connectQuic({ host, port: quicPort, tls: { ca: authority } }),
  },
  {
    name: 'gRPC',
    abilities: all,
    connect: ({ grpcPort }) => dialHttp2({ url: `http://127.0.0.1:${grpcPort}` }),
  },
  {
    name: 'gRPC, TLS',
    abilities: all,
    connect: ({ grpcTlsPort }, { authority }) =>
      dialHttp2({ url: `https://127.0.0.1:${grpcTlsPort}`, tls: { ca: authority } }),
  },
  {
    name: 'gRPC, Unix socket',
    abilities: all,
    connect: ({ grpcPath }) => dialHttp2({ path: grpcPath }),
  },
  {
    name: 'gRPC, HTTP/3',
    abilities: all,
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
        compressor,
        init: { tls: { ca: authority } },
      }),
  },
];

function webWay(name: string, options: Partial<ConnectFetchOptions>): OurWay {
  return {
    name,
    abilities: web,
    connect: ({ webPort }) =>
      connectFetch({ baseUrl: `http://127.0.0.1:${webPort}`, compressor, ...options }),
  };
}
