import { readBounded } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import type { ResolvedPath } from '../../project/resolve-path.ts';
import { fileFault } from './file-fault.ts';
import { type FileFacts, openFile } from './open-file.ts';

/** Files beyond this are read by ranges and changed by the shell only. */
export const maxWholeFileBytes = 8 * 1024 * 1024;

/** A file as it was found, all of it. */
export interface FileState {
  readonly facts: FileFacts;
  readonly bytes: Uint8Array;
}

/** What is to become of one path. */
export interface FileChange {
  readonly target: ResolvedPath;
  /** Undefined where there is no file: then there must be none when it is written. */
  readonly before: FileState | undefined;
  /** Undefined where the file is to be deleted. */
  readonly after: Uint8Array | undefined;
  /** Permissions of a file that is new; 0o666 less the user's mask unless told otherwise. */
  readonly mode?: number;
}

/**
 * All of a file; undefined where there is none. Throws RpcError for what is no regular file, and for
 * one of over 8 MiB.
 */
export async function readWhole(target: ResolvedPath): Promise<FileState | undefined> {
  if (!target.exists) return undefined;
  try {
    await using file = await openFile(target);
    const bytes = await readBounded(file.handle, maxWholeFileBytes);
    if (bytes === undefined) throw tooLarge(target.shown, file.facts);
    return { facts: file.facts, bytes };
  } catch (cause) {
    if (cause instanceof RpcError && cause.code === 'not_found') return undefined;
    throw fileFault(target.shown, cause);
  }
}

function tooLarge(shown: string, { sizeBytes }: FileFacts): RpcError {
  const mebibytes = Math.ceil(sizeBytes / 1024 / 1024);
  return new RpcError(
    'resource_exhausted',
    `${shown}: ${mebibytes} MiB are too many to change here (${maxWholeFileBytes / 1024 / 1024} MiB at most): use a command by the tool shell`,
  );
}
