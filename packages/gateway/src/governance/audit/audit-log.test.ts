import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { sql } from 'kysely';
import { storageKinds, type TestStorage, testStorage } from '../testing/test-storage.ts';
import { type AuditEvent, firstHash, hashOf } from './audit-entry.ts';
import { AuditLog } from './audit-log.ts';
import { verifyChain } from './verify-chain.ts';

const event: AuditEvent = {
  actor: 'key',
  keyId: 'key_1',
  owner: 'ada',
  action: 'org.create',
  objectKind: 'org',
  objectId: 'org_1',
  address: '192.0.2.1',
  requestId: 'req_1',
  outcome: 'ok',
  detail: { name: 'acme' },
};
const all = { order: 'asc', limit: 1_000, all: true } as const;

/** Rows that the database allows nobody to change. */
async function unlock({ storage: { db, kind } }: TestStorage): Promise<void> {
  if (kind === 'postgres') {
    await sql`drop trigger gateway_audit_append_only on gateway_audit`.execute(db);
    return;
  }
  await sql`drop trigger gateway_audit_no_update`.execute(db);
  await sql`drop trigger gateway_audit_no_delete`.execute(db);
}

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`the audit log on ${kind}`, () => {
    let database: TestStorage;
    let log: AuditLog;

    beforeAll(async () => {
      database = await testStorage(kind);
      log = new AuditLog({ storage: database.storage, now: () => 1_700_000_000_000 });
    });
    afterAll(() => database[Symbol.asyncDispose]());

    test('many processes at once write one chain without gaps', async () => {
      expect(await verifyChain(log)).toEqual({ entries: 0, removed: 0, head: firstHash });
      const others = await Promise.all([database.open(), database.open()]);
      const own = [log, ...others.map((storage) => new AuditLog({ storage, now: () => 1 }))];
      const appendTen = (to: AuditLog) =>
        Promise.all(Array.from({ length: 10 }, () => to.append(event)));
      const turns = [...own, ...own];
      const entries = [];
      // Connections of one thread to one SQLite file would wait for each other for ever.
      if (kind === 'sqlite') for (const each of turns) entries.push(await appendTen(each));
      else entries.push(...(await Promise.all(turns.map(appendTen))));
      const seqs = entries
        .flat()
        .map(({ seq }) => seq)
        .sort((a, b) => a - b);
      expect(seqs).toEqual(Array.from({ length: 60 }, (_, index) => index + 1));
      const last = (await log.list(all)).at(-1);
      expect(await verifyChain(log)).toEqual({ entries: 60, removed: 0, head: last?.hash ?? '' });
    });

    test('a long chain is walked page by page, in turn with others, until its asker leaves', async () => {
      await using other = await testStorage(kind);
      const own = new AuditLog({ storage: other.storage, now: () => 1 });
      await Promise.all(Array.from({ length: 600 }, () => own.append(event)));
      let turns = 0;
      const leaving = new AbortController();
      const count = () => {
        turns += 1;
        if (turns < 2) setImmediate(count);
      };
      setImmediate(count);
      expect(await verifyChain(own, undefined, leaving.signal)).toMatchObject({ entries: 600 });
      expect(turns).toBe(2);
      leaving.abort(new Error('left'));
      await expect(verifyChain(own, undefined, leaving.signal)).rejects.toThrow('left');
    });

    test('an entry is given back as it was written, with hostile texts too', async () => {
      const hostile = { ...event, objectId: 'a\0b\ud800\u{1f4a5}"\\', owner: undefined };
      const written = await log.append({ ...hostile, detail: { name: '\0\ud800 "x"' } });
      expect(written).toMatchObject({ objectId: 'a\ufffdb\ufffd\u{1f4a5}"\\', keyId: 'key_1' });
      expect(written.detail).toEqual({ name: '\0\ud800 "x"' });
      expect((await log.list({ ...all, order: 'desc', limit: 1 }))[0]).toEqual(written);
      expect((await verifyChain(log)).fault).toBeUndefined();
    });

    test('the database refuses to change or delete a row', async () => {
      const { db } = database.storage;
      const change = db.updateTable('gateway_audit').set({ action: 'x' }).execute();
      expect(
        await change.then(
          () => 'done',
          (reason) => reason.code,
        ),
      ).not.toBe('done');
      const removal = db.deleteFrom('gateway_audit').execute();
      expect(
        await removal.then(
          () => 'done',
          (reason) => reason.code,
        ),
      ).not.toBe('done');
      expect((await verifyChain(log)).fault).toBeUndefined();
    });

    test('entries are found by time, actor and action; what has an end is shown by it', async () => {
      const own = { ...event, keyId: 'key_2', owner: 'eve', action: 'key.revoke' };
      await log.append({ ...own, requestId: 'req_done', outcome: 'begun' });
      await log.append({ ...own, requestId: 'req_done', outcome: 'denied' });
      await log.append({ ...own, requestId: 'req_cut', outcome: 'begun' });
      const query = { ...all, all: false, action: 'key.revoke' };
      const outcomes = async (more: object) =>
        (await log.list({ ...query, ...more })).map(({ outcome }) => outcome);
      expect(await outcomes({})).toEqual(['denied', 'begun']);
      expect(await outcomes({ all: true })).toEqual(['begun', 'denied', 'begun']);
      expect(await outcomes({ actor: 'eve', order: 'desc' })).toEqual(['begun', 'denied']);
      expect(await outcomes({ actor: 'key_2', limit: 1 })).toEqual(['denied']);
      expect(await outcomes({ actor: 'local' })).toEqual([]);
      expect(await outcomes({ sinceMs: 1_700_000_000_001 })).toEqual([]);
      const [denied] = await log.list(query);
      expect(await outcomes({ after: denied?.seq })).toEqual(['begun']);
    });
  });

  describe.skipIf(skip)(`a chain that somebody was at, on ${kind}`, () => {
    let database: TestStorage;
    let log: AuditLog;
    let head: string;

    beforeAll(async () => {
      database = await testStorage(kind);
      log = new AuditLog({ storage: database.storage, now: () => 5 });
      for (let index = 1; index <= 6; index++) {
        head = (await log.append({ ...event, requestId: `req_${index}` })).hash;
      }
      await unlock(database);
    });
    afterAll(() => database[Symbol.asyncDispose]());

    /** What a walk says after statements that are taken back then. */
    async function after(change: string, known?: string) {
      const undo = new Error('undo');
      const { db } = database.storage;
      let report: Awaited<ReturnType<typeof verifyChain>> | undefined;
      const run = db.transaction().execute(async (within) => {
        for (const statement of change.split(';')) await sql.raw(statement).execute(within);
        const rowsFrom = async (seq: number, limit: number) =>
          await within
            .selectFrom('gateway_audit')
            .selectAll()
            .where('seq', '>=', seq)
            .orderBy('seq')
            .limit(limit)
            .execute();
        const checkpoints = () =>
          within.selectFrom('gateway_audit_checkpoints').selectAll().orderBy('seq').execute();
        report = await verifyChain({ rowsFrom, checkpoints }, known);
        throw undo;
      });
      await run.catch((reason: unknown) => {
        if (reason !== undo) throw reason;
      });
      return report;
    }

    const columns = ['actor', 'key_id', 'owner', 'action', 'object_kind', 'object_id', 'address'];
    const more = ['request_id', 'outcome', 'detail', 'previous_hash', 'hash'];
    test.each([...columns, ...more].map((column) => [column, "'x'"]).concat([['at_ms', '4']]))(
      'another value of %s is a changed row',
      async (column, value) => {
        const report = await after(`update gateway_audit set ${column} = ${value} where seq = 3`);
        expect(report).toMatchObject({ entries: 2, fault: { seq: 3, kind: 'changed' } });
      },
    );

    test.each([
      ['delete from gateway_audit where seq = 1', 0, 1, 'missing'],
      ['delete from gateway_audit where seq in (3, 4)', 2, 3, 'missing'],
      ['update gateway_audit set seq = 60 where seq = 4', 3, 4, 'missing'],
      [
        'update gateway_audit set seq = 7 where seq = 3; update gateway_audit set seq = 3 where seq = 4; update gateway_audit set seq = 4 where seq = 7',
        2,
        3,
        'reordered',
      ],
      [
        'delete from gateway_audit where seq = 3; update gateway_audit set seq = 3 where seq = 6',
        2,
        3,
        'reordered',
      ],
      ['update gateway_audit set seq = 0 where seq = 3', 0, 0, 'reordered'],
    ])('%s', async (change, entries, seq, kind) => {
      expect(await after(change)).toMatchObject({ entries, fault: { seq, kind } });
    });

    test('a row written anew with a hash that fits breaks the link to the next', async () => {
      const [row] = await log.rowsFrom(3, 1);
      const forged = hashOf({ ...row!, owner: 'eve' });
      const change = `update gateway_audit set owner = 'eve', hash = '${forged}' where seq = 3`;
      expect(await after(change)).toMatchObject({
        entries: 3,
        fault: { seq: 4, kind: 'changed', message: expect.stringContaining('written anew') },
      });
    });

    test('rows missing at the end show only against a head that was kept', async () => {
      const change = 'delete from gateway_audit where seq > 4';
      expect(await after(change)).toMatchObject({ entries: 4 });
      expect((await after(change))?.fault).toBeUndefined();
      expect((await after(change, head))?.fault).toMatchObject({ seq: 5, kind: 'truncated' });
      expect((await after('select 1', head))?.fault).toBeUndefined();
      const [third] = await log.rowsFrom(3, 1);
      expect((await after(change, third?.hash))?.fault).toBeUndefined();
    });
  });
}
