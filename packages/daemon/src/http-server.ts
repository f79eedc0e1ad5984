import type { Logger } from '@zeke/foundation';
import type { PeerAddress, PeerCertificateOf } from '@zeke/gateway';
import { RpcError } from '@zeke/rpc';
import type { TlsMaterial } from './tls/read-tls.ts';
import type { TlsFront, TlsPeer } from './tls/tls-front.ts';
import { type HttpHandler, type WebSocketRoute, webSockets } from './web-sockets.ts';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** All headers of a request together; a request with more is answered with 431. */
  readonly maxHeaderBytes: number;
  /** `GET /`. */
  readonly home: (request: Request) => Response | Promise<Response>;
  /** Everything else. */
  readonly handle: HttpHandler;
  /** Paths where WebSockets begin. */
  readonly webSockets?: readonly WebSocketRoute[];
  /** Absent: plain HTTP/1.1. With it, HTTP/2 is spoken, too. */
  readonly tls?: { readonly material: TlsMaterial; readonly log: Logger };
  /** Whether other processes of ours share the port. */
  readonly reusePort?: boolean;
  /** Called when the time for running requests is over, shortly before they are cut. */
  readonly cutShort?: () => void;
}

export interface HttpServer {
  /** `http://127.0.0.1:8080`, with the port in use and no slash at its end. */
  readonly url: string;
  /** The same, or loopback where it listens on all addresses: how this machine reaches it. */
  readonly localUrl: string;
  readonly port: number;
  /** New connections are spoken to with this. It does nothing without TLS. */
  useTls(material: TlsMaterial): void;
  /**
   * From now on every answer asks its client to close the connection: `stop` will find few of them.
   * New connections and requests are still taken.
   */
  windDown(): void;
  /**
   * Takes no new request and waits for the running ones, at most `limitMs`; then they are told to
   * end, and cut. Resolves with how many had not ended in time.
   */
  stop(limitMs: number): Promise<number>;
}

/**
 * A body is limited where it is read, by `server.max_body_mb`, so that the answer is in the
 * caller's dialect. This only keeps Bun's own limit of 128 MiB out of the way.
 */
const noBodyLimit = 2 ** 31;

/**
 * Listens for HTTP. Bun closes a connection that has not sent a whole head within 12 seconds.
 * Throws `failed_precondition` that says what to do when the address cannot be had.
 */
export async function serveHttp(options: HttpServerOptions): Promise<HttpServer> {
  await limitHeaders(options.maxHeaderBytes);
  const { server, front, windDown } = await listen(options);
  const port = front?.port ?? server.port ?? options.port;
  const scheme = front === undefined ? 'http' : 'https';
  return {
    url: `${scheme}://${urlHost(options.host)}:${port}`,
    localUrl: `${scheme}://${urlHost(reachableHost(options.host))}:${port}`,
    port,
    useTls: (material) => front?.use(material),
    windDown,
    async stop(limitMs) {
      const relayed = front?.stop();
      const ended = Promise.all([server.stop(), relayed]);
      if (await endsWithin(ended, limitMs)) return 0;
      const cut = server.pendingRequests;
      options.cutShort?.();
      if (!(await endsWithin(ended, lastWordsMs))) {
        front?.cut();
        await server.stop(true);
      }
      return cut;
    },
  };
}

/**
 * Throws what `serveHttp` throws when somebody listens there, also one who would share the port. Port 0
 * is always free.
 */
export function checkFree(host: string, port: number): void {
  if (port === 0) return;
  try {
    Bun.listen({ hostname: bare(host), port, socket: { data() {} } }).stop(true);
  } catch (cause) {
    throw listenError(cause, host, port);
  }
}

/** What is left to requests that were told to end, in milliseconds. */
const lastWordsMs = 200;

async function endsWithin(work: Promise<unknown>, limitMs: number): Promise<boolean> {
  const limit = Promise.withResolvers<false>();
  const timer = setTimeout(() => limit.resolve(false), limitMs);
  const ended = await Promise.race([work.then(() => true), limit.promise]);
  clearTimeout(timer);
  return ended;
}

/**
 * Bun has one limit for the process: a flag, which the launcher gives with the default, or a
 * property of a module that takes long to load.
 */
async function limitHeaders(bytes: number): Promise<void> {
  if (process.execArgv.includes(`--max-http-header-size=${bytes}`)) return;
  const http = (await import('node:http')).default as { maxHeaderSize: number };
  http.maxHeaderSize = bytes;
}

interface Listening {
  readonly server: Bun.Server<object>;
  readonly front: TlsFront | undefined;
  windDown(): void;
}

async function listen(options: HttpServerOptions): Promise<Listening> {
  const { host, port, tls, reusePort = false } = options;
  if (tls === undefined) return { ...servePlain(options, host, port, reusePort), front: undefined };
  const { TlsFront } = await import('./tls/tls-front.ts');
  let front: TlsFront | undefined;
  const inner = servePlain(options, '127.0.0.1', 0, false, (from) => front?.peerOf(from));
  try {
    const innerPort = inner.server.port ?? 0;
    front = new TlsFront({ host: bare(host), port, reusePort, innerPort, ...tls });
    return { ...inner, front };
  } catch (cause) {
    await inner.server.stop(true);
    throw listenError(cause, host, port);
  }
}

/** `peerOf` is there behind TLS, and tells whose connection comes from a port of 127.0.0.1. */
function servePlain(
  { home, handle, webSockets: paths = [] }: HttpServerOptions,
  host: string,
  port: number,
  reusePort: boolean,
  peerOf?: (port: number) => TlsPeer | undefined,
): Pick<Listening, 'server' | 'windDown'> {
  let isWindingDown = false;
  const finished = (response: Response) =>
    isWindingDown ? closing(response) : closedAfter(response);
  const answering = (handler: HttpHandler): Answer =>
    peerOf === undefined
      ? openly(home, handler, () => server)
      : behindTls(home, handler, (request) => {
          const from = server.requestIP(request);
          return from === null ? undefined : peerOf(from.port);
        });
  const answer = answering(handle);
  const finishing = (by: Answer) => async (request: Request) => finished(await by.handle(request));
  const handled = finishing(answer);
  const sockets = webSockets(paths);
  let server: Bun.Server<object>;
  try {
    server = Bun.serve<object>({
      hostname: bare(host),
      port,
      // A stream may be quiet for long; how long, is the gateway's to say.
      idleTimeout: 0,
      maxRequestBodySize: noBodyLimit,
      development: false,
      // Without a word, Bun lets two servers that are not for development share one port.
      reusePort,
      // The client and the front have agreed on it; here a connection begins with its preface.
      http2: peerOf !== undefined,
      routes: {
        ...sockets.routes(
          (own) => (own === undefined ? handled : finishing(answering(own))),
          (request) => answer.refusal?.(request),
        ),
        '/': { GET: async (request: Request) => finished(await answer.home(request)) },
      },
      fetch: handled,
      websocket: sockets.websocket,
    });
  } catch (cause) {
    throw listenError(cause, host, port);
  }
  const windDown = () => {
    isWindingDown = true;
  };
  return { server, windDown };
}

type Home = HttpServerOptions['home'];

interface Answer {
  readonly home: Home;
  readonly handle: Home;
  /** Of what asks for a WebSocket. */
  readonly refusal?: (request: Request) => Response | undefined;
}

function openly(home: Home, handle: HttpHandler, server: () => Bun.Server<object>): Answer {
  // One for all requests.
  const peer: PeerAddress = (request) => server().requestIP(request)?.address;
  return { home, handle: (request) => handle(request, peer) };
}

/** Who comes past the front, from this machine, would be taken for a client that was looked at. */
function behindTls(
  home: Home,
  handle: HttpHandler,
  peerOf: (request: Request) => TlsPeer | undefined,
): Answer {
  const peer: PeerAddress = (request) => peerOf(request)?.address;
  const certificate: PeerCertificateOf = (request) => peerOf(request)?.certificate;
  return {
    home: (request) => (peerOf(request) === undefined ? pastTls() : home(request)),
    handle: (request) =>
      peerOf(request) === undefined ? pastTls() : handle(request, peer, certificate),
    refusal: (request) => (peerOf(request) === undefined ? pastTls() : undefined),
  };
}

function pastTls(): Response {
  return new Response('zeke speaks TLS at another port\n', {
    status: 403,
    headers: { connection: 'close' },
  });
}

/** Asks the client to use this connection no more. */
function closing(response: Response): Response {
  response.headers.set('connection', 'close');
  return response;
}

/** Where an answer came before the whole body, the rest of the body must not keep the connection. */
function closedAfter(response: Response): Response {
  const { status } = response;
  return status === 408 || status === 413 ? closing(response) : response;
}

function listenError(cause: unknown, host: string, port: number): RpcError {
  const code = (cause as NodeJS.ErrnoException).code;
  const address = `${urlHost(host)}:${port}`;
  return new RpcError('failed_precondition', `${address}: ${reasonOf(code, port, cause)}`, {
    cause,
  });
}

function reasonOf(code: string | undefined, port: number, cause: unknown): string {
  switch (code) {
    case 'EADDRINUSE':
      return 'another program listens there already; stop it, or choose another port with --port or server.port';
    case 'EACCES':
      return `port ${port} is for administrators; choose one above 1023 with --port or server.port`;
    case 'EADDRNOTAVAIL':
      return 'this machine does not have that address; give one of its own with --host or server.host';
    default:
      return `cannot listen there: ${cause instanceof Error ? cause.message : String(cause)}`;
  }
}

/** All addresses, as a host to listen on, stand for none to connect to. */
function reachableHost(host: string): string {
  if (host === '0.0.0.0') return '127.0.0.1';
  return host === '::' || host === '[::]' ? '::1' : host;
}

function bare(host: string): string {
  return host.replace(/^\[|\]$/g, '');
}

function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
