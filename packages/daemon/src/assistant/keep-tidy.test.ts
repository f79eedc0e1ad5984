import { expect, test } from 'bun:test';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SessionStore, type SessionTables, sessionMigrations } from '@zeke/assistant';
import { createLogger, openStorage } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { keepTidy } from './keep-tidy.ts';

function git(cwd: string, ...args: string[]): void {
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgSign=false'];
  const { exitCode, stderr } = Bun.spawnSync(['git', ...author, ...args], { cwd });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
}

test('worktrees that killed runs have left go at the first look, or are told in the log', async () => {
  await using directory = await temporaryDirectory();
  await using storage = await openStorage<SessionTables>('sqlite::memory:');
  await storage.migrate([sessionMigrations]);
  const root = join(directory.path, 'shop');
  const worktrees = join(directory.path, 'worktrees');
  await mkdir(root);
  git(root, 'init', '-q');
  git(root, 'commit', '--allow-empty', '-qm', 'first');
  const sessions = new SessionStore({ storage, now: Date.now });
  const place = { project: { root, name: 'shop' }, cwd: root, agent: 'general', model: 'm' };
  const left = async (): Promise<string> => {
    const { id } = await sessions.create(place);
    git(root, 'worktree', 'add', '--quiet', '--detach', join(worktrees, id));
    return id;
  };
  await left();
  const edited = await left();
  await Bun.write(join(worktrees, edited, 'new'), 'x');
  const lines: string[] = [];
  const log = createLogger({
    level: 'warn',
    destination: { write: (text: string) => void lines.push(text) },
  });
  const folder = join(directory.path, 'snapshots');
  const path = process.env.PATH ?? '';
  const tidy = keepTidy({ sessions, folder, worktrees, path, keepMs: 0, log, now: Date.now });
  const isDone = async (): Promise<boolean> =>
    lines.length > 0 && (await readdir(worktrees)).filter((name) => name !== 'lock').length === 1;
  while (!(await isDone())) await new Promise((resolve) => setImmediate(resolve));
  await tidy[Symbol.asyncDispose]();
  expect((await readdir(worktrees)).toSorted()).toEqual([edited, 'lock'].toSorted());
  expect(lines.join('')).toContain(edited);
});
