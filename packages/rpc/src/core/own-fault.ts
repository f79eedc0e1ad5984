import { RpcError } from '../rpc-error.ts';

/**
 * The error of a call that code of its own caller has failed: `what` names it, such as
 * `the requests of /a.Service/Method`. An RpcError stays, and an abort is `canceled`. The rest is
 * `internal`, and the caller, whose own it is, finds it in the cause: on this side no log has it.
 */
export function ownFault(what: string, cause: unknown): RpcError {
  const error = RpcError.from(cause);
  if (error === cause || error.code !== 'internal') return error;
  return new RpcError('internal', `${what} threw an error, see the cause`, { cause });
}
