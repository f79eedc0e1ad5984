import type { McpSocketData } from '@zeke/mcp';
import type { ServerWebSocket } from 'bun';
import type { WebSocketRoute } from '../web-sockets.ts';
import type { McpDoor } from './mcp-door.ts';
import type { OpenMcp, OpenMcpOptions } from './open-mcp.ts';

/** Where MCP is, over HTTP and WebSocket. */
const path = '/mcp';

/** `/mcp`, put together with the first request to it. */
export class LazyMcp implements AsyncDisposable {
  readonly #options: Omit<OpenMcpOptions, 'folder'>;
  #opening: Promise<McpDoor> | undefined;
  #mcp: OpenMcp | undefined;
  #door: McpDoor | undefined;

  constructor(options: Omit<OpenMcpOptions, 'folder'>) {
    this.#options = options;
  }

  /** What the HTTP server does at `/mcp`. */
  get route(): WebSocketRoute<McpSocketData> {
    // A socket is there only after `upgrade`, and so after the door was opened.
    const handlers = () => this.#door?.webSocket.websocket;
    type Socket = ServerWebSocket<McpSocketData>;
    return {
      path,
      handle: async (request, peer, certificate) =>
        (await this.#get()).handle(request, peer, certificate),
      upgrade: async (request, server) =>
        await (await this.#get()).webSocket.upgrade(request, server),
      websocket: {
        open: (socket: Socket) => handlers()?.open?.(socket),
        message: (socket: Socket, message) => handlers()?.message?.(socket, message),
        drain: (socket: Socket) => handlers()?.drain?.(socket),
        close: (socket: Socket, code, reason) => handlers()?.close?.(socket, code, reason),
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#opening?.catch(() => {});
    await this.#mcp?.[Symbol.asyncDispose]();
  }

  #get(): Promise<McpDoor> {
    this.#opening ??= this.#open().catch((error) => {
      this.#opening = undefined;
      throw error;
    });
    return this.#opening;
  }

  async #open(): Promise<McpDoor> {
    const [{ openMcp }, { mcpDoor }] = await Promise.all([
      import('./open-mcp.ts'),
      import('./mcp-door.ts'),
    ]);
    const { config, gateway } = this.#options;
    const { serve } = config.mcp;
    const folder = serve.project === undefined ? {} : { folder: serve.project };
    this.#mcp = await openMcp({ ...this.#options, ...folder });
    this.#door = mcpDoor({ server: this.#mcp.server, gateway, serve: () => serve });
    return this.#door;
  }
}
