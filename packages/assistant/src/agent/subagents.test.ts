import { expect, test } from 'bun:test';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ModelRequest } from '../model/model-client.ts';
import { foldEntries } from '../sessions/fold-entries.ts';
import { ScriptedModel, type ScriptedTurn } from '../testing/scripted-model.ts';
import type { AgentEvent } from './agent-event.ts';
import { agentFixture, said, writeCall } from './testing/agent-fixture.ts';

/** A model that plays every agent of a run: by the words that its conversation begins with. */
function cast(roles: Readonly<Record<string, readonly ScriptedTurn[]>>): ScriptedModel {
  return new ScriptedModel((request) => {
    const turns = roles[firstWords(request)] ?? [];
    return turns[(request.messages.length - 1) / 2] ?? { text: 'nothing left to do' };
  });
}

function firstWords({ messages }: ModelRequest): string {
  const part = messages[0]?.parts[0];
  return part?.type === 'text' ? part.text : '';
}

function task(agent: string, prompt: string, worktree?: boolean) {
  const input = { agent, prompt, description: prompt, ...(worktree && { worktree }) };
  return { name: 'task', arguments: input };
}

function git(root: string, ...args: string[]): string {
  const identity = ['-c', 'user.name=Ada', '-c', 'user.email=ada@shop.example'];
  const { stdout, exitCode, stderr } = Bun.spawnSync(['git', ...identity, ...args], { cwd: root });
  expect([exitCode, exitCode === 0 ? '' : stderr.toString()]).toEqual([0, '']);
  return stdout.toString().trim();
}

test('subagents work at the same time, in sessions of their own, with the limits of their parent', async () => {
  const meet = (who: string) => ({ calls: [{ name: 'meet', arguments: { who } }] });
  const model = cast({
    go: [{ calls: [task('explore', 'left'), task('general', 'right')] }, { text: 'both are back' }],
    left: [meet('left'), { text: 'left is done' }],
    right: [meet('right'), { calls: [writeCall('b', '1')] }, { text: 'right is done' }],
  });
  await using zeke = await agentFixture(model);
  const events = await zeke.run('go');
  const reports = events.flatMap((event) => (event.type === 'tool-result' ? [event] : []));
  expect(reports.map(({ text }) => text).toSorted()).toEqual(['left is done', 'right is done']);
  const inner = events.flatMap((event) => (event.type === 'subagent' ? [event.event] : []));
  expect(inner.filter(({ type }) => type === 'end')).toHaveLength(2);
  expect(events.at(-1)).toMatchObject({ status: 'completed', usage: { steps: 7 } });
  const children = await zeke.sessions.list({ parentId: zeke.lastSession });
  expect(children.map(({ agent, title }) => [agent, title]).toSorted()).toEqual([
    ['explore', 'left'],
    ['general', 'right'],
  ]);
  expect(await zeke.read('b')).toBe('1');
  const { entries } = await zeke.sessions.get(zeke.lastSession);
  const change = entries.find(({ data }) => data.kind === 'change');
  expect(change?.data).toMatchObject({ paths: ['b'] });

  // Who only reads has no tools that write, and nobody but the first hands tasks over.
  const toolsOf = (words: string) =>
    model.requests.find((request) => firstWords(request) === words)?.tools?.map(({ name }) => name);
  expect(toolsOf('left')).toEqual(['read', 'hang', 'breaks', 'meet']);
  expect(toolsOf('right')).toContain('write');
  expect(toolsOf('right')).not.toContain('task');
});

test('a subagent asks for itself, its limits are those of the run, and its end is told', async () => {
  const model = cast({
    go: [{ calls: [task('general', 'write'), task('nobody', 'x')] }, { text: 'well' }],
    write: [{ calls: [writeCall('a', '1')] }, { text: 'no more steps' }],
  });
  const judge = {
    judge: async (tool: string) => ({
      verdict: tool === 'write' ? ('ask' as const) : ('allow' as const),
      reason: 'asked about',
      remembers: [],
    }),
    remember: async () => {},
  };
  await using zeke = await agentFixture(model, { judge });
  const events: AgentEvent[] = [];
  for await (const event of zeke.start('go', { limits: { maxSteps: 3 } })) {
    events.push(event);
    const inner = event.type === 'subagent' ? event.event : undefined;
    if (inner?.type === 'approval') zeke.agent.respond(inner.approvalId, 'allow_once');
  }
  const results = events.flatMap((event) => (event.type === 'tool-result' ? [event] : []));
  expect(results.find(({ text }) => text.includes('there is no agent nobody'))?.isError).toBe(true);
  expect(results.find(({ text }) => text.startsWith('no more steps'))).toMatchObject({
    isError: true,
    text: said('limit of 3 steps'),
  });
  expect(events.at(-1)).toMatchObject({ reason: 'max-steps', usage: { steps: 3 } });
});

test('a cancel reaches subagents', async () => {
  const model = cast({
    go: [{ calls: [task('explore', 'wait')] }],
    wait: [{ calls: [{ name: 'hang', arguments: {} }] }],
  });
  await using zeke = await agentFixture(model);
  const events: AgentEvent[] = [];
  for await (const event of zeke.start('go')) {
    events.push(event);
    const isHanging = event.type === 'subagent' && event.event.type === 'tool-call';
    if (isHanging) zeke.agent.interrupt(zeke.lastSession);
  }
  const inner = events.findLast((event) => event.type === 'subagent');
  expect(inner?.event).toMatchObject({ type: 'end', status: 'canceled' });
  expect(events.at(-1)).toMatchObject({ type: 'end', status: 'canceled' });
});

test('in a worktree, changes come back as a branch, and nothing else is left', async () => {
  const model = cast({
    go: [
      { calls: [task('general', 'apart', true), task('explore', 'look', true)] },
      { text: 'done' },
    ],
    apart: [
      { calls: [{ name: 'read', arguments: { path: 'a' } }, writeCall('b', 'new\n')] },
      { text: 'written' },
    ],
    look: [{ text: 'seen' }],
  });
  await using zeke = await agentFixture(model);
  await zeke.write('a', 'committed\n');
  git(zeke.root, 'init', '-q');
  git(zeke.root, 'add', '.');
  git(zeke.root, 'commit', '-qm', 'first');
  await zeke.write('a', 'changed\n');
  const events = await zeke.run('go');
  const texts = events.flatMap((event) => (event.type === 'tool-result' ? [event.text] : []));
  const inner = events.flatMap((event) =>
    event.type === 'subagent' && event.event.type === 'tool-result' ? [event.event.text] : [],
  );
  expect(inner).toContain('changed\n');
  expect(texts).toContain('seen');
  const report = texts.find((text) => text.startsWith('written')) ?? '';
  const branch = /branch (zeke\/[\w-]+)/.exec(report)?.[1] ?? '';
  expect(report).toContain('+new');
  await expect(zeke.read('b')).rejects.toThrow('ENOENT');
  expect(git(zeke.root, 'branch', '--list', 'zeke/*').split('\n')).toHaveLength(1);
  expect(git(zeke.root, 'worktree', 'list').split('\n')).toHaveLength(1);
  expect(git(zeke.root, 'status', '--porcelain')).toBe('M a');
  expect(await readdir(join(zeke.home, 'worktrees'))).toEqual(['lock']);
  git(zeke.root, 'cherry-pick', '--no-commit', branch);
  expect([await zeke.read('a'), await zeke.read('b')]).toEqual(['changed\n', 'new\n']);
});

test('a worktree of a folder that is no repository is told; a whole run may work in one', async () => {
  const model = cast({
    go: [{ calls: [task('general', 'apart', true)] }, { text: 'then not' }],
    alone: [{ calls: [writeCall('c', '1')] }, { text: 'written' }],
  });
  await using zeke = await agentFixture(model);
  const events = await zeke.run('go');
  const texts = events.flatMap((event) => (event.type === 'tool-result' ? [event.text] : []));
  expect(texts[0]).toContain('a worktree cannot be made: it is no git repository');
  git(zeke.root, 'init', '-q');
  git(zeke.root, 'add', '.');
  git(zeke.root, 'commit', '-qm', 'first');
  const end = (await zeke.run('alone', { worktree: true })).at(-1);
  expect(end).toMatchObject({ status: 'completed', message: said('on the branch zeke/') });
  await expect(zeke.read('c')).rejects.toThrow('ENOENT');
  const { entries } = await zeke.sessions.get(zeke.lastSession);
  expect(foldEntries(entries).changes).toEqual([]);
});

test('a worktree that a killed run has left is gone on with; each time has a branch of its own', async () => {
  await using zeke = await agentFixture(
    new ScriptedModel([
      { text: 'nothing yet' },
      { calls: [writeCall('mine', '1')] },
      { text: 'done' },
    ]),
  );
  git(zeke.root, 'init', '-q');
  git(zeke.root, 'add', '.');
  git(zeke.root, 'commit', '-qm', 'first');
  const project = { root: zeke.root, name: 'shop' };
  const place = { project, cwd: zeke.root, agent: 'build', model: 'm' };
  const { id: sessionId } = await zeke.sessions.create(place);
  const left = join(zeke.home, 'worktrees', sessionId);
  git(zeke.root, 'worktree', 'add', '--quiet', '--detach', left);
  await Bun.write(join(left, 'half'), 'half');
  await zeke.run('go', { sessionId, worktree: true });
  await zeke.run('on', { sessionId, worktree: true });
  const branches = git(zeke.root, 'branch', '--list', '--format=%(refname:short)', 'zeke/*');
  expect(branches.split('\n')).toEqual([`zeke/${sessionId}`, `zeke/${sessionId}-2`]);
  expect(git(zeke.root, 'show', `zeke/${sessionId}:half`)).toBe('half');
  expect(git(zeke.root, 'show', `zeke/${sessionId}-2:mine`)).toBe('1');
});
