import { constants } from 'node:fs';
import { open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { isWithin } from '../project/resolve-path.ts';
import { maxSourceBytes } from '../project-index/read-file-symbols.ts';

/** A file as it was when it was read. */
export interface WatchedFile {
  /** The same as long as nobody has saved it. */
  readonly stamp: string;
  readonly text: string;
}

/**
 * Reads a file of a project, whose root has no links in it. Undefined where there is nothing for people to
 * write in: it is gone, a link, a device, over 512 KiB, or binary.
 */
export async function readWatchedFile(
  root: string,
  path: string,
): Promise<WatchedFile | undefined> {
  const whole = join(root, path);
  try {
    if (!isWithin(root, await realpath(dirname(whole)))) return undefined;
    const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
    await using file = await open(whole, flags);
    const { ino, mtimeMs, size, ...stats } = await file.stat();
    if ((stats.mode & constants.S_IFMT) !== constants.S_IFREG || size > maxSourceBytes) return;
    const text = await file.readFile('utf8');
    if (text.length > maxSourceBytes || text.includes('\0')) return undefined;
    return { stamp: `${ino} ${mtimeMs} ${size}`, text };
  } catch {
    return undefined;
  }
}
