import {
  Client,
  type ClientOptions,
  StreamableHTTPClientTransport,
} from '@modelcontextprotocol/client';
import { RpcError } from '@zeke/rpc';
import { type McpServerOptions, ZekeMcpServer } from '../mcp-server.ts';
import { type McpSocketData, webSocketEndpoint } from '../web-socket-endpoint.ts';
import { type ScriptedServed, scriptedServed } from './scripted-served.ts';

/** The eras of the protocol, as a client chooses them. */
export const eras = ['stateless', 'sessions'] as const;

export type Era = (typeof eras)[number];

export interface ServedForTest extends ScriptedServed, AsyncDisposable {
  readonly url: string;
  readonly server: ZekeMcpServer;
  readonly errors: readonly Error[];
  /** A client over HTTP, as the caller whose name it sends as its key. */
  client(era: Era, options?: ClientOptions, key?: string): Promise<Client>;
}

/** A server on a port of its own: `/mcp` over HTTP and WebSocket. Who sends no key is refused. */
export function serveScripted(options: Partial<McpServerOptions> = {}): ServedForTest {
  const errors: Error[] = [];
  const scripted = scriptedServed();
  const server = new ZekeMcpServer({
    served: scripted.served,
    info: { name: 'zeke-test', version: '1' },
    onerror: (error) => errors.push(error),
    ...options,
  });
  const authenticate = ({ headers }: Request) => {
    const key = headers.get('authorization')?.replace('Bearer ', '');
    if (!key) throw new RpcError('unauthenticated', 'send a key');
    return { id: key };
  };
  const sockets = webSocketEndpoint(server);
  const http = Bun.serve<McpSocketData>({
    hostname: '127.0.0.1',
    port: 0,
    idleTimeout: 0,
    websocket: sockets,
    fetch: (request, self) => {
      if (request.headers.get('upgrade') !== 'websocket')
        return server.handle(request, authenticate);
      const refused = server.foreign(request);
      if (refused) return refused;
      self.upgrade(request, { data: { caller: { id: 'socket' } } });
      return undefined;
    },
  });
  const clients = new Set<Client>();
  const url = `http://127.0.0.1:${http.port}/mcp`;
  return {
    ...scripted,
    url,
    server,
    errors,
    async client(era, clientOptions = {}, key = 'key_1') {
      const client = clientOf(era, clientOptions);
      clients.add(client);
      const requestInit = { headers: { authorization: `Bearer ${key}` } };
      await client.connect(new StreamableHTTPClientTransport(new URL(url), { requestInit }));
      return client;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...clients].map((client) => client.close()));
      await server[Symbol.asyncDispose]();
      await http.stop(true);
    },
  };
}

/** A client that speaks one era only. */
export function clientOf(era: Era, options: ClientOptions = {}): Client {
  return new Client(
    { name: 'test-client', version: '1' },
    {
      ...options,
      versionNegotiation: { mode: era === 'stateless' ? { pin: '2026-07-28' } : 'legacy' },
    },
  );
}
