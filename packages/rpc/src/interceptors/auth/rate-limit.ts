import { retryInfo } from '../../codec/error-details.ts';
import type { CallHandler, ServerCall } from '../../core/call.ts';
import { Metadata } from '../../core/metadata.ts';
import type { ServiceType } from '../../core/method.ts';
import { idleSink } from '../../core/watched-call.ts';
import { RpcError } from '../../rpc-error.ts';
import { identityOf } from './identity.ts';
import { policyOf } from './policy.ts';
import { type Rate, TokenBuckets } from './token-buckets.ts';

export interface RateLimitOptions {
  /** For methods of no class. */
  readonly rate: Rate;
  /** For methods whose policy names this `rate_class`. Each class has a bucket of its own. */
  readonly classes?: Readonly<Record<string, Rate>>;
  /** The services whose methods may have classes. */
  readonly services?: readonly ServiceType[];
  /** Who is counted as one. Default: the identity, else the host of the peer. */
  readonly callerOf?: (call: ServerCall) => string;
  /** How many callers are counted at once: default 10,000. With more, the longest known are forgotten. */
  readonly maxCallers?: number;
  /** Milliseconds of a clock that never goes back. Default `performance.now`. */
  readonly now?: () => number;
}

/**
 * A server interceptor that limits how often one caller calls, by token buckets. Put it after the
 * one that names the caller.
 *
 * Refused with `resource_exhausted`, which says how long to wait, also in a `google.rpc.RetryInfo`
 * and in the trailer `grpc-retry-pushback-ms` (gRFC A6).
 */
export function rateLimit(options: RateLimitOptions): (next: CallHandler) => CallHandler {
  const {
    callerOf = defaultCallerOf,
    maxCallers = 10_000,
    now = () => performance.now(),
  } = options;
  const byClass = new Map<string, TokenBuckets>();
  for (const [name, rate] of Object.entries(options.classes ?? {})) {
    byClass.set(name, new TokenBuckets(rate, maxCallers));
  }
  const others = new TokenBuckets(options.rate, maxCallers);
  const byPath = bucketsByPath(options.services ?? [], byClass);
  return (next) => (call: ServerCall) => {
    const buckets = byPath.get(call.path) ?? others;
    const waitMs = buckets.take(callerOf(call), now());
    if (waitMs === 0) next(call);
    else refuseFor(call, waitMs);
  };
}

function bucketsByPath(
  services: readonly ServiceType[],
  byClass: ReadonlyMap<string, TokenBuckets>,
): Map<string, TokenBuckets> {
  const byPath = new Map<string, TokenBuckets>();
  for (const service of services) {
    for (const method of Object.values(service.methods)) {
      const name = policyOf(method)?.rateClass ?? '';
      if (name === '') continue;
      const buckets = byClass.get(name);
      if (buckets === undefined) {
        throw new RpcError(
          'invalid_argument',
          `${method.path} is of the rate class "${name}", which has no rate: add it to classes`,
        );
      }
      byPath.set(method.path, buckets);
    }
  }
  return byPath;
}

/** The port of a peer is another with each connection, so it is left out. */
function defaultCallerOf(call: ServerCall): string {
  const identity = identityOf(call);
  if (identity !== undefined) return `${identity.scheme} ${identity.id}`;
  const { address } = call.peer;
  const colon = address.lastIndexOf(':');
  return /^\d+$/.test(address.slice(colon + 1)) ? address.slice(0, colon) : address;
}

function refuseFor(call: ServerCall, waitMs: number): void {
  const wholeMs = Math.ceil(waitMs);
  call.sink = idleSink;
  call.sendEnd({
    error: new RpcError('resource_exhausted', `too many calls: try again in ${wholeMs} ms`, {
      details: [retryInfo(wholeMs)],
    }),
    metadata: Metadata.from({ 'grpc-retry-pushback-ms': String(wholeMs) }),
  });
}
