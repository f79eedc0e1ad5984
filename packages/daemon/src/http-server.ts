import { RpcError } from '@zeke/rpc';

export interface HttpServerOptions {
  readonly host: string;
  /** 0 lets the system choose. */
  readonly port: number;
  /** All headers of a request together; a request with more is answered with 431. */
  readonly maxHeaderBytes: number;
  /** `GET /`. */
  readonly home: (request: Request) => Response | Promise<Response>;
  /**
   * Everything else. It does not throw. `peer` tells the address of the connection that a request is
   * from, while it is there.
   */
  readonly handle: (
    request: Request,
    peer: (request: Request) => string | undefined,
  ) => Response | Promise<Response>;
  /** Called when the time for running requests is over, shortly before they are cut. */
  readonly cutShort?: () => void;
}

export interface HttpServer {
  /** `http://127.0.0.1:8080`, with the port in use and no slash at its end. */
  readonly url: string;
  /** The same, or loopback where it listens on all addresses: how this machine reaches it. */
  readonly localUrl: string;
  readonly port: number;
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
  const server = listen(options);
  const port = server.port ?? options.port;
  return {
    url: `http://${urlHost(options.host)}:${port}`,
    localUrl: `http://${urlHost(reachableHost(options.host))}:${port}`,
    port,
    async stop(limitMs) {
      const ended = server.stop();
      if (await endsWithin(ended, limitMs)) return 0;
      const cut = server.pendingRequests;
      options.cutShort?.();
      if (!(await endsWithin(ended, lastWordsMs))) await server.stop(true);
      return cut;
    },
  };
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

function listen({ host, port, home, handle }: HttpServerOptions): Bun.Server<undefined> {
  // One for all requests.
  const peer = (request: Request) => server.requestIP(request)?.address;
  let server: Bun.Server<undefined>;
  try {
    server = Bun.serve({
      hostname: host.replace(/^\[|\]$/g, ''),
      port,
      // A stream may be quiet for long; how long, is the gateway's to say.
      idleTimeout: 0,
      maxRequestBodySize: noBodyLimit,
      development: false,
      // Without this, Bun lets two servers that are not for development share one port.
      reusePort: false,
      routes: { '/': { GET: home } },
      fetch: async (request) => closedAfter(await handle(request, peer)),
    });
    return server;
  } catch (cause) {
    throw listenError(cause, host, port);
  }
}

/** Where an answer came before the whole body, the rest of the body must not keep the connection. */
function closedAfter(response: Response): Response {
  const { status } = response;
  if (status === 408 || status === 413) response.headers.set('connection', 'close');
  return response;
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

function urlHost(host: string): string {
  return host.includes(':') && !host.startsWith('[') ? `[${host}]` : host;
}
