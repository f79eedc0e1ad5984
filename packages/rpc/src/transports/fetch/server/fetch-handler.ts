import type { Peer } from '../../../core/call.ts';
import { FetchServer, type FetchServerOptions } from './fetch-server.ts';

/**
 * A function that answers requests of the Connect protocol and of gRPC-Web, to be mounted in any
 * server that speaks `Request` and `Response`. It never rejects. `peer` is one object for all calls
 * of a connection. `serveFetch` is a whole server with it.
 *
 * @throws TypeError for options that contradict themselves.
 */
export function createFetchHandler(
  options: FetchServerOptions,
): (request: Request, peer: Peer) => Promise<Response> {
  const server = new FetchServer(options);
  return (request, peer) => server.handle(request, peer);
}
