import { RpcError } from '../rpc-error.ts';
import type { SocketAddress } from './socket.ts';

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'this user may not listen there',
  EADDRINUSE: 'another process listens there; stop it, or choose another port',
  EADDRNOTAVAIL: 'this machine has no such address',
  ENOENT: 'its folder does not exist',
  ENOTFOUND: 'the name has no address',
};

/** The error of an address that cannot be had, which runtimes tell without the port. */
export function listenFault(address: SocketAddress, cause: unknown): RpcError {
  if (cause instanceof RpcError) return cause;
  const where = 'path' in address ? address.path : `${address.host}:${address.port}`;
  const { code, message } = cause as NodeJS.ErrnoException;
  const reason = (code === undefined ? undefined : reasons[code]) ?? message;
  return new RpcError('unavailable', `cannot listen at ${where}: ${reason}`, { cause });
}
