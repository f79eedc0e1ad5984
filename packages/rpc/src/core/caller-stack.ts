import { RpcError } from '../rpc-error.ts';
import { isRefused, markRefused } from './refused.ts';

/**
 * The error with the stack of `caller` below its own. It is a copy: several calls may have failed
 * with the same one.
 */
export function withCallerStack(error: RpcError, caller: Error): RpcError {
  const { code, message, details, retryable, cause } = error;
  const copy = new RpcError(code, message, {
    details,
    retryable,
    ...(cause === undefined ? {} : { cause }),
  });
  const frames = caller.stack?.slice(caller.stack.indexOf('\n') + 1);
  copy.stack = `${error.stack}\n    for the call at\n${frames}`;
  return isRefused(error) ? markRefused(copy) : copy;
}
