import type { Listener } from '@zeke/rpc';
import { serveFetch } from '@zeke/rpc/fetch-server';
import { listenHttp2 } from '@zeke/rpc/http2';
import { listenUnix } from '@zeke/rpc/unix';
import { listenWebSocket } from '@zeke/rpc/websocket-server';
import { createTestServer } from '../../service/test-service.ts';

/** Our test server, on this runtime. @returns its URL. @throws Error for a way that there is not. */
export async function serveZrpc(
  way: string,
  { path, identity }: { path: string; identity: { certificate: Buffer; key: Buffer } | undefined },
): Promise<string> {
  const server = createTestServer();
  const tls =
    identity === undefined
      ? {}
      : { tls: { cert: identity.certificate.toString(), key: identity.key.toString() } };
  const any = { host: '127.0.0.1', port: 0, handler: server.handler, ...tls };
  const listening = (): Promise<Listener> => {
    if (way === 'http2') return listenHttp2(any);
    if (way === 'unix') return listenUnix({ path, handler: server.handler });
    if (way === 'websocket') return listenWebSocket(any);
    if (way === 'web') return serveFetch({ ...any, methods: (name) => server.method(name) });
    throw new Error(`zrpc has no way ${JSON.stringify(way)} here`);
  };
  return (await listening()).address;
}
