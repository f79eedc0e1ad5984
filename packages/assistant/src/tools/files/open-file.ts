import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, open } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { RpcError } from '@zeke/rpc';
import type { ResolvedPath } from '../../project/resolve-path.ts';
import { fileFault } from './file-fault.ts';
import { openFolder } from './folder-handle.ts';

/** What tells one state of a file from another, as far as the system says. */
export interface FileIdentity {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
}

export interface FileFacts extends FileIdentity {
  readonly sizeBytes: number;
  /** Of permissions: the last nine bits, and those of set-user-id and its kind. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

export interface OpenedFile extends AsyncDisposable {
  readonly handle: FileHandle;
  readonly facts: FileFacts;
}

/**
 * Opens a regular file for reading, the very one that the path was resolved to: a link that took its
 * place is not followed. Throws RpcError for what is no file (a folder, a device, a pipe), and for
 * what the system refuses.
 */
export async function openFile({ path, shown }: ResolvedPath): Promise<OpenedFile> {
  try {
    await using folder = await openFolder(dirname(path));
    const way = folder.at(basename(path));
    // A device may act when it is opened, so it is looked at first.
    refuseIrregular(await lstat(way), shown);
    const handle = await open(way, readFlags);
    try {
      const stat = await handle.stat({ bigint: true });
      refuseIrregular(stat, shown);
      const facts = factsOf(stat);
      return { handle, facts, [Symbol.asyncDispose]: () => handle.close() };
    } catch (reason) {
      await handle.close();
      throw reason;
    }
  } catch (reason) {
    throw fileFault(shown, reason);
  }
}

/** What the system says of a file, or of a link that is not followed. */
export function factsOf(stat: BigIntStats): FileFacts {
  return {
    dev: stat.dev,
    ino: stat.ino,
    size: stat.size,
    mtimeNs: stat.mtimeNs,
    sizeBytes: Number(stat.size),
    mode: Number(stat.mode) & 0o7777,
    uid: Number(stat.uid),
    gid: Number(stat.gid),
  };
}

/** True when nothing says that a file has changed. */
export function isSameFile(one: FileIdentity, other: FileIdentity): boolean {
  return (
    one.dev === other.dev &&
    one.ino === other.ino &&
    one.size === other.size &&
    one.mtimeNs === other.mtimeNs
  );
}

const readFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

interface Kind {
  isFile(): boolean;
  isDirectory(): boolean;
  isFIFO(): boolean;
  isSocket(): boolean;
  isSymbolicLink(): boolean;
}

function refuseIrregular(entry: Kind, shown: string): void {
  if (entry.isFile()) return;
  if (entry.isDirectory()) throw refused(shown, 'is a folder; look into it with list_directory');
  if (entry.isSymbolicLink())
    throw refused(shown, 'became a link while it was worked on: try again');
  const kind = entry.isFIFO() ? 'a named pipe' : entry.isSocket() ? 'a socket' : 'a device';
  throw refused(shown, `is ${kind}, not a file: it is neither read nor written`);
}

function refused(shown: string, why: string): RpcError {
  return new RpcError('failed_precondition', `${shown}: ${why}`);
}
