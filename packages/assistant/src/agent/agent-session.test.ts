import { expect, test } from 'bun:test';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { openStorage } from '@zeke/foundation';
import { RpcError } from '@zeke/rpc';
import { sql } from 'kysely';
import { z } from 'zod';
import { createContextBuilder } from '../context/create-context-builder.ts';
import type { Project } from '../project/project.ts';
import { sessionMigrations } from '../sessions/migrations.ts';
import { SessionStore } from '../sessions/session-store.ts';
import type { SessionTables } from '../sessions/tables.ts';
import { Snapshots } from '../snapshots/snapshots.ts';
import { ScriptedModel } from '../testing/scripted-model.ts';
import { defineTool } from '../tools/define-tool.ts';
import { noteTools } from '../tools/notes/note-tools.ts';
import type { AgentEvent } from './agent-event.ts';
import { agentFixture, said, writeCall } from './testing/agent-fixture.ts';

const look = { calls: [{ name: 'read', arguments: { path: 'a' } }] };

function textsOf(events: readonly AgentEvent[], type: 'notice' | 'tool-result'): string[] {
  return events.flatMap((event) =>
    (event.type === 'notice' || event.type === 'tool-result') && event.type === type
      ? [event.text]
      : [],
  );
}

test('calls that the end of a process cut off are told, with the files that had changed', async () => {
  const model = new ScriptedModel([{ text: 'I see' }, { text: 'again' }]);
  await using zeke = await agentFixture(model);
  const { sessions, options, root } = zeke;
  const project = { root, name: 'shop' };
  const { id } = await sessions.create({ project, cwd: root, agent: 'build', model: 'm' });
  const before = await options.snapshots?.(project).take(new AbortController().signal);
  {
    await using lease = await sessions.acquire(id);
    const call = { type: 'tool-call' as const, name: 'write', arguments: '{}' };
    await lease.append(
      { kind: 'user', origin: 'user', text: 'go', parts: [{ type: 'text', text: 'go' }] },
      {
        kind: 'answer',
        step: 1,
        finish: 'tool-calls',
        isPartial: false,
        usage: {},
        parts: [
          { ...call, id: 'c1' },
          { ...call, id: 'c2' },
        ],
      },
      { kind: 'snapshot', step: 1, tree: before?.tree ?? '', also: [] },
    );
  }
  await zeke.write('half', 'written');
  const events = await zeke.run(undefined, { sessionId: id });
  expect(textsOf(events, 'notice')).toEqual(['calls without a result: 2; the model is told so']);
  expect(model.requests[0]?.messages.at(-1)?.parts).toMatchObject([
    {
      callId: 'c1',
      isError: true,
      content: [{ text: said('that changed since before it: half') }],
    },
    { callId: 'c2', isError: true },
  ]);
  const { entries } = await sessions.get(id);
  expect(entries.filter(({ data }) => data.kind === 'change')).toHaveLength(1);
  await zeke.write('half', 'by the user');
  expect(textsOf(await zeke.run('on', { sessionId: id }), 'notice')).toEqual([]);
  expect(
    (await sessions.get(id)).entries.filter(({ data }) => data.kind === 'change'),
  ).toHaveLength(1);
});

test('a row that cannot be read is told, and the run goes on without it', async () => {
  const storage = await openStorage<SessionTables>('sqlite::memory:');
  await storage.migrate([sessionMigrations]);
  const sessions = new SessionStore({ storage, now: Date.now });
  const model = new ScriptedModel([look, { text: 'done' }, { text: 'still here' }]);
  await using zeke = await agentFixture(model, { options: { sessions } });
  await zeke.write('a', '1');
  await zeke.run('go');
  const sessionId = zeke.lastSession;
  await sql`update assistant_entries set data = '{' where data like '%"result"%'`.execute(
    storage.db,
  );
  const events = await zeke.run('on', { sessionId });
  expect(textsOf(events, 'notice')).toEqual([
    'entry 3 of the session cannot be read and is left out: it is not JSON',
    'calls without a result: 1; the model is told so',
  ]);
  expect(events.at(-1)).toMatchObject({ status: 'completed', message: 'still here' });
  await storage.close();
});

test('a database that fails ends the run, which says so', async () => {
  const storage = await openStorage<SessionTables>('sqlite::memory:');
  await storage.migrate([sessionMigrations]);
  const sessions = new SessionStore({ storage, now: Date.now });
  const drop = defineTool({
    name: 'drop',
    description: 'Breaks the database.',
    isReadOnly: true,
    input: z.object({}),
    actions: () => [],
    run: async () => {
      await sql`drop table assistant_entries`.execute(storage.db);
      return { text: 'dropped' };
    },
  });
  const model = new ScriptedModel([{ calls: [{ name: 'drop', arguments: {} }] }]);
  await using zeke = await agentFixture(model, { options: { sessions }, tools: [drop] });
  const events = await zeke.run('go');
  expect(textsOf(events, 'tool-result')).toEqual([]);
  expect(events.at(-1)).toMatchObject({
    status: 'failed',
    reason: 'failed',
    message: said('a database statement failed'),
  });
  await storage.close();
});

test('a list of what is to do is told and kept', async () => {
  const items = [{ text: 'look', status: 'in_progress' as const }];
  const model = new ScriptedModel([
    { calls: [{ name: 'todo', arguments: { items } }] },
    { text: 'done' },
  ]);
  await using zeke = await agentFixture(model, { tools: noteTools() });
  const events = await zeke.run('go');
  expect(events.find(({ type }) => type === 'todo')).toEqual({ type: 'todo', items });
  const { entries } = await zeke.sessions.get(zeke.lastSession);
  expect(entries.map(({ data }) => data)).toContainEqual({ kind: 'todo', items });
});

test('with a context: instructions of the project, of folders that are touched, and a short form', async () => {
  const models = [{ id: 'scripted/model', contextWindow: 16_000, canFill: false }];
  const model = new ScriptedModel(
    (request, index) => {
      if ((request.tools ?? []).length === 0) return { text: 'They looked at files, at length.' };
      return index < 6
        ? { calls: [{ name: 'read', arguments: { path: `deep/f${index}` } }] }
        : { text: 'done' };
    },
    { models },
  );
  await using zeke = await agentFixture(model, {
    options: { context: async (place) => createContextBuilder({ ...place, client: model }) },
  });
  await zeke.write('AGENTS.md', 'Speak like a sailor.\n');
  await mkdir(join(zeke.root, 'deep'));
  await zeke.write('deep/AGENTS.md', 'Here be dragons.\n');
  for (let index = 0; index < 8; index += 1) {
    await zeke.write(`deep/f${index}`, `line ${index} of this file\n`.repeat(800));
  }
  const events = await zeke.run('read them all');
  expect(events.at(-1)).toMatchObject({ status: 'completed', message: 'done' });
  expect(events.some(({ type }) => type === 'compacted')).toBe(true);
  const [first] = model.requests;
  expect(first?.system).toContain('Speak like a sailor.');
  expect(JSON.stringify(model.requests[1]?.messages)).toContain('Here be dragons.');
  const { entries } = await zeke.sessions.get(zeke.lastSession);
  expect(entries.filter(({ data }) => data.kind === 'result').length).toBeGreaterThanOrEqual(4);
  expect(entries.some(({ data }) => data.kind === 'compaction')).toBe(true);
});

test('a write whose snapshot cannot be taken is not run', async () => {
  const model = new ScriptedModel([{ calls: [writeCall('a', '1')] }, { text: 'then not' }]);
  const snapshots = (project: Project) =>
    new Snapshots({ project, folder: '/dev/null/nowhere', path: '', now: Date.now });
  await using zeke = await agentFixture(model, { options: { snapshots } });
  const events = await zeke.run('go');
  expect(textsOf(events, 'tool-result')[0]).toContain('no snapshot of the files could be taken');
  await expect(zeke.read('a')).rejects.toThrow('ENOENT');
  expect(events.at(-1)).toMatchObject({ status: 'completed', message: 'then not' });
});

test('what cannot be put together for a run is its end, and the session can be gone on with', async () => {
  const model = new ScriptedModel([{ text: 'done' }]);
  let isBroken = true;
  const permissions = async () => {
    if (isBroken) throw new RpcError('failed_precondition', 'permissions.toml:3 is no rule');
    return {
      judge: async () => ({ verdict: 'allow' as const, reason: '', remembers: [] }),
      remember: async () => {},
    };
  };
  await using zeke = await agentFixture(model, { options: { permissions } });
  const events = await zeke.run('go');
  expect(events.map(({ type }) => type)).toEqual(['start', 'end']);
  expect(events.at(-1)).toMatchObject({
    reason: 'failed',
    message: 'permissions.toml:3 is no rule',
  });
  isBroken = false;
  const sessionId = zeke.lastSession;
  expect((await zeke.run('go', { sessionId })).at(-1)).toMatchObject({ status: 'completed' });
});
