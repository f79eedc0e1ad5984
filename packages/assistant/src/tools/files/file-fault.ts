import { type Code, RpcError } from '@zeke/rpc';

/** What the system said of a file, as told to who asked: what it means, and what to do. */
export function fileFault(shown: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (cause instanceof RpcError || code === undefined) return cause;
  const [kind, meaning] = meanings[code] ?? ['failed_precondition', `the system refused (${code})`];
  return new RpcError(kind, `${shown}: ${meaning}`, { cause });
}

const noSpace = 'the disk is full: nothing was changed; free space first';
const denied = 'this user may not (permission denied): nothing was changed';

const meanings: Readonly<Record<string, readonly [Code, string]>> = {
  ENOENT: ['not_found', 'is not there; look with list_directory or glob'],
  ENOTDIR: ['failed_precondition', 'a part of this path is a file and not a folder'],
  EISDIR: ['failed_precondition', 'is a folder; look into it with list_directory'],
  EEXIST: ['aborted', 'somebody else made it at this moment: read it, then try again'],
  EACCES: ['permission_denied', denied],
  EPERM: ['permission_denied', denied],
  EROFS: ['permission_denied', 'its file system is read-only: nothing was changed'],
  ELOOP: ['aborted', 'became a link while it was worked on: try again'],
  ENOSPC: ['resource_exhausted', noSpace],
  EDQUOT: ['resource_exhausted', noSpace],
  EFBIG: ['resource_exhausted', 'is larger than its file system allows: nothing was changed'],
  EIO: ['data_loss', 'the disk failed to read or write it'],
  EMFILE: ['resource_exhausted', 'too many files are open: try again'],
  ENFILE: ['resource_exhausted', 'too many files are open: try again'],
  ENAMETOOLONG: ['invalid_argument', 'its name is too long'],
  ESTALE: ['aborted', 'its file system was taken away: try again'],
};
