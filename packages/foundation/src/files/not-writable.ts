import { RpcError } from '@zeke/rpc';

/** What is told when a file of ours cannot be made or written: where, why, and what to do. */
export function notWritable(path: string, cause: unknown): RpcError {
  const { code } = cause as NodeJS.ErrnoException;
  const why = code === undefined ? '' : ` (${code})`;
  return new RpcError(
    'failed_precondition',
    `${path} cannot be written${why}: give its folder to this user, or set ZEKE_HOME to another`,
    { cause },
  );
}
