import type { PeerAddress } from '@zeke/gateway';
import type { CallContext, Peer } from '@zeke/rpc';

/** The gateway, as a function of HTTP requests. */
export type GatewayHandler = (request: Request, peer: PeerAddress) => Response | Promise<Response>;

/** Metadata that the gateway reads as headers. */
const passedOn = [
  'authorization',
  'cache-control',
  'traceparent',
  'tracestate',
  'x-api-key',
  'x-intent',
  'x-project',
  'x-request-id',
  'x-session-id',
  'x-zeke-budget-usd',
  'x-zeke-providers',
  'x-zeke-strategy',
  'x-zeke-tags',
];

/** Asks the gateway over its HTTP API in the name of whoever makes a call. */
export async function callGateway(
  handle: GatewayHandler,
  path: string,
  { metadata, peer, signal }: CallContext,
  body?: object,
): Promise<Response> {
  const headers = new Headers();
  for (const name of passedOn) {
    const value = metadata.get(name);
    if (value !== undefined) headers.set(name, value);
  }
  const url = `http://localhost${path}`;
  if (body !== undefined) headers.set('content-type', 'application/json');
  return await handle(
    body === undefined
      ? new Request(url, { headers, signal })
      : new Request(url, { method: 'POST', headers, signal, body: JSON.stringify(body) }),
    () => addressOf(peer),
  );
}

/** Who calls over the Unix socket is the user whose it is, and has no address. */
function addressOf({ address, transport }: Peer): string | undefined {
  if (transport === 'unix') return undefined;
  return address.replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
}
