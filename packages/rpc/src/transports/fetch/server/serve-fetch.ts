import type { Listener } from '../../../core/call.ts';
import { socketRuntime, type TlsServerOptions } from '../../../sockets/socket.ts';
import { clearSocketPath, withMode } from '../../unix/socket-file.ts';
import type { FetchServerOptions } from './fetch-server.ts';

/** Where calls over HTTP are served, besides how. */
export interface ServeFetchOptions extends FetchServerOptions {
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** 0, the default: any free one. */
  readonly port?: number;
  /** A Unix socket instead of host and port; one that nobody listens at any more is replaced. */
  readonly path?: string;
  /**
   * The permissions of its file; default 0o600: its owner alone. They alone say who may connect: no
   * runtime tells an HTTP server whose process does.
   */
  readonly mode?: number;
  /**
   * PEM texts. With `ca` a client must have a certificate (mTLS), and `Peer.certificate` says whose.
   * `Bun.serve` cannot tell that: on Bun it is then `node:http`, which is slower and has no HTTP/3.
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
 * before. `Bun.serve` takes as many connections as come, and gives each as long as it likes for its
 * request: `limits.maxConnections` and `limits.handshakeTimeoutMs` are not enforced there, and
 * `limits.idleTimeoutMs` above 255 s counts as 255 s. Where strangers can connect, put a proxy
 * before it that bounds them.
 *
 * @throws TypeError for options that contradict themselves, RpcError unavailable that says why the
 * address cannot be had, already_exists where somebody listens at the Unix socket, invalid_argument
 * that says what is wrong with the texts of `tls`.
 */
export async function serveFetch(options: ServeFetchOptions): Promise<Listener> {
  if (options.http3 && (options.tls === undefined || options.path !== undefined)) {
    throw new TypeError('http3 needs tls, and a port: it is UDP and always encrypted');
  }
  const serve =
    'Bun' in globalThis && options.tls?.ca === undefined
      ? (await import('./serve-bun.ts')).serveBun
      : (await import('./serve-node.ts')).serveNode;
  const { path, mode = 0o600 } = options;
  if (path === undefined) return await serve(options);
  await clearSocketPath(path, await socketRuntime());
  return await withMode(path, mode, async () => await serve(options));
}
