import type { JSONRPCMessage } from '@modelcontextprotocol/server';
import { type StdioServerHandle, serveStdio } from '@modelcontextprotocol/server/stdio';
import { followChanges } from './change-feed.ts';
import { listenUris } from './listening.ts';
import type { McpCaller } from './served.ts';
import { ServedServer, type ServerParts } from './served-server.ts';
import { type TextSink, TextTransport } from './text-transport.ts';

/** Subscriptions of one connection. */
const maxListensOfConnection = 100;

/** One client on a connection of its own: standard input and output, or a WebSocket. */
export interface Connection {
  receive(text: string): void;
  /** Ends it; what runs is aborted. */
  close(): Promise<void>;
  /** Resolves when it has ended, whoever ended it. */
  readonly ended: Promise<void>;
}

/** Serves a client on a connection of texts; the first message says which era of the protocol it speaks. */
export function connect(
  parts: ServerParts,
  caller: McpCaller,
  sink: TextSink,
  onerror: (error: Error) => void,
): Connection {
  const ended = Promise.withResolvers<void>();
  let handle: StdioServerHandle | undefined;
  let server: ServedServer | undefined;
  let unfollow = () => {};
  const listens = new Listens();
  const transport = new TextTransport(
    {
      write: (text) => sink.write(text),
      close: () => {
        unfollow();
        server?.leave();
        sink.close();
        ended.resolve();
      },
    },
    (message) => server && listens.follow(message, server),
  );
  handle = serveStdio(
    () => {
      unfollow();
      server?.leave();
      server = new ServedServer(parts, caller);
      unfollow = followChanges(parts.served, server.server);
      return server;
    },
    { transport, onerror, maxSubscriptions: maxListensOfConnection },
  );
  return {
    receive: (text) => transport.receive(text),
    close: async () => {
      await handle?.close();
    },
    ended: ended.promise,
  };
}

/** Which resources the open `subscriptions/listen` of a connection are about. */
class Listens {
  readonly #uris = new Map<string | number, readonly string[]>();

  follow(message: JSONRPCMessage, { watch }: ServedServer): Promise<void> | undefined {
    if (!('method' in message)) return undefined;
    if (message.method === 'notifications/cancelled') {
      const id = (message.params as { requestId?: unknown } | undefined)?.requestId;
      if (typeof id === 'string' || typeof id === 'number') this.#end(id, watch);
      return undefined;
    }
    if (message.method !== 'subscriptions/listen' || !('id' in message)) return undefined;
    const uris = listenUris(message.params);
    if (uris.length === 0 || this.#uris.size >= maxListensOfConnection) return undefined;
    this.#uris.set(message.id, uris);
    // One that can't be watched is never told of: the protocol promises no more.
    return Promise.allSettled(uris.map((uri) => watch.add(uri))).then(() => undefined);
  }

  #end(id: string | number, watch: ServedServer['watch']): void {
    const ended = this.#uris.get(id) ?? [];
    this.#uris.delete(id);
    const others = new Set([...this.#uris.values()].flat());
    for (const uri of ended) if (!others.has(uri)) watch.remove(uri);
  }
}
