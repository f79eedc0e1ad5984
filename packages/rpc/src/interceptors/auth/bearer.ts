import type { ClientCall, ClientSink, OpenOptions, Trailer, Transport } from '../../core/call.ts';
import { FailedCall } from '../../core/failed-call.ts';
import { HeldCall, HoldLimit } from '../../core/held-call.ts';
import type { MethodInfo } from '../../core/method.ts';
import { ownFault } from '../../core/own-fault.ts';
import { markRefused } from '../../core/refused.ts';
import { WatchedClientCall } from '../../core/watched-call.ts';
import type { RpcError } from '../../rpc-error.ts';
import { withMetadata } from './credential.ts';

/** Where tokens come from, and are told back to when a server refuses one. */
export interface TokenSource {
  /** The token, at once where it is there already. Rejects with an RpcError. */
  token(): string | Promise<string>;
  /** A server has answered `unauthenticated` to this token. */
  refused?(token: string): void;
}

/**
 * A client interceptor that sends a token with every call, as `authorization: Bearer …`. A call
 * waits for the token, and fails with the error of its source.
 */
export function bearerClient(source: TokenSource): (next: Transport) => Transport {
  const limit = new HoldLimit();
  return (next) => ({
    open(method: MethodInfo, options: OpenOptions, sink: ClientSink): ClientCall {
      let token: string | Promise<string>;
      try {
        token = source.token();
      } catch (reason) {
        return new FailedCall(sink, noToken(reason));
      }
      if (typeof token === 'string') {
        const call = new BearerCall(source, token, sink);
        return call.open(next, method, withToken(options, token));
      }
      return openLater(source, token, next, new HeldCall(method, options, sink, limit), sink);
    },
    close: () => next.close(),
  });
}

function openLater(
  source: TokenSource,
  token: Promise<string>,
  next: Transport,
  held: HeldCall,
  sink: ClientSink,
): ClientCall {
  token.then(
    (text) => {
      const through: Transport = {
        open: (method, options, inner) =>
          new BearerCall(source, text, inner).open(next, method, options),
        close: () => next.close(),
      };
      held.begin(through, sink, withToken(held.options, text));
    },
    (reason: unknown) => held.fail(noToken(reason)),
  );
  return held;
}

/** No service has seen the call. */
function noToken(reason: unknown): RpcError {
  return markRefused(ownFault('the source of the token', reason));
}

function withToken(options: OpenOptions, token: string): OpenOptions {
  return withMetadata(options, 'authorization', `Bearer ${token}`);
}

class BearerCall extends WatchedClientCall {
  readonly #source: TokenSource;
  readonly #token: string;

  constructor(source: TokenSource, token: string, sink: ClientSink) {
    super(sink);
    this.#source = source;
    this.#token = token;
  }

  protected override ended(trailer: Trailer): void {
    if (trailer.error?.code === 'unauthenticated') this.#source.refused?.(this.#token);
  }
}
