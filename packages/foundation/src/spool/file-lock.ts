import { Database } from 'bun:sqlite';
import { rm } from 'node:fs/promises';

/** Held until it is released, or until its process ends, however it ends. */
export interface FileLock {
  /** Gives it back; `remove` takes the file away, too. */
  release(remove: boolean): Promise<void>;
}

/**
 * Takes the lock that this file stands for; undefined where another process, or this one, has it. It is
 * SQLite's own lock of a database, which the system drops with its holder. Throws when the file cannot
 * be made.
 */
export function takeFileLock(path: string): FileLock | undefined {
  const database = new Database(path, { create: true, readwrite: true });
  try {
    database.run('pragma busy_timeout = 0');
    database.run('pragma locking_mode = exclusive');
    database.run('begin exclusive');
  } catch (error) {
    database.close();
    if ((error as { code?: string }).code === 'SQLITE_BUSY') return undefined;
    throw error;
  }
  return {
    async release(remove) {
      // Before it is given back: who takes it then takes a file that has a name.
      if (remove) await rm(path, { force: true });
      database.close();
    },
  };
}
