import type { CallHandler } from '../../core/call.ts';
import type { RpcLimits } from '../../core/limits.ts';
import type { TlsServerOptions } from '../../sockets/socket.ts';

export interface WebSocketServeOptions {
  readonly handler: CallHandler;
  readonly limits?: Partial<RpcLimits>;
  /**
   * Pages of these origins may connect (`https://app.example`), or of any (`*`). Default: pages of
   * this server's own origin, and clients that are no browser.
   */
  readonly allowedOrigins?: readonly string[];
  /** permessage-deflate. Default false: frames may be compressed one by one. */
  readonly deflate?: boolean;
}

export type WebSocketListenOptions = WebSocketServeOptions & {
  /** The path of the URL; default `/`. */
  readonly urlPath?: string;
} & (
    | {
        /** A Unix socket; one that nobody listens at any more is replaced. */
        readonly path: string;
        /**
         * The permissions of its file; default 0o600: its owner alone. They alone say who may
         * connect: no runtime tells a WebSocket server whose process does.
         */
        readonly mode?: number;
      }
    | { readonly host: string; readonly port: number; readonly tls?: TlsServerOptions }
  );
