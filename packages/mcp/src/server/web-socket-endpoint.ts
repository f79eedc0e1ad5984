import type { ServerWebSocket } from 'bun';
import type { Connection } from './connection.ts';
import { maxMessageBytes } from './frame.ts';
import type { ZekeMcpServer } from './mcp-server.ts';
import type { McpCaller } from './served.ts';

/** Open WebSockets of all callers. */
const maxMcpSockets = 1_000;
/** What a client that reads slowly may leave unread, in bytes; beyond, it is cut. */
const maxBackpressureBytes = 16 * 1024 * 1024;

/** What `Bun.serve` keeps with a socket. */
export interface McpSocketData {
  readonly caller: McpCaller;
  connection?: Connection;
  /** Writes that wait for the client to read. */
  drained?: PromiseWithResolvers<void>;
}

/** MCP over WebSocket: one text a message, both ways. The handlers of `Bun.serve`. */
export function webSocketEndpoint(server: ZekeMcpServer) {
  let open = 0;
  return {
    maxPayloadLength: maxMessageBytes,
    backpressureLimit: maxBackpressureBytes,
    /** Whether one more may begin. */
    hasRoom: (): boolean => open < maxMcpSockets,
    open(socket: ServerWebSocket<McpSocketData>): void {
      open += 1;
      socket.data.connection = server.connect(socket.data.caller, {
        write: (text) => send(socket, text),
        close: () => socket.close(1000),
      });
    },
    message(socket: ServerWebSocket<McpSocketData>, message: string | Buffer): void {
      if (typeof message === 'string') socket.data.connection?.receive(message);
      else socket.close(1003, 'messages of MCP are texts');
    },
    drain(socket: ServerWebSocket<McpSocketData>): void {
      socket.data.drained?.resolve();
      delete socket.data.drained;
    },
    close(socket: ServerWebSocket<McpSocketData>): void {
      open -= 1;
      socket.data.drained?.resolve();
      void socket.data.connection?.close();
    },
  };
}

/** Bun takes everything up to the limit; who is behind is waited for. */
async function send(socket: ServerWebSocket<McpSocketData>, text: string): Promise<void> {
  const sent = socket.send(text);
  if (sent === 0) throw new Error('the client has left, or reads too slowly');
  if (sent > 0) return;
  socket.data.drained ??= Promise.withResolvers();
  await socket.data.drained.promise;
}
