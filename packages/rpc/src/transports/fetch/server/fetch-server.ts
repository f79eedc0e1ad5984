import type { TypeRegistry } from '../../../codec/type-registry.ts';
import type { Compressor } from '../../../compression/compressor.ts';
import { compressor } from '../../../compression/compressors.ts';
import type { CallHandler, CompressionName, Peer } from '../../../core/call.ts';
import { limitsWith, type RpcLimits } from '../../../core/limits.ts';
import type { MethodInfo } from '../../../core/method.ts';
import { monotonicNow } from '../../../core/timer-wheel.ts';
import { RpcError } from '../../../rpc-error.ts';
import { contentTypes, readContentType, type WireContent } from '../wire/content-type.ts';
import { chooseEncoding, readEncoding } from '../wire/encodings.ts';
import { readMetadata } from '../wire/headers.ts';
import { readConnectTimeout, readGrpcTimeout } from '../wire/timeouts.ts';
import { CallTable } from './call-table.ts';
import { addCorsHeaders, type CorsOptions, checkCors, preflightResponse } from './cors.ts';
import type { Exchange, RequestWatcher, ServerSettings } from './exchange.ts';
import { StreamServerCall, streamErrorResponse } from './stream-call.ts';
import { type StreamProtocol, streamProtocol } from './stream-protocol.ts';
import { UnaryServerCall, unaryErrorResponse } from './unary-call.ts';

/** How calls over HTTP are served. */
export interface FetchServerOptions {
  readonly handler: CallHandler;
  /**
   * Finds a method by its path. It tells unary methods from streaming ones, and those that GET may
   * call, and has the types that JSON needs. What it does not find, the handler refuses.
   */
  readonly methods: (path: string) => MethodInfo | undefined;
  readonly limits?: Partial<RpcLimits>;
  /** The types that JSON may have in a `google.protobuf.Any`, and extensions. Default none. */
  readonly registry?: TypeRegistry;
  /** Pages of which other origins may call. Default: none. */
  readonly cors?: CorsOptions;
  /**
   * How messages to clients that take it are compressed, from 1 KiB on, the preferred one first.
   * Default zstd and gzip; an empty list for none.
   */
  readonly compression?: readonly CompressionName[];
}

/** The Connect protocol and gRPC-Web on requests and responses as `fetch` has them, of whatever server. */
export class FetchServer {
  readonly #settings: ServerSettings;
  readonly #cors: CorsOptions | undefined;

  constructor(options: FetchServerOptions, watcher?: RequestWatcher) {
    const limits = limitsWith(options.limits);
    this.#cors = options.cors;
    if (this.#cors) checkCors(this.#cors);
    this.#settings = {
      handler: options.handler,
      methods: options.methods,
      limits,
      registry: options.registry,
      table: new CallTable(limits),
      compressors: compressor,
      offered: offeredCompressors(options.compression ?? ['zstd', 'gzip']),
      watcher,
    };
  }

  /** The number of calls whose handlers are not done. */
  get openCalls(): number {
    return this.#settings.table.size;
  }

  /** Answers one request. The promise never rejects. `peer` is one object for all of a connection's calls. */
  handle(request: Request, peer: Peer): Promise<Response> {
    if (this.#cors === undefined) return this.#answer(request, peer);
    return this.#handleWithCors(this.#cors, request, peer);
  }

  /** Refuses new calls, lets the open ones end for so long, then fails them. */
  drain(graceMs: number): Promise<void> {
    return this.#settings.table.drain(graceMs);
  }

  async #handleWithCors(cors: CorsOptions, request: Request, peer: Peer): Promise<Response> {
    if (request.method === 'OPTIONS') return preflightResponse(cors, request);
    return addCorsHeaders(cors, request, await this.#answer(request, peer));
  }

  #answer(request: Request, peer: Peer): Promise<Response> {
    const { path, query } = readUrl(request.url);
    const method = this.#settings.methods(path);
    if (request.method === 'GET') {
      if (method?.kind !== 'unary' || method.idempotency !== 'no-side-effects')
        return Promise.resolve(onlyPost());
      const parameters = new URLSearchParams(query);
      const content = contentOfQuery(parameters);
      if (content === undefined) return Promise.resolve(noEncoding());
      return this.#call(request, parameters, peer, path, content, method);
    }
    if (request.method !== 'POST') return Promise.resolve(onlyPost());
    const content = readContentType(request.headers.get('content-type'));
    if (content === undefined || !fits(content, method))
      return Promise.resolve(unsupportedMediaType(method));
    return this.#call(request, undefined, peer, path, content, method);
  }

  #call(
    request: Request,
    query: URLSearchParams | undefined,
    peer: Peer,
    path: string,
    content: WireContent,
    method: MethodInfo | undefined,
  ): Promise<Response> {
    const protocol = streamProtocol(content.protocol);
    try {
      this.#settings.table.checkRoom(peer);
      if (method === undefined && content.format === 'json') throw unknownMethod(path);
      const head = { settings: this.#settings, request, query, peer, path, content, method };
      return protocol === undefined
        ? new UnaryServerCall(readUnaryHead(head)).begin()
        : new StreamServerCall(readStreamHead(head, protocol), protocol).begin();
    } catch (reason) {
      const error = RpcError.from(reason);
      return Promise.resolve(
        protocol === undefined
          ? unaryErrorResponse(error)
          : streamErrorResponse(error, protocol, content.contentType),
      );
    }
  }
}

type Head = Pick<
  Exchange,
  'settings' | 'request' | 'query' | 'peer' | 'path' | 'content' | 'method'
>;

/** @throws RpcError for headers that are wrong. */
function readUnaryHead(head: Head): Exchange {
  const { headers } = head.request;
  const { limits, compressors, offered } = head.settings;
  const encoding = head.query?.get('compression') ?? headers.get('content-encoding');
  const version = head.query?.get('connect') ?? headers.get('connect-protocol-version');
  checkVersion(version?.replace(/^v/, '') ?? null);
  return {
    ...head,
    metadata: readMetadata(headers, limits.maxMetadataBytes),
    deadlineAt: deadlineIn(readConnectTimeout(headers.get('connect-timeout-ms'))),
    requestCompressor: readEncoding('content-encoding', encoding, compressors),
    responseCompressor: chooseEncoding(headers.get('accept-encoding'), offered),
  };
}

/** @throws RpcError for headers that are wrong. */
function readStreamHead(head: Head, protocol: StreamProtocol): Exchange {
  const { headers } = head.request;
  const { limits, compressors, offered } = head.settings;
  checkVersion(headers.get('connect-protocol-version'));
  const { encodingHeader, acceptEncodingHeader } = protocol;
  return {
    ...head,
    metadata: readMetadata(headers, limits.maxMetadataBytes),
    deadlineAt: deadlineIn(
      head.content.protocol === 'connect-stream'
        ? readConnectTimeout(headers.get('connect-timeout-ms'))
        : readGrpcTimeout(headers.get('grpc-timeout')),
    ),
    requestCompressor: readEncoding(encodingHeader, headers.get(encodingHeader), compressors),
    responseCompressor: chooseEncoding(headers.get(acceptEncodingHeader), offered),
  };
}

function deadlineIn(timeoutMs: number): number {
  return timeoutMs === Number.POSITIVE_INFINITY ? timeoutMs : monotonicNow() + timeoutMs;
}

function checkVersion(version: string | null): void {
  if (version === null || version === '1') return;
  throw new RpcError(
    'invalid_argument',
    `the version ${JSON.stringify(version.slice(0, 32))} of the Connect protocol is not known: only 1 is`,
  );
}

/** Path and query of a URL, which is absolute. */
function readUrl(url: string): { readonly path: string; readonly query: string } {
  const start = url.indexOf('/', url.indexOf('://') + 3);
  const question = url.indexOf('?', start);
  if (question === -1) return { path: url.slice(start), query: '' };
  return { path: url.slice(start, question), query: url.slice(question + 1) };
}

function contentOfQuery(query: URLSearchParams): WireContent | undefined {
  const encoding = query.get('encoding');
  if (encoding !== 'json' && encoding !== 'proto') return undefined;
  return readContentType(`application/${encoding}`);
}

/** Unary methods are called without envelopes by Connect, all others with them. */
function fits(content: WireContent, method: MethodInfo | undefined): boolean {
  if (method === undefined) return true;
  if (content.protocol === 'connect') return method.kind === 'unary';
  return content.protocol !== 'connect-stream' || method.kind !== 'unary';
}

function unknownMethod(path: string): RpcError {
  return new RpcError('unimplemented', `there is no method ${path.slice(0, 256)} here`);
}

function onlyPost(): Response {
  return new Response('calls are made with POST; those without side effects with GET, too\n', {
    status: 405,
    headers: { allow: 'POST, GET' },
  });
}

function noEncoding(): Response {
  const text = 'a call with GET needs ?encoding=json or ?encoding=proto, and &message=…\n';
  return new Response(text, { status: 415 });
}

function unsupportedMediaType(method: MethodInfo | undefined): Response {
  const fitting = contentTypes.filter((type) => fits(readContentType(type) as WireContent, method));
  const [first, ...others] = fitting;
  return new Response(`send content-type: ${first}; or one of ${others.join(', ')}\n`, {
    status: 415,
    headers: { 'accept-post': fitting.join(', ') },
  });
}

function offeredCompressors(names: readonly CompressionName[]): readonly Compressor[] {
  return names.filter((name) => name !== 'identity').map((name) => compressor(name) as Compressor);
}
