import { RpcError } from '@zeke/rpc';
import { type Authentication, authenticate, type Caller } from '../authenticate.ts';
import type { PeerCertificateOf } from '../client-certificate.ts';
import type { PeerAddress } from './client-address.ts';
import type { RateLimits } from './rate-limits.ts';

/**
 * `authenticate`, with failures counted by address: see `AuthThrottle`. A key that is known in memory
 * costs nothing more. Throws what `authenticate` throws, and `resource_exhausted`.
 */
export function authenticateThrottled(
  request: Request,
  query: string,
  peer: PeerAddress | undefined,
  services: Authentication & { rateLimits: RateLimits },
  takesKeyInQuery?: boolean,
  certificate?: PeerCertificateOf,
): Caller | Promise<Caller> {
  const { rateLimits } = services;
  const { throttle } = rateLimits;
  if (peer === undefined || !throttle.isOn) {
    return authenticate(request, query, services, takesKeyInQuery, certificate);
  }
  let caller: Caller | Promise<Caller>;
  try {
    caller = authenticate(request, query, services, takesKeyInQuery, certificate);
  } catch (reason) {
    throw failed(rateLimits, rateLimits.addressOf(request, peer), reason);
  }
  if (!(caller instanceof Promise)) {
    if (isAdminKey(caller)) throttle.check(rateLimits.addressOf(request, peer));
    return caller;
  }
  // Of a client that leaves meanwhile, the address would not be known any more.
  const address = rateLimits.addressOf(request, peer);
  return caller.catch((reason: unknown) => {
    throw failed(rateLimits, address, reason);
  });
}

function isAdminKey({ keyId, owner }: Caller): boolean {
  return keyId === undefined && owner !== undefined;
}

function failed({ throttle }: RateLimits, address: string | undefined, reason: unknown): unknown {
  const isFailure = reason instanceof RpcError && reason.code === 'unauthenticated';
  return isFailure ? throttle.failed(address, reason) : reason;
}
