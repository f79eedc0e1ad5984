import { expect, test } from 'bun:test';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentFixture, agentFixture, writeCall } from '../agent/testing/agent-fixture.ts';
import { checkConversation } from '../testing/check-conversation.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { toMessages } from './conversation.ts';
import { foldEntries } from './fold-entries.ts';
import { SessionChanges } from './session-changes.ts';

const signal = new AbortController().signal;

function changesOf({ sessions, options }: AgentFixture): SessionChanges {
  const { snapshots } = options;
  if (snapshots === undefined) throw new Error('the fixture has snapshots');
  return new SessionChanges({ sessions, snapshots });
}

/** Two steps: the first writes `a` and `b`, the second `a` and `c`. */
async function twoSteps(): Promise<AgentFixture> {
  const model = new ScriptedModel([
    { calls: [writeCall('a', '1\n'), writeCall('b', '1\n')] },
    { calls: [writeCall('a', '2\n'), writeCall('c', '2\n')] },
    { text: 'done' },
    { text: 'I see' },
  ]);
  const zeke = await agentFixture(model);
  await zeke.write('a', '0\n');
  expect((await zeke.run('write')).at(-1)).toMatchObject({ status: 'completed' });
  return zeke;
}

async function filesOf(zeke: AgentFixture): Promise<string> {
  const texts = ['a', 'b', 'c'].map((name) => zeke.read(name).catch(() => '-\n'));
  return (await Promise.all(texts)).join('').replaceAll('\n', '');
}

test('steps are undone one by one and done again', async () => {
  await using zeke = await twoSteps();
  const changes = changesOf(zeke);
  const undo = () => changes.undo(zeke.lastSession, false, signal);
  const redo = () => changes.redo(zeke.lastSession, false, signal);
  const paths = async () =>
    (await changes.diff(zeke.lastSession, signal)).map(({ path, diff }) => [path, diff.at(-2)]);
  expect(await paths()).toEqual([
    ['a', '2'],
    ['b', '1'],
    ['c', '2'],
  ]);
  expect((await undo()).changes).toMatchObject([{ path: 'a' }, { path: 'c', linesRemoved: 1 }]);
  expect(await filesOf(zeke)).toBe('11-');
  await undo();
  expect(await filesOf(zeke)).toBe('0--');
  expect(await paths()).toEqual([]);
  await expect(undo()).rejects.toThrow('there is nothing to undo');
  await redo();
  expect(await filesOf(zeke)).toBe('11-');
  await redo();
  expect(await filesOf(zeke)).toBe('212');
  await expect(redo()).rejects.toThrow('there is nothing to redo');

  // The model is told on its next turn.
  await undo();
  await zeke.run('what is there?', { sessionId: zeke.lastSession });
  const { entries } = await zeke.sessions.get(zeke.lastSession);
  const told = JSON.stringify(toMessages(foldEntries(entries).active));
  expect(told).toContain('[The user took back the changes of a step in: c.]');
});

test('what somebody changed since is kept and told; force writes over it, and it is saved', async () => {
  await using zeke = await twoSteps();
  const changes = changesOf(zeke);
  await zeke.write('a', 'mine\n');
  const undone = await changes.undo(zeke.lastSession, false, signal);
  expect(undone.kept).toEqual([{ path: 'a', reason: 'it was changed after the step' }]);
  expect(await filesOf(zeke)).toBe('mine1-');
  const forced = await changes.undo(zeke.lastSession, true, signal);
  expect(await filesOf(zeke)).toBe('0--');
  const snapshots = zeke.options.snapshots?.({ root: zeke.root, name: 'shop' });
  const now = await snapshots?.take(signal);
  const saved = await snapshots?.diff(forced.savedTree ?? '', now?.tree ?? '', signal);
  expect(saved?.[0]?.diff).toContain('-mine');
});

test('a session goes back to a message, with its files or without', async () => {
  for (const keepFiles of [false, true]) {
    await using zeke = await twoSteps();
    const changes = changesOf(zeke);
    const { entries } = await zeke.sessions.get(zeke.lastSession);
    const answers = entries.filter(({ data }) => data.kind === 'answer');
    const lastOfFirst = (answers[1]?.seq ?? 0) - 1;
    await changes.revert(zeke.lastSession, lastOfFirst, { keepFiles }, signal);
    expect(await filesOf(zeke)).toBe(keepFiles ? '212' : '11-');
    const { active } = foldEntries((await zeke.sessions.get(zeke.lastSession)).entries);
    expect(active.at(-1)?.seq).toBe(lastOfFirst);
    const tools = ['write'].map((name) => ({
      name,
      description: '',
      parameters: { type: 'object' },
    }));
    const messages = toMessages(active);
    expect(checkConversation({ model: 'm', system: '', messages, tools })).toBeUndefined();
    await expect(changes.revert(zeke.lastSession, 999, {}, signal)).rejects.toMatchObject({
      code: 'invalid_argument',
    });
    const all = await changes.revert(zeke.lastSession, 0, {}, signal);
    expect(all.kept.map(({ path }) => path)).toEqual(keepFiles ? ['a'] : []);
    expect(await filesOf(zeke)).toBe(keepFiles ? '2-2' : '0--');
  }
});

test('changes of a file that is ignored, or deleted, come back too', async () => {
  const model = new ScriptedModel([
    { calls: [writeCall('.env', 'KEY=2')] },
    { calls: [writeCall('gone', '')] },
    { text: 'done' },
  ]);
  await using zeke = await agentFixture(model);
  await zeke.write('.gitignore', '.env\n');
  await zeke.write('.env', 'KEY=1');
  await zeke.run('write');
  const changes = changesOf(zeke);
  await rm(join(zeke.root, 'gone'));
  await changes.undo(zeke.lastSession, false, signal);
  await changes.undo(zeke.lastSession, false, signal);
  expect(await zeke.read('.env')).toBe('KEY=1');
});
