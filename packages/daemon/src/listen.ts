import type { ResolvedConfig } from '@zeke/foundation';
import type { Composition } from './compose.ts';
import { home } from './home.ts';
import { type HttpServer, type HttpServerOptions, serveHttp } from './http-server.ts';
import type { ServerTls } from './tls/server-tls.ts';
import type { WebSocketRoute } from './web-sockets.ts';

/** The listeners of a running zeke as one; the address is that of the callers of models. */
export interface Listeners extends HttpServer {
  /** Where the admin API is; absent where it is found with the rest. */
  readonly adminUrl?: string;
}

interface ListenOptions {
  /** Where the port is taken, another one does. */
  readonly anyPort: boolean;
  readonly reusePort: boolean;
  readonly tls: ServerTls | undefined;
  readonly webSockets: readonly WebSocketRoute[];
}

/**
 * Listens where the configuration says: at one address for all, or at two, of which one has the admin
 * API and nothing that calls models, and the other the rest. Throws what `serveHttp` throws; nothing
 * listens then.
 */
export async function listen(
  { server: { admin, host, maxHeaderBytes, port } }: ResolvedConfig,
  parts: Composition,
  { anyPort, reusePort, tls, webSockets }: ListenOptions,
): Promise<Listeners> {
  const { gateway, log } = parts;
  const shared = {
    maxHeaderBytes,
    reusePort,
    ...(tls === undefined ? {} : { tls: { material: tls.material, log } }),
  };
  const door = admin && 'public';
  const options: HttpServerOptions = {
    ...shared,
    host,
    port,
    webSockets,
    home: (request) => home(request, parts, tls !== undefined),
    handle: (request, peer, certificate) => gateway.handle(request, peer, certificate, door),
    cutShort: () => gateway.cutShort(),
  };
  const server = await serveHttp(options).catch((error) => {
    if (!anyPort || error.cause?.code !== 'EADDRINUSE') throw error;
    log.warn('server.port is taken by another program: another port is used', { port });
    return serveHttp({ ...options, port: 0 });
  });
  if (admin === undefined) return server;
  const handle: HttpServerOptions['handle'] = (request, peer, certificate) =>
    gateway.handle(request, peer, certificate, 'admin');
  try {
    const withPeer = { ...shared, ...admin, handle };
    const second = await serveHttp({
      ...withPeer,
      home: (request) => gateway.handle(request, undefined, undefined, 'admin'),
    });
    return both(server, second);
  } catch (error) {
    await server.stop(0);
    throw error;
  }
}

function both(server: HttpServer, admin: HttpServer): Listeners {
  const { localUrl, port, url } = server;
  return {
    url,
    localUrl,
    port,
    adminUrl: admin.url,
    useTls(material) {
      server.useTls(material);
      admin.useTls(material);
    },
    windDown() {
      server.windDown();
      admin.windDown();
    },
    async stop(limitMs) {
      const cut = await Promise.all([server.stop(limitMs), admin.stop(limitMs)]);
      return cut.reduce((sum, each) => sum + each, 0);
    },
  };
}
