import { createRequestStateCodec, type Implementation } from '@modelcontextprotocol/server';
import { Admission, type AdmissionLimits, defaultAdmissionLimits } from './admission.ts';
import { Asking, type AskState, parkedCallMs } from './asking.ts';
import { type Connection, connect } from './connection.ts';
import { HttpEndpoint } from './http-endpoint.ts';
import type { McpCaller, Served } from './served.ts';
import type { ServerParts } from './served-server.ts';
import { defaultSessionLimits, type SessionLimits } from './sessions.ts';
import type { TextSink } from './text-transport.ts';

export interface McpServerOptions {
  readonly served: Served;
  /** How the server calls itself. */
  readonly info: Implementation;
  readonly instructions?: string;
  readonly admission?: AdmissionLimits;
  readonly sessions?: SessionLimits;
  /** See `HttpEndpointOptions`; the default is loopback's names. */
  readonly allowedHosts?: () => readonly string[] | undefined;
  /** How long clients may keep a list before they ask again, in milliseconds. */
  readonly listTtlMs?: number;
  readonly monotonicMs?: () => number;
  /** What went wrong and was answered, or could not be: for the log. */
  readonly onerror: (error: Error) => void;
}

/** An MCP server, to clients of both eras of the protocol, over HTTP and over connections of texts. */
export class ZekeMcpServer implements AsyncDisposable {
  readonly #parts: ServerParts;
  readonly #http: HttpEndpoint;
  readonly #asking: Asking;
  readonly #connections = new Set<Connection>();
  readonly #onerror: (error: Error) => void;

  constructor(options: McpServerOptions) {
    const { admission = defaultAdmissionLimits, info, instructions, onerror, served } = options;
    // What a client sends back is taken from this process only: what waits for it is here.
    const state = createRequestStateCodec<AskState>({
      key: crypto.getRandomValues(new Uint8Array(32)),
      ttlSeconds: parkedCallMs / 1_000,
    });
    this.#asking = new Asking({ state });
    this.#onerror = onerror;
    this.#parts = {
      served,
      info,
      ...(instructions === undefined ? {} : { instructions }),
      asking: this.#asking,
      state,
      admission: new Admission(admission),
      listTtlMs: options.listTtlMs ?? defaultListTtlMs,
    };
    this.#http = new HttpEndpoint({
      parts: this.#parts,
      sessions: options.sessions ?? defaultSessionLimits,
      allowedHosts: options.allowedHosts ?? (() => loopbackNames),
      monotonicMs: options.monotonicMs ?? (() => performance.now()),
      onerror,
    });
  }

  /** See `HttpEndpoint.handle`. */
  handle(
    request: Request,
    authenticate: (request: Request) => McpCaller | Promise<McpCaller>,
  ): Promise<Response> {
    return this.#http.handle(request, authenticate);
  }

  /** Why a request to begin a WebSocket is refused, by its `Host` and `Origin`; undefined where it is not. */
  foreign(request: Request): Response | undefined {
    return this.#http.foreign(request);
  }

  /** Ends sessions that nobody has used for long, which also happens by itself. */
  sweep(): void {
    this.#http.sweep();
  }

  /** Serves a client on a connection of its own. Its caller closes it. */
  connect(caller: McpCaller, sink: TextSink): Connection {
    const connection = connect(
      this.#parts,
      { ...caller, sessionId: crypto.randomUUID() },
      sink,
      this.#onerror,
    );
    this.#connections.add(connection);
    void connection.ended.then(() => this.#connections.delete(connection));
    return connection;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([...this.#connections].map((connection) => connection.close()));
    await this.#http[Symbol.asyncDispose]();
    await this.#asking[Symbol.asyncDispose]();
  }
}

/** As they stand in `Host` and `Origin`. */
const loopbackNames = ['localhost', '127.0.0.1', '[::1]'];
const defaultListTtlMs = 0;
