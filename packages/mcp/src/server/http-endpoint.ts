import {
  createMcpHandler,
  hostHeaderValidationResponse,
  isInitializeRequest,
  isJsonContentType,
  isLegacyRequest,
  type McpHttpHandler,
  originValidationResponse,
  readRequestBody,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import { RpcError } from '@zeke/rpc';
import { type McpErrorName, mcpErrorCodes } from '../mcp-error.ts';
import { FrameFault, idOf, maxMessageBytes, parseFrame } from './frame.ts';
import { ListenBus, listenUris } from './listening.ts';
import { ResourceWatch } from './resource-watch.ts';
import type { McpCaller } from './served.ts';
import { ServedServer, type ServerParts } from './served-server.ts';
import { type SessionLimits, Sessions } from './sessions.ts';

/** Open `subscriptions/listen` of all callers. */
const maxListens = 1_000;

export interface HttpEndpointOptions {
  readonly parts: ServerParts;
  readonly sessions: SessionLimits;
  /**
   * Names in `Host` and `Origin` that are answered to, without ports; undefined: any host, and only
   * pages of the same. A page of another name could otherwise reach a server of this machine.
   */
  readonly allowedHosts: () => readonly string[] | undefined;
  readonly monotonicMs: () => number;
  readonly onerror: (error: Error) => void;
}

/**
 * MCP over HTTP at one path: requests of 2026-07-28, which stand for themselves, and the sessions of the
 * versions before.
 */
export class HttpEndpoint implements AsyncDisposable {
  readonly #options: HttpEndpointOptions;
  readonly #stateless: McpHttpHandler;
  readonly #sessions: Sessions;
  readonly #listens = new Set<McpHttpHandler>();

  constructor(options: HttpEndpointOptions) {
    this.#options = options;
    this.#stateless = this.#handler();
    this.#sessions = new Sessions({ ...options, limits: options.sessions });
  }

  /**
   * Answers one request, of somebody whom `authenticate` knows. Never throws: what goes wrong is an error
   * of JSON-RPC, with a status of HTTP that says the same.
   */
  async handle(
    request: Request,
    authenticate: (request: Request) => McpCaller | Promise<McpCaller>,
  ): Promise<Response> {
    const foreign = this.foreign(request);
    if (foreign) return foreign;
    let caller: McpCaller;
    try {
      caller = await authenticate(request);
    } catch (error) {
      return unauthenticated(RpcError.from(error));
    }
    try {
      return await this.#answer(request, caller);
    } catch (error) {
      if (error instanceof FrameFault) return refusal(400, error.code, error.message, error.id);
      this.#options.onerror(error instanceof Error ? error : new Error(String(error)));
      return refusal(500, -32_603, 'an unexpected failure; the log has the cause');
    }
  }

  async #answer(request: Request, caller: McpCaller): Promise<Response> {
    if (request.method !== 'POST') return await this.#session(request, undefined, caller);
    if (!isJsonContentType(request.headers.get('content-type'))) {
      return refusal(415, -32_600, 'content-type: it must be application/json');
    }
    const read = await readRequestBody(request, maxMessageBytes);
    if (read.tooLarge) {
      return refusal(413, -32_600, `a message has at most ${maxMessageBytes} bytes`);
    }
    const body = parseFrame(read.text);
    if (await isLegacyRequest(request, body)) return await this.#session(request, body, caller);
    if (methodOf(body) === 'subscriptions/listen') return await this.#listen(request, body, caller);
    return await this.#stateless.fetch(request, asked(body, caller));
  }

  async #session(request: Request, body: unknown, caller: McpCaller): Promise<Response> {
    const id = idOf(body);
    const { headers } = request;
    const version = headers.get('mcp-protocol-version');
    if (version !== null && !SUPPORTED_PROTOCOL_VERSIONS.includes(version)) {
      const message = `MCP-Protocol-Version: ${version.slice(0, 50)} is not spoken here; ${SUPPORTED_PROTOCOL_VERSIONS.join(', ')} are, and 2026-07-28`;
      return failure(400, 'version-mismatch', message, id);
    }
    if (headers.get('mcp-session-id') === null) {
      if (!isInitializeRequest(body)) return noSession(id);
      if (!this.#sessions.hasRoomFor(caller)) {
        const message = 'too many sessions are open: end some, or try again later';
        return failure(503, 'overloaded', message, id);
      }
    }
    return (await this.#sessions.handle(request, body, caller)) ?? sessionEnded(id);
  }

  /** A stream of changes has a handler of its own, which watches what its caller asked for. */
  async #listen(request: Request, body: unknown, caller: McpCaller): Promise<Response> {
    if (this.#listens.size >= maxListens) {
      const message = `${maxListens} subscriptions are open: try again later`;
      return failure(503, 'overloaded', message, idOf(body));
    }
    const { served } = this.#options.parts;
    const bus = new ListenBus(served, () => {
      this.#listens.add(handler);
      return () => {
        this.#listens.delete(handler);
        watch[Symbol.dispose]();
      };
    });
    const watch = new ResourceWatch(served.resources, caller, (uri) =>
      bus.publish({ kind: 'resource_updated', uri }),
    );
    const handler = this.#handler(bus);
    const uris = listenUris((body as { params?: unknown }).params);
    await Promise.allSettled(uris.map((uri) => watch.add(uri)));
    const response = await handler.fetch(request, asked(body, caller));
    if (!this.#listens.has(handler)) watch[Symbol.dispose]();
    return response;
  }

  #handler(bus?: ListenBus): McpHttpHandler {
    const { onerror, parts } = this.#options;
    return createMcpHandler(
      ({ authInfo }) => {
        const { callsTool, caller } = (authInfo?.extra ?? {}) as unknown as AskedExtra;
        const server = new ServedServer(parts, caller);
        return callsTool ? server.readSchemas() : server;
      },
      { legacy: 'reject', onerror, maxRequestBodySize: maxMessageBytes, ...(bus ? { bus } : {}) },
    );
  }

  /** The refusal of what comes by a name, or from a page, that is not ours. */
  foreign(request: Request): Response | undefined {
    const hosts = this.#options.allowedHosts();
    if (hosts) {
      return (
        hostHeaderValidationResponse(request, [...hosts]) ??
        originValidationResponse(request, [...hosts])
      );
    }
    const host = URL.parse(`http://${request.headers.get('host') ?? ''}`)?.hostname;
    return originValidationResponse(request, host === undefined ? [] : [host]);
  }

  /** Ends sessions that nobody has used for long. */
  sweep(): void {
    this.#sessions.sweep();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all([
      this.#stateless.close(),
      this.#sessions[Symbol.asyncDispose](),
      ...[...this.#listens].map((handler) => handler.close()),
    ]);
  }
}

interface AskedExtra {
  readonly caller: McpCaller;
  readonly callsTool: boolean;
}

/** The SDK hands on who asks as what a token says; ours is known already. */
function asked(parsedBody: unknown, caller: McpCaller) {
  const callsTool = methodOf(parsedBody) === 'tools/call';
  const extra: AskedExtra = { caller, callsTool };
  return {
    parsedBody,
    authInfo: { token: '', clientId: caller.id, scopes: [], extra: { ...extra } },
  };
}

function methodOf(body: unknown): unknown {
  return (body as { method?: unknown } | null)?.method;
}

function unauthenticated({ code, message }: RpcError): Response {
  if (code === 'permission_denied') return failure(403, 'authentication', message);
  if (code === 'resource_exhausted') return failure(429, 'rate-limited', message);
  if (code !== 'unauthenticated') return failure(503, 'overloaded', message);
  const response = failure(401, 'authentication', message);
  response.headers.set('www-authenticate', 'Bearer');
  return response;
}

function noSession(id: string | number | null): Response {
  const message =
    'Mcp-Session-Id: it is missing; send initialize first, or the _meta of 2026-07-28 with every request';
  return refusal(400, -32_600, message, id);
}

/** 404 tells clients to begin a new one. */
function sessionEnded(id: string | number | null): Response {
  return refusal(404, -32_600, 'Mcp-Session-Id: there is no such session any more', id);
}

function failure(
  status: number,
  name: McpErrorName,
  message: string,
  id: string | number | null = null,
): Response {
  return refusal(status, mcpErrorCodes[name], message, id);
}

function refusal(
  status: number,
  code: number,
  message: string,
  id: string | number | null = null,
): Response {
  return Response.json({ jsonrpc: '2.0', id, error: { code, message } }, { status });
}
