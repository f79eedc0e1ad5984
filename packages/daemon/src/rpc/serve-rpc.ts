import { join } from 'node:path';
import type { Logger, RpcConfig } from '@zeke/foundation';
import { ChatService, OmenService } from '@zeke/protocol';
import {
  type CallHandler,
  createServer,
  type Listener,
  RpcError,
  type RpcLimits,
  type Server,
} from '@zeke/rpc';
import { createHealth } from '@zeke/rpc/health';
import { addReflection } from '@zeke/rpc/reflection';
import { listenUnix } from '@zeke/rpc/unix';
import { webSocketEndpoint } from '@zeke/rpc/websocket-endpoint';
import type { WebSocketRoute } from '../web-sockets.ts';
import { eitherSpelling } from './either-spelling.ts';
import type { GatewayHandler } from './gateway-call.ts';
import { omenService } from './omen-service.ts';
import { type NetworkListeners, serveNetwork } from './serve-network.ts';

export interface RpcServerOptions {
  readonly config: RpcConfig & { readonly host: string };
  /** `$ZEKE_HOME`: the Unix socket is `zeke.sock` in it. */
  readonly home: string;
  readonly handle: GatewayHandler;
  /** Adds further services. */
  readonly addServices?: (server: Server) => void;
  /** What opens the assistant to callers over a network. */
  readonly secrets: readonly string[];
  /** In PEM; with it the port speaks TLS, and QUIC. */
  readonly tls?: { readonly cert: string; readonly key: string };
  readonly log: Logger;
}

export interface RpcServer {
  /** The Unix socket of our own frames; undefined where another zeke of this user has it. */
  readonly socket: string | undefined;
  /** Own frames over WebSocket, for the HTTP server. */
  readonly webSocket: WebSocketRoute;
  /** Where gRPC is spoken, `http://127.0.0.1:50051`; undefined before `listen`, and where it is not. */
  readonly url: string | undefined;
  /** Where QUIC is spoken, `quic://127.0.0.1:50051`. */
  readonly quicUrl: string | undefined;
  /** @throws RpcError when an address that was asked for cannot be had. */
  listen(): Promise<void>;
  /** Its health says from now on that it ends; everything else goes on. */
  drain(): void;
  stop(limitMs: number): Promise<void>;
}

/** The path of own frames over WebSocket. */
const webSocketPath = '/rpc';

/**
 * Serves the contracts of `proto/` as own frames on a Unix socket that is the user's alone, and over
 * WebSocket; with `listen` as gRPC on a port; with health and reflection.
 * @throws RpcError when the socket cannot be had.
 */
export async function serveRpc(options: RpcServerOptions): Promise<RpcServer> {
  const { config, handle, home, log, secrets } = options;
  const onUnexpected = (err: unknown) => log.error('a call failed', { err });
  const server = createServer({ interceptors: [eitherSpelling], onUnexpected });
  const omen = omenService(handle);
  server.add(OmenService, omen).add(ChatService, omen);
  options.addServices?.(server);
  const health = createHealth({ services: server.services }).addTo(server);
  addReflection(server);
  const limits = limitsOf(config);
  const unix = await ownSocket(join(home, 'zeke.sock'), server.handler, limits, log);
  // What guards calls from outside is loaded with the first of them.
  let guarded: Promise<CallHandler> | undefined;
  const guard = (): Promise<CallHandler> => {
    guarded ??= import('./guard-assistant.ts').then(({ guardAssistant }) =>
      guardAssistant(secrets, server.handler),
    );
    return guarded;
  };
  let fromOutside: CallHandler | undefined;
  const webSocket = webSocketEndpoint({ limits, handler: (call) => fromOutside?.(call) });
  let network: NetworkListeners | undefined;
  return {
    socket: unix?.address,
    webSocket: {
      path: webSocketPath,
      websocket: webSocket.websocket,
      async upgrade(request, httpServer) {
        fromOutside ??= await guard();
        return webSocket.upgrade(request, httpServer);
      },
    } as WebSocketRoute,
    get url() {
      return network?.http2.address;
    },
    get quicUrl() {
      return network?.quic?.address;
    },
    async listen() {
      if (!config.enabled) return;
      const handler = await guard();
      network = await serveNetwork({ ...options, handler, limits });
    },
    drain: () => health.drain(),
    async stop(graceMs) {
      health.close();
      const closing = { graceMs };
      await Promise.all([network?.close(closing), unix?.close(closing), webSocket.close(closing)]);
    },
  };
}

function limitsOf({
  idleTimeoutMs,
  maxConnections,
  maxMessageBytes,
}: RpcConfig): Partial<RpcLimits> {
  return { idleTimeoutMs, maxConnections, maxMessageBytes };
}

/** Several may run on one home, as with other configurations; the first has the socket. */
async function ownSocket(
  path: string,
  handler: CallHandler,
  limits: Partial<RpcLimits>,
  log: Logger,
): Promise<Listener | undefined> {
  try {
    return await listenUnix({ path, handler, limits });
  } catch (error) {
    if (!(error instanceof RpcError && error.code === 'already_exists')) throw error;
    log.warn('another zeke of this user answers at the Unix socket, so this one does not', {
      path,
    });
    return undefined;
  }
}
