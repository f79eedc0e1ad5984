import type { Listener } from '../../core/call.ts';
import { socketRuntime } from '../../sockets/socket.ts';
import { clearSocketPath, withMode } from '../unix/socket-file.ts';
import type { WebSocketListenOptions } from './websocket-options.ts';

export type { WebSocketListenOptions, WebSocketServeOptions } from './websocket-options.ts';

/**
 * Serves own frames over WebSocket: by `Bun.serve`, on Node by the package `ws`. To have it in a
 * server of `Bun.serve` that does other things as well: `@zeke/rpc/websocket-endpoint`. With `tls.ca`
 * (mTLS) it is the package `ws` on Bun, too, because `Bun.serve` does not tell the certificates of
 * clients.
 * @throws RpcError unavailable that says why the address cannot be had, already_exists when somebody
 * listens at the Unix socket, invalid_argument that says what is wrong with the texts of `tls`.
 */
export async function listenWebSocket(options: WebSocketListenOptions): Promise<Listener> {
  const listen =
    'Bun' in globalThis && !('tls' in options && options.tls?.ca !== undefined)
      ? (await import('./bun-websocket-server.ts')).listenBunWebSocket
      : (await import('./node-websocket-server.ts')).listenNodeWebSocket;
  if (!('path' in options)) return await listen(options);
  const { path, mode = 0o600 } = options;
  await clearSocketPath(path, await socketRuntime());
  return await withMode(path, mode, () => listen(options));
}
