import { expect, test } from 'bun:test';
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { sweepWorktrees } from './sweep-worktrees.ts';
import { agentFixture, said } from './testing/agent-fixture.ts';

function git(cwd: string, ...args: string[]): string {
  const author = ['-c', 'user.name=a', '-c', 'user.email=a@b', '-c', 'commit.gpgSign=false'];
  const { exitCode, stderr, stdout } = Bun.spawnSync(['git', ...author, ...args], { cwd });
  if (exitCode !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.toString().trim();
}

const signal = new AbortController().signal;

/** A repository, and worktrees of sessions whose runs are gone. */
async function left() {
  const zeke = await agentFixture(new ScriptedModel(() => ({ text: 'done' })));
  git(zeke.root, 'init', '-q');
  git(zeke.root, 'add', '.');
  git(zeke.root, 'commit', '-qm', 'first');
  const folder = join(zeke.home, 'worktrees');
  const project = { root: zeke.root, name: 'shop' };
  const place = { project, cwd: zeke.root, agent: 'general', model: 'm' };
  const add = async (parent?: { sessionId: string; callId: string }): Promise<string> => {
    const { id } = await zeke.sessions.create({ ...place, ...(parent && { parent }) });
    git(zeke.root, 'worktree', 'add', '--quiet', '--detach', join(folder, id));
    return id;
  };
  const { sessions } = zeke;
  const options = { sessions, worktrees: { folder, path: process.env.PATH ?? '' } };
  return { zeke, folder, place, add, options };
}

test('worktrees without changes go, those with changes stay and are told', async () => {
  const { add, folder, options, zeke } = await left();
  await using _ = zeke;
  const unchanged = await add();
  const gone = await add();
  await zeke.sessions.delete(gone);
  const edited = await add();
  await Bun.write(join(folder, edited, 'new'), 'x');
  const committed = await add();
  git(join(folder, committed), 'commit', '--allow-empty', '-qm', 'mine');
  const merged = await add();
  git(join(folder, merged), 'commit', '--allow-empty', '-qm', 'theirs');
  git(join(folder, merged), 'branch', 'kept');
  const kept = await sweepWorktrees(options, signal);
  expect(kept.map(({ sessionId }) => sessionId).toSorted()).toEqual([edited, committed].toSorted());
  expect(kept[0]).toMatchObject({
    folder: join(folder, kept[0]?.sessionId ?? ''),
    reason: 'it has changes',
  });
  expect((await readdir(folder)).toSorted()).toEqual([edited, committed, 'lock'].toSorted());
  const list = git(zeke.root, 'worktree', 'list');
  for (const id of [unchanged, gone, merged]) expect(list).not.toContain(id);
});

test('one that is worked in is left alone, and so is one that nobody can judge', async () => {
  const { add, folder, options, zeke } = await left();
  await using _ = zeke;
  const running = await add();
  const broken = await add();
  await rm(join(folder, broken, '.git'));
  await using _lease = await zeke.sessions.acquire(running);
  const kept = await sweepWorktrees(options, signal);
  expect(kept).toEqual([
    { sessionId: broken, folder: join(folder, broken), reason: said('git rev-parse failed') },
  ]);
  expect(await readdir(folder)).toEqual(expect.arrayContaining([running, broken]));
});

test('a session that goes on looks for what its subagents have left', async () => {
  const { add, folder, place, zeke } = await left();
  await using _ = zeke;
  const { id: sessionId } = await zeke.sessions.create(place);
  await zeke.run('go', { sessionId });
  const parent = { sessionId, callId: 'c' };
  const unchanged = await add(parent);
  const edited = await add(parent);
  const others = await add();
  await Bun.write(join(folder, edited, 'new'), 'x');
  const events = await zeke.run('on', { sessionId });
  const notices = events.flatMap((event) => (event.type === 'notice' ? [event.text] : []));
  expect(notices).toEqual([said(`left changes in ${join(folder, edited)}`)]);
  expect((await readdir(folder)).toSorted()).toEqual([edited, others, 'lock'].toSorted());
  expect(await readdir(folder)).not.toContain(unchanged);
});
