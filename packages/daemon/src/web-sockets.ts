import type { PeerAddress, PeerCertificateOf } from '@zeke/gateway';
import type { Server, ServerWebSocket, WebSocketHandler } from 'bun';

/**
 * Answers a request, and does not throw. `peer` tells the address of the connection that it is from, while
 * it is there; `certificate`, there with TLS only, the one of its client.
 */
export type HttpHandler = (
  request: Request,
  peer: PeerAddress,
  certificate?: PeerCertificateOf,
) => Response | Promise<Response>;

/** What a path of the HTTP server does with WebSockets. */
export interface WebSocketRoute<Data extends object = object> {
  /** As in `/rpc`. */
  readonly path: string;
  /** Requests to it that ask for no WebSocket; without it they go the way of all. */
  readonly handle?: HttpHandler;
  /** Undefined when `server.upgrade` has made the request a WebSocket, else the refusal. */
  upgrade(
    request: Request,
    server: UpgradingServer<Data>,
  ): Response | undefined | Promise<Response | undefined>;
  readonly websocket: Pick<
    WebSocketHandler<Data>,
    'open' | 'message' | 'ping' | 'drain' | 'close' | 'maxPayloadLength' | 'backpressureLimit'
  >;
}

type UpgradingServer<Data> = Pick<Server<Data>, 'upgrade' | 'requestIP'>;

/** One handler of WebSockets for a server, as `Bun.serve` has it, which gives each to its route. */
export interface WebSockets {
  readonly websocket: WebSocketHandler<Routed>;
  /**
   * For `routes` of `Bun.serve`; `answering` gives what answers with a route's `handle`, or else with that of
   * all. `refusal` looks at what is to be a WebSocket before its route does.
   */
  routes(
    answering: (handle: HttpHandler | undefined) => Answer<Response>,
    refusal: (request: Request) => Response | undefined,
  ): Record<string, (request: Request, server: Server<Routed>) => Promise<Response | undefined>>;
}

type Answer<Result> = (request: Request) => Result | Promise<Result>;

const routeOf = Symbol('route');

/** The data of a socket: its route's own, with the route. */
interface Routed {
  [routeOf]?: WebSocketRoute;
}

/** Limits are the largest that a route has; where its own is lower, it minds that itself. */
export function webSockets(routes: readonly WebSocketRoute[]): WebSockets {
  const of = ({ data }: ServerWebSocket<Routed>) => data[routeOf]?.websocket;
  return {
    websocket: {
      idleTimeout: 0,
      sendPings: false,
      perMessageDeflate: false,
      maxPayloadLength: largest(routes.map(({ websocket }) => websocket.maxPayloadLength)),
      backpressureLimit: largest(routes.map(({ websocket }) => websocket.backpressureLimit)),
      closeOnBackpressureLimit: true,
      open: (socket) => of(socket)?.open?.(socket),
      message: (socket, message) => of(socket)?.message?.(socket, message),
      ping: (socket, data) => of(socket)?.ping?.(socket, data),
      drain: (socket) => of(socket)?.drain?.(socket),
      close: (socket, code, reason) => of(socket)?.close?.(socket, code, reason),
    },
    routes: (answering, refusal) =>
      Object.fromEntries(
        routes.map((route) => {
          const answer = answering(route.handle);
          const both = async (request: Request, server: Server<Routed>) =>
            request.headers.get('upgrade')?.toLowerCase() === 'websocket'
              ? (refusal(request) ?? (await route.upgrade(request, marking(server, route))))
              : await answer(request);
          return [route.path, both];
        }),
      ),
  };
}

/** Bun's own default where no route says one, in bytes. */
const defaultLimitBytes = 16 * 1024 * 1024;

function largest(limits: readonly (number | undefined)[]): number {
  return Math.max(...limits.map((limit) => limit ?? defaultLimitBytes), 0);
}

function marking(server: Server<Routed>, route: WebSocketRoute): UpgradingServer<object> {
  return {
    requestIP: (request) => server.requestIP(request),
    upgrade: (request, options) =>
      server.upgrade(request, {
        ...options,
        data: Object.assign(options?.data ?? {}, { [routeOf]: route }),
      }),
  };
}
