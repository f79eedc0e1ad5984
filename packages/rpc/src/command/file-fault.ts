import { RpcError } from '../rpc-error.ts';

/** The error of a file that could not be read or written. `what` names it, with its flag. */
export function fileFault(what: string, cause: unknown): RpcError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown';
  if (code === 'ENOENT')
    return new RpcError('not_found', `${what}: there is no such file`, { cause });
  const reason = reasons[code] ?? `the file cannot be used (${code})`;
  return new RpcError('failed_precondition', `${what}: ${reason}`, { cause });
}

const reasons: Readonly<Record<string, string>> = {
  EACCES: 'you may not use the file',
  EISDIR: 'it is a folder, not a file',
  ENOTDIR: 'its folder is a file',
};
