import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openStorage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { Snapshots } from '../../snapshots/snapshots.ts';
import { fileTools } from '../../tools/files/file-tools.ts';
import { sessionMigrations } from '../migrations.ts';
import type { EntryData } from '../session-entry.ts';
import { SessionStore } from '../session-store.ts';
import type { SessionTables } from '../tables.ts';

/**
 * Works in a folder on a file system of a few megabytes until it is full, and after it is emptied, and
 * prints what happened: for a test that mounts one.
 */
const [, , folder = ''] = process.argv;
const { signal } = new AbortController();
const project = { root: join(folder, 'project'), name: 'project' };
await mkdir(project.root);
await writeFile(join(project.root, 'a.txt'), 'one\n');
const ballast = join(folder, 'ballast');

/** Takes all room that is left. */
async function fill(): Promise<void> {
  const name = join(folder, 'ballast');
  await mkdir(name, { recursive: true });
  for (let size = 2 ** 20; size >= 512; size /= 2) {
    for (let each = 0; ; each++) {
      const isThere = await writeFile(join(name, `${size}-${each}`), Buffer.alloc(size, each)).then(
        () => true,
        () => false,
      );
      if (!isThere) break;
    }
  }
}

const faultOf = (work: Promise<unknown>): Promise<string> =>
  work.then(
    () => 'nothing failed',
    (error) => `${RpcError.from(error).code}: ${RpcError.from(error).message}`,
  );

const url = `sqlite:${join(folder, 'zeke.db')}`;
const told: Record<string, unknown> = {};
const text = (length: number): EntryData => ({
  kind: 'user',
  origin: 'user',
  text: 'x'.repeat(length),
  parts: [],
});
{
  await using storage = await openStorage<SessionTables>(url);
  await storage.migrate([sessionMigrations]);
  const store = new SessionStore({ storage, now: Date.now });
  const { id } = await store.create({ project, cwd: project.root, agent: 'a', model: 'm' });
  await using lease = await store.acquire(id);
  const snapshots = new Snapshots({
    project,
    folder: join(folder, 'snapshots'),
    path: process.env.PATH ?? '',
    now: Date.now,
  });
  await lease.append(text(10));
  const { tree } = await snapshots.take(signal);
  await fill();
  told.append = await faultOf(lease.append(text(400_000)));
  await writeFile(join(project.root, 'a.txt'), 'two\n').catch(() => {});
  await rm(join(ballast, '512-0'), { force: true });
  told.held = lease.entries.length;
  told.readable = (await store.get(id)).entries.length;
  const context = { project, cwd: project.root, sessionId: 's', callId: 'c', signal };
  const write = fileTools().find(({ name }) => name === 'write_file');
  const input = write?.parse({ path: 'big.txt', content: 'y'.repeat(400_000) });
  const allowed = (await write?.actions(input, context)) ?? [];
  told.write = (await write?.run(input, { ...context, allowed, onProgress: () => {} }))?.text;
  told.left = (await readdir(project.root)).toSorted();
  await fill();
  told.snapshot = await faultOf(snapshots.take(signal, [join(project.root, 'a.txt')]));
  await rm(ballast, { recursive: true });
  await writeFile(join(project.root, 'a.txt'), 'two\n');
  const after = await snapshots.take(signal);
  told.changed = (await snapshots.diff(tree, after.tree, signal)).map(({ diff }) => diff);
  told.restored = (await snapshots.restore(after.tree, tree, { force: false }, signal)).restored;
  told.file = await readFile(join(project.root, 'a.txt'), 'utf8');
  told.again = (await lease.append(text(400_000))).map(({ seq }) => seq);
}
process.stdout.write(JSON.stringify(told));
process.exit(0);
