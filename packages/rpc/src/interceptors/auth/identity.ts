import type { CallHandler, ServerCall } from '../../core/call.ts';
import { CallKey, callValue, setCallValue } from '../../core/call-values.ts';
import { RpcError } from '../../rpc-error.ts';
import { holdServerCall, refuseCall } from '../admit-calls.ts';

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

/** Names who makes the call and passes it on, or refuses it. */
export function admit(call: ServerCall, verdict: Identity | RpcError, next: CallHandler): void {
  if (verdict instanceof RpcError) {
    refuseCall(call, verdict);
    return;
  }
  setIdentity(call, verdict);
  next(call);
}

/** The same once the verdict is there. */
export function admitLater(
  call: ServerCall,
  verdict: Promise<Identity | RpcError>,
  next: CallHandler,
): Promise<void> {
  return holdServerCall(call, verdict, (decided) => admit(call, decided, next));
}
