import type { ClientCall, ClientSink, OpenOptions, Transport } from '../core/call.ts';
import type { MethodInfo } from '../core/method.ts';

/** The entry of a header by which a server recognises a call that is sent again. */
export const idempotencyKey = 'idempotency-key';

export interface IdempotencyKeyOptions {
  /** Which calls get a key: unary ones of methods that may not simply be sent twice. */
  readonly appliesTo?: (method: MethodInfo) => boolean;
  /** A text of printable ASCII that was never used before: a random UUID. */
  readonly newKey?: () => string;
}

/**
 * Gives each call a key of its own, unless its caller has. Stands before `retry`, so that all
 * attempts of a call have the same one; a server with `deduplicate` then runs it once, and `retry`
 * may be told so:
 *
 *     retry({ isIdempotent: (method, metadata) => metadata.has(idempotencyKey) || … })
 *
 * Source: the header Idempotency-Key, draft-ietf-httpapi-idempotency-key-header.
 */
export function idempotencyKeys(
  options: IdempotencyKeyOptions = {},
): (next: Transport) => Transport {
  const { appliesTo = needsKey, newKey = randomKey } = options;
  return (next) => ({
    open(method: MethodInfo, open: OpenOptions, sink: ClientSink): ClientCall {
      if (!appliesTo(method) || open.metadata.has(idempotencyKey)) {
        return next.open(method, open, sink);
      }
      const metadata = open.metadata.clone().append(idempotencyKey, newKey());
      return next.open(method, { ...open, metadata }, sink);
    },
    close: () => next.close(),
  });
}

function needsKey(method: MethodInfo): boolean {
  return method.kind === 'unary' && method.idempotency === 'unknown';
}

function randomKey(): string {
  return crypto.randomUUID();
}
