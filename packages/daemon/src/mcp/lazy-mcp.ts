import type { ResolvedConfig } from '@zeke/foundation';
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
  #config: ResolvedConfig;

  constructor(options: Omit<OpenMcpOptions, 'folder'>) {
    this.#options = options;
    this.#config = options.config;
  }

  /** Puts other rules, servers and callers in force; where it listens and its limits stay as they are. */
  async configure(config: ResolvedConfig): Promise<void> {
    this.#config = config;
    await this.#opening?.catch(() => {});
    await this.#mcp?.configure(config);
  }

  /** What the HTTP server does at `/mcp`. */
  get route(): WebSocketRoute<McpSocketData> {
    // A socket is there only after `upgrade`, and so after the door was opened.
    const handlers = () => this.#door?.webSocket.websocket;
    type Socket = ServerWebSocket<McpSocketData>;
    return {
      path,
      handle: async (request, peer, certificate) => {
        const door = await this.#get().catch((error) => this.#unavailable(error));
        return door instanceof Response ? door : await door.handle(request, peer, certificate);
      },
      upgrade: async (request, server) => {
        const door = await this.#get().catch((error) => this.#unavailable(error));
        return door instanceof Response ? door : await door.webSocket.upgrade(request, server);
      },
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

  /** As where the project's folder is not there. It is tried again with the next request. */
  #unavailable(err: unknown): Response {
    this.#options.log.error('/mcp cannot be served', { err });
    const error = { code: -32_603, message: 'zeke cannot serve MCP now; its log has the cause' };
    return Response.json({ jsonrpc: '2.0', id: null, error }, { status: 503 });
  }

  async #open(): Promise<McpDoor> {
    const [{ openMcp }, { mcpDoor }] = await Promise.all([
      import('./open-mcp.ts'),
      import('./mcp-door.ts'),
    ]);
    const { gateway } = this.#options;
    const config = this.#config;
    const { project } = config.mcp.serve;
    const folder = project === undefined ? {} : { folder: project };
    this.#mcp = await openMcp({ ...this.#options, config, ...folder });
    const { server } = this.#mcp;
    this.#door = mcpDoor({ server, gateway, serve: () => this.#config.mcp.serve });
    return this.#door;
  }
}
