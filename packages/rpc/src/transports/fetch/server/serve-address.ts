import type { SocketAddress } from '../../../sockets/socket.ts';
import type { ServeFetchOptions } from './serve-fetch.ts';

/** Where to listen; by default nobody but this machine is let in. */
export function serveAddress({ host, port, path }: ServeFetchOptions): SocketAddress {
  return path === undefined ? { host: host ?? '127.0.0.1', port: port ?? 0 } : { path };
}
