import { join } from 'node:path';
import { openStorage, type Storage } from '@zeke/foundation';
import type { Project } from '../../project/project.ts';
import { Snapshots } from '../../snapshots/snapshots.ts';
import { sessionMigrations } from '../migrations.ts';
import { SessionStore } from '../session-store.ts';
import type { SessionTables } from '../tables.ts';

/** What the process that is killed and the one that looks afterwards share: a folder. */
export interface KillWorkplace extends AsyncDisposable {
  readonly project: Project;
  readonly sessions: SessionStore;
  readonly snapshots: (project: Project) => Snapshots;
  /** Ids of calls whose results were told, one a line. */
  readonly toldPath: string;
}

export async function openKillWorkplace(folder: string, path: string): Promise<KillWorkplace> {
  const storage: Storage<SessionTables> = await openStorage(`sqlite:${join(folder, 'zeke.db')}`);
  await storage.migrate([sessionMigrations]);
  return {
    project: { root: join(folder, 'shop'), name: 'shop' },
    sessions: new SessionStore({ storage, now: Date.now }),
    snapshots: (project) =>
      new Snapshots({ project, folder: join(folder, 'snapshots'), path, now: Date.now }),
    toldPath: join(folder, 'told.txt'),
    [Symbol.asyncDispose]: () => storage[Symbol.asyncDispose](),
  };
}
