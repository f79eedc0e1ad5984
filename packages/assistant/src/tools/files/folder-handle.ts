import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, readlink, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { RpcError } from '@zeke/rpc';

/**
 * A folder that is held open while files in it are worked on. On Linux `at` reaches them through the
 * open folder itself: who swaps a link into the path in the meantime changes nothing. Where the system
 * has no such way, the path is checked once more when the folder is opened.
 */
export class FolderHandle implements AsyncDisposable {
  readonly #folder: FileHandle;
  readonly #way: string;

  constructor(folder: FileHandle, way: string) {
    this.#folder = folder;
    this.#way = way;
  }

  /** By which path an entry of the folder is reached, as long as the folder is held. */
  at(name: string): string {
    return join(this.#way, name);
  }

  /** What was renamed in it stays so after a crash. Not every file system has it. */
  async sync(): Promise<void> {
    await this.#folder.sync().catch(() => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#folder.close();
  }
}

/**
 * Opens the folder of a resolved path. Throws `aborted` where the path leads elsewhere by now, and
 * what the system says.
 */
export async function openFolder(path: string): Promise<FolderHandle> {
  const folder = await open(path, folderFlags);
  try {
    const way = `/proc/self/fd/${folder.fd}`;
    const held = await readlink(way).catch(() => undefined);
    if ((held ?? (await realpath(path))) !== path) throw moved(path);
    return new FolderHandle(folder, held === undefined ? path : way);
  } catch (reason) {
    await folder.close();
    throw reason;
  }
}

/**
 * Makes the folders of a resolved path that are missing, and tells which, the outermost first. What
 * was made stands when a later one fails: `made` has it then, too.
 */
export async function makeFolders(path: string, made: string[]): Promise<void> {
  const above = dirname(path);
  try {
    await using parent = await openFolder(above);
    await mkdir(parent.at(path.slice(above === '/' ? 1 : above.length + 1)));
    made.push(path);
  } catch (reason) {
    const { code } = reason as NodeJS.ErrnoException;
    if (code === 'EEXIST') return;
    if (code !== 'ENOENT' || above === path) throw reason;
    await makeFolders(above, made);
    await makeFolders(path, made);
  }
}

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

function moved(path: string): RpcError {
  return new RpcError('aborted', `${path}: a link was moved while it was worked on: try again`);
}
