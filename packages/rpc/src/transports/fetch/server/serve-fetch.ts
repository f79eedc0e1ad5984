import type { Listener } from '../../../core/call.ts';
import type { TlsServerOptions } from '../../../sockets/socket.ts';
import type { FetchServerOptions } from './fetch-server.ts';

/** Where calls over HTTP are served, besides how. */
export interface ServeFetchOptions extends FetchServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default: any free one. */
  readonly port?: number;
  /** A Unix socket instead of host and port. */
  readonly path?: string;
  /**
   * PEM texts. With `ca` a client must have a certificate; who it is, `Peer.certificate` says on
   * Node only.
   */
  readonly tls?: TlsServerOptions;
  /** Default true. */
  readonly http1?: boolean;
  /**
   * HTTP/2 at the same port, by ALPN where there is TLS, else for clients that know beforehand (on
   * Node only where `http1` is false). Default false.
   */
  readonly http2?: boolean;
  /** HTTP/3 at the same port of UDP. Needs TLS, and Bun. Default false. */
  readonly http3?: boolean;
  /** Several processes listen at the same port (`SO_REUSEPORT`). */
  readonly reusePort?: boolean;
}

/**
 * Serves the Connect protocol and gRPC-Web, by `Bun.serve` or by `node:http`.
 *
 *     const server = createServer().add(Greeter, handlers);
 *     const listener = await serveFetch({ handler: server.handler, methods: (path) => server.method(path) });
 *
 * Of HTTP/1.1 and HTTP/2 by Bun the header of a response goes out with its first message, not
 * before. `limits.idleTimeoutMs` above 255 s counts as 255 s there, and `limits.maxConnections` is
 * not enforced.
 *
 * @throws TypeError for options that contradict themselves, the runtime's Error where the address
 * cannot be had.
 */
export async function serveFetch(options: ServeFetchOptions): Promise<Listener> {
  if (options.http3 && (options.tls === undefined || options.path !== undefined)) {
    throw new TypeError('http3 needs tls, and a port: it is UDP and always encrypted');
  }
  if ('Bun' in globalThis) return (await import('./serve-bun.ts')).serveBun(options);
  return (await import('./serve-node.ts')).serveNode(options);
}
