import { WebStandardStreamableHTTPServerTransport } from '@modelcontextprotocol/server';
import { followChanges } from './change-feed.ts';
import { maxMessageBytes } from './frame.ts';
import type { McpCaller } from './served.ts';
import { ServedServer, type ServerParts } from './served-server.ts';
import { SessionEvents } from './session-events.ts';

export interface SessionLimits {
  /** Of all callers together. */
  readonly maxSessions: number;
  readonly maxSessionsOfCaller: number;
  /** After which time without a request a session ends; one with an open stream does not. */
  readonly idleMs: number;
}

export const defaultSessionLimits: SessionLimits = {
  maxSessions: 1_000,
  maxSessionsOfCaller: 100,
  idleMs: 30 * 60_000,
};

/** How long a client should wait before it comes back for a lost stream, in milliseconds. */
const retryMs = 1_000;

interface Session {
  readonly caller: McpCaller;
  readonly transport: WebStandardStreamableHTTPServerTransport;
  readonly server: ServedServer;
  readonly unfollow: () => void;
  /** Requests whose answer is not whole. */
  open: number;
  lastUsedMs: number;
}

export interface SessionsOptions {
  readonly parts: ServerParts;
  readonly limits: SessionLimits;
  readonly monotonicMs: () => number;
  readonly onerror: (error: Error) => void;
}

/** The sessions of clients of 2025-11-25 and before, over HTTP: of one caller each, limited in number and time. */
export class Sessions implements AsyncDisposable {
  readonly #options: SessionsOptions;
  readonly #sessions = new Map<string, Session>();
  readonly #sweeper: NodeJS.Timeout;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#sweeper = setInterval(() => this.sweep(), Math.min(options.limits.idleMs, 60_000));
    this.#sweeper.unref();
  }

  get size(): number {
    return this.#sessions.size;
  }

  /**
   * The answer of the session that the request is of, or begins. Undefined where there is no such session
   * of this caller: ended, or another's. Throws `overloaded` where no more can begin.
   */
  async handle(request: Request, body: unknown, caller: McpCaller): Promise<Response | undefined> {
    const id = request.headers.get('mcp-session-id');
    if (id === null) return await this.#answer(await this.#begin(caller), request, body);
    const session = this.#sessions.get(id);
    if (session?.caller.id !== caller.id) return undefined;
    return await this.#answer(session, request, body);
  }

  /** Whether one more could begin for this caller. */
  hasRoomFor(caller: McpCaller): boolean {
    const { maxSessions, maxSessionsOfCaller } = this.#options.limits;
    const own = [...this.#sessions.values()].filter((other) => other.caller.id === caller.id);
    return own.length < maxSessionsOfCaller && this.#sessions.size < maxSessions;
  }

  /** Ends the sessions that nobody has used for long. */
  sweep(): void {
    const { limits, monotonicMs } = this.#options;
    const oldest = monotonicMs() - limits.idleMs;
    for (const [id, { lastUsedMs, open }] of this.#sessions) {
      if (open === 0 && lastUsedMs <= oldest) void this.#end(id);
    }
  }

  async #begin(caller: McpCaller): Promise<Session> {
    const { monotonicMs, onerror, parts } = this.#options;
    const id = crypto.randomUUID();
    const transport = new WebStandardStreamableHTTPServerTransport({
      sessionIdGenerator: () => id,
      eventStore: new SessionEvents(),
      retryInterval: retryMs,
      maxRequestBodySize: maxMessageBytes,
      onsessioninitialized: () => {
        this.#sessions.set(id, session);
      },
    });
    const server = new ServedServer(parts, { ...caller, sessionId: id });
    const unfollow = followChanges(parts.served, server.server);
    const session = { caller, transport, server, unfollow, open: 0, lastUsedMs: monotonicMs() };
    server.server.onerror = onerror;
    server.server.onclose = () => void this.#end(id);
    await server.connect(transport);
    return session;
  }

  async #answer(session: Session, request: Request, body: unknown): Promise<Response> {
    session.open += 1;
    let response: Response;
    try {
      response = await session.transport.handleRequest(request, { parsedBody: body });
    } catch (error) {
      this.#left(session);
      throw error;
    }
    if (response.body === null) {
      this.#left(session);
      return response;
    }
    // A stream that is quiet at first has to show its client that it is there.
    const first = request.method === 'GET' ? ':\n\n' : '';
    return new Response(
      tapped(response.body, first, () => this.#left(session)),
      response,
    );
  }

  #left(session: Session): void {
    session.open -= 1;
    session.lastUsedMs = this.#options.monotonicMs();
  }

  async #end(id: string): Promise<void> {
    const session = this.#sessions.get(id);
    if (!session) return;
    this.#sessions.delete(id);
    session.unfollow();
    await session.server.close().catch(this.#options.onerror);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#sweeper);
    await Promise.all([...this.#sessions.keys()].map((id) => this.#end(id)));
  }
}

/** The same bytes behind some; `ended` is called once, when all have gone, or nobody wants them any more. */
function tapped(
  body: ReadableStream<Uint8Array>,
  first: string,
  ended: () => void,
): ReadableStream<Uint8Array> {
  const reader = body.getReader();
  let isOver = false;
  const end = () => {
    if (isOver) return;
    isOver = true;
    ended();
  };
  return new ReadableStream({
    start(controller) {
      if (first !== '') controller.enqueue(new TextEncoder().encode(first));
    },
    async pull(controller) {
      try {
        const { done, value } = await reader.read();
        if (!done) return controller.enqueue(value);
        end();
        controller.close();
      } catch (error) {
        end();
        controller.error(error);
      }
    },
    async cancel(reason) {
      end();
      await reader.cancel(reason);
    },
  });
}
