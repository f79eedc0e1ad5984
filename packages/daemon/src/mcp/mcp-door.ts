import type { ResolvedConfig } from '@zeke/foundation';
import type { Gateway, PeerAddress, PeerCertificateOf } from '@zeke/gateway';
import {
  glob,
  type McpCaller,
  type McpSocketData,
  webSocketEndpoint,
  type ZekeMcpServer,
} from '@zeke/mcp';
import { RpcError } from '@zeke/rpc';
import type { WebSocketRoute } from '../web-sockets.ts';
import { keylessCallers } from './record-call.ts';

/** Where MCP is, over HTTP and WebSocket. */
const mcpPath = '/mcp';

export interface McpDoorOptions {
  readonly server: ZekeMcpServer;
  readonly gateway: Gateway;
  /** Who may come in, as of now. */
  readonly serve: () => ResolvedConfig['mcp']['serve'];
}

/** `/mcp` of the HTTP server. */
export interface McpDoor {
  handle(request: Request, peer?: PeerAddress, certificate?: PeerCertificateOf): Promise<Response>;
  readonly webSocket: WebSocketRoute<McpSocketData>;
}

/** Lets in whom the gateway knows and the configuration names; others are told why not. */
export function mcpDoor({ gateway, serve, server }: McpDoorOptions): McpDoor {
  const callerOf = async (
    request: Request,
    peer?: PeerAddress,
    certificate?: PeerCertificateOf,
  ): Promise<McpCaller> => {
    const { keyId, owner } = await gateway.identify(request, peer, certificate);
    const id = keyId ?? (owner === undefined ? keylessCallers.local : keylessCallers.admin);
    if (keyId !== undefined && !serve().callers.some((pattern) => glob(pattern)(keyId))) {
      throw new RpcError(
        'permission_denied',
        `the key ${keyId} may not call /mcp: name it in mcp.serve.callers, or use the admin key`,
      );
    }
    const address = peer?.(request);
    return {
      id,
      ...(owner === undefined ? {} : { owner }),
      ...(address === undefined ? {} : { address }),
    };
  };
  const sockets = webSocketEndpoint(server);
  return {
    handle: (request, peer, certificate) =>
      server.handle(request, () => callerOf(request, peer, certificate)),
    webSocket: {
      path: mcpPath,
      websocket: sockets,
      async upgrade(request, http) {
        const refused = server.foreign(request);
        if (refused) return refused;
        if (!sockets.hasRoom())
          return new Response('too many WebSockets are open\n', { status: 503 });
        try {
          const caller = await callerOf(request, (each) => http.requestIP(each)?.address);
          const wanted = request.headers.get('sec-websocket-protocol')?.split(/,\s*/) ?? [];
          const headers = wanted.includes('mcp') ? { 'sec-websocket-protocol': 'mcp' } : {};
          if (http.upgrade(request, { data: { caller }, headers })) return undefined;
          return new Response('it is no WebSocket\n', { status: 400 });
        } catch (error) {
          const { code, message } = RpcError.from(error);
          return new Response(`${message}\n`, { status: code === 'unauthenticated' ? 401 : 403 });
        }
      },
    },
  };
}
