import { type CallHandler, okTrailer, type ServerCall } from '../../core/call.ts';
import { CallKey, callValue, setCallValue } from '../../core/call-values.ts';
import { Metadata } from '../../core/metadata.ts';
import { idleSink } from '../../core/watched-call.ts';
import { RpcError } from '../../rpc-error.ts';

/** Who makes a call, as an interceptor has proved it. */
export interface Identity {
  /** A name that is stable over calls: of a key, a token's subject, a certificate. Safe to log. */
  readonly id: string;
  /** How it was proved: `api-key`, `jwt`, `certificate`, or the name an own interceptor gives. */
  readonly scheme: string;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** What else the credential says: the claims of a JWT. */
  readonly claims?: Readonly<Record<string, unknown>>;
}

/** The caller, where a handler reads it: `context.value(identityKey)`. */
export const identityKey: CallKey<Identity> = new CallKey('identity');

/** Who makes this call; undefined when no interceptor has proved it. */
export function identityOf(call: ServerCall): Identity | undefined {
  return callValue(call, identityKey);
}

/** For interceptors that authenticate: names who makes this call. The last one who names wins. */
export function setIdentity(call: ServerCall, identity: Identity): void {
  setCallValue(call, identityKey, identity);
}

/** Ends a call before any handler has seen it. */
export function refuse(call: ServerCall, error: RpcError): void {
  call.sink = idleSink;
  call.sendEnd({ error, metadata: Metadata.empty });
}

/** Names who makes the call and passes it on, or refuses it. */
export function admit(call: ServerCall, verdict: Identity | RpcError, next: CallHandler): void {
  if (verdict instanceof RpcError) {
    refuse(call, verdict);
    return;
  }
  setIdentity(call, verdict);
  next(call);
}

/**
 * The same once the verdict is there. Nothing of the call is read meanwhile, so the peer can send no
 * more than the stream's window; a call that its peer gives up is not passed on.
 */
export function admitLater(
  call: ServerCall,
  verdict: Promise<Identity | RpcError>,
  next: CallHandler,
): void {
  let canceled = false;
  call.sink = {
    ...idleSink,
    onCancel() {
      canceled = true;
      // A transport counts the call as running until it is told that it is not.
      call.sendEnd(okTrailer);
    },
  };
  call.pause();
  const decide = (decided: Identity | RpcError): void => {
    if (canceled) return;
    admit(call, decided, next);
    call.resume();
  };
  verdict.then(decide, (reason: unknown) => decide(RpcError.from(reason)));
}
