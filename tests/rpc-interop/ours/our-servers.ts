import { join } from 'node:path';
import type { Listener } from '@zeke/rpc';
import { serveFetch } from '@zeke/rpc/fetch-server';
import { listenHttp2 } from '@zeke/rpc/http2';
import { listenHttp3 } from '@zeke/rpc/http3';
import { listenQuic } from '@zeke/rpc/quic';
import { listenSharedMemory } from '@zeke/rpc/shared-memory';
import { listenUnix } from '@zeke/rpc/unix';
import { listenWebSocket } from '@zeke/rpc/websocket-server';
import { createTestServer } from '../service/test-service.ts';
import type { Certificates } from '../support/certificates.ts';

const host = '127.0.0.1';

/** The test service on every transport that has a server. */
export class OurServers {
  /** gRPC over HTTP/2: the host is 127.0.0.1. */
  readonly grpcPort: number;
  readonly grpcTlsPort: number;
  readonly grpcPath: string;
  /** Connect and gRPC-Web over HTTP/1.1 and HTTP/2; with TLS also over HTTP/3. */
  readonly webPort: number;
  readonly webTlsPort: number;
  readonly webPath: string;
  /** gRPC over HTTP/3. */
  readonly http3Port: number;
  /** Own frames. */
  readonly quicPort: number;
  readonly webSocketUrl: string;
  readonly secureWebSocketUrl: string;
  readonly unixPath: string;
  readonly sharedMemoryPath: string;
  readonly #listeners: readonly Listener[];

  private constructor(listeners: Record<Place, Listener>) {
    const port = (place: Place): number => Number(new URL(listeners[place].address).port);
    const path = (place: Place): string => listeners[place].address.replace(/^.*?:(\/\/)?/, '');
    this.grpcPort = port('grpc');
    this.grpcTlsPort = port('grpcTls');
    this.grpcPath = path('grpcUnix');
    this.webPort = port('web');
    this.webTlsPort = port('webTls');
    this.webPath = path('webUnix');
    this.http3Port = port('http3');
    this.quicPort = port('quic');
    this.webSocketUrl = listeners.webSocket.address;
    this.secureWebSocketUrl = listeners.webSocketTls.address.replace(host, 'localhost');
    this.unixPath = path('unix');
    this.sharedMemoryPath = path('sharedMemory');
    this.#listeners = Object.values(listeners);
  }

  /** Sockets of files are made in the folder. */
  static async start({ certificate, key }: Certificates, folder: string): Promise<OurServers> {
    const server = createTestServer();
    const { handler } = server;
    const tls = { cert: certificate, key };
    const any = { host, port: 0, handler };
    const web = { handler, methods: (path: string) => server.method(path), http2: true };
    return new OurServers({
      grpc: await listenHttp2(any),
      grpcTls: await listenHttp2({ ...any, tls }),
      grpcUnix: await listenHttp2({ path: join(folder, 'grpc.sock'), handler }),
      web: await serveFetch(web),
      webTls: await serveFetch({ ...web, tls, http3: true }),
      webUnix: await serveFetch({ ...web, path: join(folder, 'web.sock') }),
      http3: await listenHttp3({ ...any, tls }),
      quic: await listenQuic({ ...any, tls }),
      webSocket: await listenWebSocket(any),
      webSocketTls: await listenWebSocket({ ...any, tls }),
      unix: await listenUnix({ path: join(folder, 'frames.sock'), handler }),
      sharedMemory: await listenSharedMemory({ path: join(folder, 'memory.sock'), handler }),
    });
  }

  async close(): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => listener.close({ graceMs: 0 })));
  }
}

type Place =
  | 'grpc'
  | 'grpcTls'
  | 'grpcUnix'
  | 'web'
  | 'webTls'
  | 'webUnix'
  | 'http3'
  | 'quic'
  | 'webSocket'
  | 'webSocketTls'
  | 'unix'
  | 'sharedMemory';
