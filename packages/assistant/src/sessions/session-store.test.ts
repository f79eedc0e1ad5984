import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { openStorage, type Storage } from '@zeke/foundation';
import { postgresDatabase, skipsWithout, temporaryDirectory } from '@zeke/foundation/testing';
import { sql } from 'kysely';
import { exportJson, exportMarkdown } from './export-session.ts';
import { sessionMigrations } from './migrations.ts';
import type { EntryData } from './session-entry.ts';
import { maxResultLength } from './session-limits.ts';
import { SessionStore } from './session-store.ts';
import type { SessionTables } from './tables.ts';

const project = { root: '/home/ada/shop', name: 'shop' };
const fresh = { project, cwd: project.root, agent: 'build', model: 'scripted/model' };

function said(text: string): EntryData {
  return { kind: 'user', origin: 'user', text, parts: [{ type: 'text', text }] };
}

function answered(text: string, callId?: string): EntryData {
  const call = { type: 'tool-call' as const, id: callId ?? '', name: 'look', arguments: '{"a":1}' };
  return {
    kind: 'answer',
    step: 1,
    finish: 'stop',
    isPartial: false,
    usage: { inputTokens: 100, outputTokens: 10, cachedInputTokens: 40 },
    costMicroUsd: 250,
    parts: [{ type: 'text', text }, ...(callId === undefined ? [] : [call])],
  };
}

function gave(callId: string, text: string): EntryData {
  return {
    kind: 'result',
    callId,
    isError: false,
    text,
    images: [],
    summary: 'looked',
    changes: [],
    durationMs: 3,
    isRepair: false,
  };
}

interface Fixture extends AsyncDisposable {
  readonly url: string;
}

async function database(kind: 'sqlite' | 'postgres'): Promise<Fixture> {
  if (kind === 'postgres') return postgresDatabase();
  const folder = await temporaryDirectory();
  return {
    url: `sqlite:${join(folder.path, 'zeke.db')}`,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function open(url: string): Promise<Storage<SessionTables>> {
  const storage = await openStorage<SessionTables>(url);
  await storage.migrate([sessionMigrations]);
  return storage;
}

for (const kind of ['sqlite', 'postgres'] as const) {
  const skip = kind === 'postgres' && skipsWithout('postgresql');
  describe.skipIf(skip)(`sessions on ${kind}`, () => {
    test('what was appended is there, with its sums and the first words as title', async () => {
      await using fixture = await database(kind);
      await using storage = await open(fixture.url);
      let now = 1_000;
      const store = new SessionStore({ storage, now: () => now });
      const { id } = await store.create(fresh);
      {
        await using lease = await store.acquire(id);
        now = 2_000;
        await lease.append(said('mend the\n "shop" \u0000 please'), answered('well', 'c1'));
        await Promise.all([
          lease.append(gave('c1', 'x'.repeat(maxResultLength + 5))),
          lease.append(answered('done \ud800')),
        ]);
        expect(lease.entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4]);
        expect((await store.info(id)).isRunning).toBe(true);
      }
      const { info, entries, damaged } = await store.get(id);
      expect(info).toEqual({
        id,
        ...fresh,
        title: 'mend the "shop" please',
        createdAtMs: 1_000,
        updatedAtMs: 2_000,
        entryCount: 4,
        sizeBytes: info.sizeBytes,
        isRunning: false,
        usage: {
          steps: 2,
          inputTokens: 200,
          outputTokens: 20,
          cachedInputTokens: 80,
          costMicroUsd: 500,
        },
      });
      expect(damaged).toEqual([]);
      const [, , result, last] = entries.map(({ data }) => data);
      expect(result?.kind === 'result' && result.text.slice(60_000, 70_000)).toContain(
        '[… 5 characters left out here …]',
      );
      expect(last).toEqual(answered('done \ud800'));
    });

    test('one at a time holds a session; a process that has ended does not', async () => {
      await using fixture = await database(kind);
      await using storage = await open(fixture.url);
      await using other = await open(fixture.url);
      let now = 1_000;
      const store = new SessionStore({ storage, now: () => now });
      const elsewhere = new SessionStore({ storage: other, now: () => now });
      const { id } = await store.create(fresh);
      const lease = await store.acquire(id);
      const busy = expect.objectContaining({ code: 'failed_precondition' });
      await expect(elsewhere.acquire(id)).rejects.toEqual(busy);
      await expect(elsewhere.delete(id)).rejects.toEqual(busy);
      await lease[Symbol.asyncDispose]();

      // Held by a number that is this process' own, but of one that began at another time.
      const left = await store.acquire(id);
      await storage.db.updateTable('assistant_leases').set({ started: 'earlier' }).execute();
      expect((await store.info(id)).isRunning).toBe(false);
      await using taken = await elsewhere.acquire(id);
      await taken.append(said('mine'));
      await expect(left.append(said('not mine'))).rejects.toMatchObject({ code: 'aborted' });
      expect(left.lost.aborted).toBe(true);
      await left[Symbol.asyncDispose]();
      expect((await store.get(id)).entries).toHaveLength(1);

      // On another machine, what counts is how long it has been silent.
      await storage.db.updateTable('assistant_leases').set({ host: 'far away' }).execute();
      await expect(store.acquire(id)).rejects.toEqual(busy);
      now += 90_000;
      await using _late = await store.acquire(id);
    });

    test('a fork has what was said up to an entry, without what was reverted', async () => {
      await using fixture = await database(kind);
      await using storage = await open(fixture.url);
      const store = new SessionStore({ storage, now: () => 1_000 });
      const { id } = await store.create(fresh);
      await using lease = await store.acquire(id);
      await lease.append(said('one'), answered('1'), said('two'), { kind: 'revert', toSeq: 2 });
      await lease.append(said('three'));
      const whole = await store.get((await store.fork(id)).id);
      expect(whole.entries.map(({ seq }) => seq)).toEqual([1, 2, 5]);
      expect(whole.info).toMatchObject({ title: 'one', forkedFrom: { sessionId: id, seq: 5 } });
      const early = await store.fork(id, 1);
      await using forked = await store.acquire(early.id);
      await forked.append(said('another way'));
      expect((await store.get(early.id)).entries.map(({ seq }) => seq)).toEqual([1, 2]);
      await expect(store.fork(id, 3)).rejects.toThrow('has no entry 3');
      expect(lease.entries).toHaveLength(5);
    });

    test('a damaged row is told; its session and the others open', async () => {
      await using fixture = await database(kind);
      await using storage = await open(fixture.url);
      const store = new SessionStore({ storage, now: () => 1_000 });
      const { id } = await store.create(fresh);
      {
        await using lease = await store.acquire(id);
        await lease.append(said('one'), answered('1'), said('two'));
      }
      await sql`update assistant_entries set data = '{"kind":"answer"' where seq = 2`.execute(
        storage.db,
      );
      await sql`update assistant_entries set data = '{"kind":"user"}' where seq = 3`.execute(
        storage.db,
      );
      const { entries, damaged } = await store.get(id);
      expect(entries.map(({ seq }) => seq)).toEqual([1]);
      expect(damaged.map(({ seq }) => seq)).toEqual([2, 3]);
      expect(damaged[0]?.reason).toBe('it is not JSON');
      expect(damaged[1]?.reason).toContain('origin');
      await using lease = await store.acquire(id);
      const [added] = await lease.append(said('three'));
      expect(added?.seq).toBe(4);
      expect(await store.list()).toHaveLength(1);
    });

    test('they are listed by project and parent, renamed, deleted and swept', async () => {
      await using fixture = await database(kind);
      await using storage = await open(fixture.url);
      let now = 1_000;
      const store = new SessionStore({ storage, now: () => now });
      const first = await store.create({ ...fresh, title: 'first' });
      now = 2_000;
      const second = await store.create({ ...fresh, project: { root: '/other', name: 'other' } });
      const parent = { sessionId: first.id, callId: 'c1' };
      const child = await store.create({ ...fresh, agent: 'explore', parent });
      expect((await store.list()).map(({ id }) => id)).toEqual([second.id, first.id]);
      expect(await store.list({ projectRoot: '/other' })).toHaveLength(1);
      expect(await store.list({ beforeMs: 2_000 })).toHaveLength(1);
      expect((await store.list({ parentId: first.id }))[0]?.parent).toEqual(parent);
      expect(await store.list({ withChildren: true })).toHaveLength(3);
      expect((await store.find(first.id.slice(0, -1))).id).toBe(first.id);
      expect((await store.find(second.id)).id).toBe(second.id);
      expect((await store.find('', '/other')).id).toBe(second.id);
      await expect(store.find('0')).rejects.toMatchObject({ code: 'invalid_argument' });
      await expect(store.find('x%')).rejects.toMatchObject({ code: 'not_found' });
      await store.rename(second.id, ' a   new name ');
      expect((await store.info(second.id)).title).toBe('a new name');
      await store.delete(first.id);
      await expect(store.info(child.id)).rejects.toMatchObject({ code: 'not_found' });
      await using _held = await store.acquire(second.id);
      expect(await store.sweep(3_000)).toBe(0);
      await _held[Symbol.asyncDispose]();
      expect(await store.sweep(3_000)).toBe(1);
      expect(await store.list()).toEqual([]);
    });
  });
}

test('a session goes out as JSON and as Markdown', async () => {
  await using storage = await open('sqlite::memory:');
  const store = new SessionStore({ storage, now: () => 0 });
  const { id } = await store.create(fresh);
  await using lease = await store.acquire(id);
  await lease.append(said('look'), answered('I look.', 'c1'), gave('c1', 'a fence:\n```\n'));
  const session = await store.get(id);
  expect(JSON.parse(exportJson(session))).toMatchObject({ version: 1, session: { id } });
  const markdown = exportMarkdown(session);
  expect(markdown).toContain('# look\n');
  expect(markdown).toContain('## Model\n\nI look.\n\n**look**\n\n```json\n{"a":1}\n```');
  expect(markdown).toContain('**look** gave:\n\n````\na fence:\n```\n````\n');
});
