import {
  createMcpHandler,
  type JSONRPCMessage,
  type Transport,
  WebStandardStreamableHTTPServerTransport,
} from '@modelcontextprotocol/server';
import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Server, ServerWebSocket } from 'bun';
import { TextTransport } from '../../server/text-transport.ts';
import { fixtureServer } from './fixture-server.ts';

type Handler = (request: Request) => Response | Promise<Response>;

/** A server on loopback, for as long as it is needed. */
export class RemoteFixture implements AsyncDisposable {
  readonly url: string;
  readonly requests: { readonly method: string; readonly headers: Headers }[] = [];
  readonly #server: Server<unknown>;

  constructor(path: string, answer: Handler) {
    this.#server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      idleTimeout: 0,
      fetch: (request) => {
        this.requests.push({ method: request.method, headers: request.headers });
        return answer(request);
      },
    });
    this.url = `http://127.0.0.1:${this.#server.port}${path}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

/** The fixture over Streamable HTTP, each request by itself: both eras. */
export function statelessFixture(): RemoteFixture {
  const handler = createMcpHandler(fixtureServer);
  return new RemoteFixture('/mcp', (request) => handler.fetch(request));
}

/** The fixture over Streamable HTTP with sessions, of the older era only. */
export class SessionFixture extends RemoteFixture {
  readonly sessions: Map<string, WebStandardStreamableHTTPServerTransport>;

  constructor() {
    const sessions = new Map<string, WebStandardStreamableHTTPServerTransport>();
    super('/mcp', async (request) => {
      const id = request.headers.get('mcp-session-id');
      const known = id === null ? undefined : sessions.get(id);
      if (known !== undefined) return known.handleRequest(request);
      if (id !== null) return new Response('there is no such session', { status: 404 });
      const transport = new WebStandardStreamableHTTPServerTransport({
        sessionIdGenerator: () => crypto.randomUUID(),
        onsessioninitialized: (session) => void sessions.set(session, transport),
        onsessionclosed: (session) => void sessions.delete(session),
      });
      await fixtureServer().connect(transport);
      return transport.handleRequest(request);
    });
    this.sessions = sessions;
  }
}

/** The fixture over the transport of 2024-11-05: a stream of events, and an address for what is sent. */
export function sseFixture(): RemoteFixture {
  const sessions = new Map<string, EventTransport>();
  return new RemoteFixture('/sse', async (request) => {
    const { pathname, searchParams } = new URL(request.url);
    if (request.method === 'GET' && pathname === '/sse') {
      const transport = new EventTransport((id) => `/messages?id=${id}`);
      sessions.set(transport.sessionId, transport);
      await fixtureServer().connect(transport);
      return transport.response();
    }
    const transport = sessions.get(searchParams.get('id') ?? '');
    if (request.method !== 'POST' || pathname !== '/messages' || transport === undefined) {
      return new Response('nothing here', { status: 405 });
    }
    transport.onmessage?.((await request.json()) as JSONRPCMessage);
    return new Response('accepted', { status: 202 });
  });
}

class EventTransport implements Transport {
  onclose?: () => void;
  onmessage?: NonNullable<Transport['onmessage']>;
  readonly sessionId: string = crypto.randomUUID();
  readonly #endpoint: string;
  #events: ReadableStreamDefaultController<string> | undefined;
  readonly #stream: ReadableStream<string>;

  constructor(endpoint: (id: string) => string) {
    this.#endpoint = endpoint(this.sessionId);
    this.#stream = new ReadableStream({
      start: (controller) => {
        this.#events = controller;
      },
    });
  }

  async start(): Promise<void> {
    this.#events?.enqueue(`event: endpoint\ndata: ${this.#endpoint}\n\n`);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    this.#events?.enqueue(`event: message\ndata: ${JSON.stringify(message)}\n\n`);
  }

  async close(): Promise<void> {
    this.#events?.close();
    this.onclose?.();
  }

  response(): Response {
    return new Response(this.#stream.pipeThrough(new TextEncoderStream()), {
      headers: { 'content-type': 'text/event-stream' },
    });
  }
}

/** The fixture over WebSocket, of both eras. */
export class WebSocketFixture implements AsyncDisposable {
  readonly url: string;
  readonly headers: Headers[] = [];
  readonly #server: Server<{ transport?: TextTransport }>;

  constructor() {
    this.#server = Bun.serve<{ transport?: TextTransport }>({
      hostname: '127.0.0.1',
      port: 0,
      fetch: (request, server) => {
        this.headers.push(request.headers);
        if (server.upgrade(request, { data: {} })) return undefined;
        return new Response('this is for WebSockets', { status: 426 });
      },
      websocket: {
        open: (socket) => {
          const transport = new TextTransport(sinkOf(socket));
          socket.data.transport = transport;
          serveStdio(fixtureServer, { transport });
        },
        message: (socket, message) => socket.data.transport?.receive(String(message)),
        close: (socket) => void socket.data.transport?.close(),
      },
    });
    this.url = `ws://127.0.0.1:${this.#server.port}/mcp`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }
}

function sinkOf(socket: ServerWebSocket<{ transport?: TextTransport }>) {
  return {
    write: async (text: string) => void socket.send(text),
    close: () => socket.close(1000),
  };
}
