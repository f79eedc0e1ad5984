import type { Listener } from '../../core/call.ts';
import type { WebSocketListenOptions } from './websocket-options.ts';

export type { WebSocketListenOptions, WebSocketServeOptions } from './websocket-options.ts';

/**
 * Serves own frames over WebSocket: by `Bun.serve`, on Node by the package `ws`. To have it in a
 * server of `Bun.serve` that does other things as well: `@zeke/rpc/websocket-endpoint`.
 * @throws Error of the runtime when the address cannot be had.
 */
export async function listenWebSocket(options: WebSocketListenOptions): Promise<Listener> {
  if ('Bun' in globalThis) {
    return await (await import('./bun-websocket-server.ts')).listenBunWebSocket(options);
  }
  return await (await import('./node-websocket-server.ts')).listenNodeWebSocket(options);
}
