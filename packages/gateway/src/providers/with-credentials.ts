import type { OutboundRequest, Refused } from './provider.ts';
import type { TokenSource } from './token-source.ts';

export interface FetchedCredentials<T> {
  source: TokenSource<T>;
  /** Whether a refusal (401 or 403) means that others may do: expired or revoked, not forbidden. */
  isStale: (refusal: Refused) => boolean;
}

/**
 * A request with credentials of a source, at hand where they are and `build` needs no promise. It
 * can be renewed once when the vendor finds them stale.
 */
export function withCredentials<T>(
  { source, isStale }: FetchedCredentials<T>,
  signal: AbortSignal,
  build: (credentials: T) => OutboundRequest | Promise<OutboundRequest>,
): OutboundRequest | Promise<OutboundRequest> {
  const renewable = (credentials: T): OutboundRequest | Promise<OutboundRequest> => {
    const renew: OutboundRequest['renew'] = async (refusal, renewSignal) => {
      if (!isStale(refusal)) return undefined;
      source.forget(credentials);
      return build(await source.get(renewSignal));
    };
    const request = build(credentials);
    if (request instanceof Promise) return request.then((ready) => ({ ...ready, renew }));
    request.renew = renew;
    return request;
  };
  const credentials = source.get(signal);
  return credentials instanceof Promise ? credentials.then(renewable) : renewable(credentials);
}
