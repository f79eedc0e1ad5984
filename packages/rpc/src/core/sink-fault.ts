import { RpcError } from '../rpc-error.ts';
import { warn } from './warn.ts';

/**
 * The error that ends a call of which a handler, or the sink that it has set, threw: for transports,
 * where one call must not cost its connection. Of what is no RpcError the peer hears `internal`, and
 * the process is warned.
 */
export function sinkFault(path: string, reason: unknown): RpcError {
  if (!(reason instanceof RpcError)) warn('RpcHandler', `the handler of ${path} failed`, reason);
  return RpcError.from(reason);
}
