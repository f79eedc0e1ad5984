import { describe, expect, test } from 'bun:test';
import { listDayPartitions, type Storage } from '@zeke/foundation';
import { sql } from 'kysely';
import type { GatewayTables } from '../tables.ts';
import { storageKinds, type TestStorage, testStorage } from '../testing/test-storage.ts';
import { AuditLog } from './audit-log.ts';
import { cutAudit } from './cut-audit.ts';
import { verifyChain } from './verify-chain.ts';

const dayMs = 86_400_000;
const today = Date.UTC(2026, 10, 21);

/** Three entries a day, on that many days until today, at noon. */
async function filled(fixture: TestStorage, days: number) {
  const { storage } = fixture;
  let now = today;
  const log = new AuditLog({ storage, now: () => now });
  for (let day = days - 1; day >= 0; day--) {
    now = today - day * dayMs + dayMs / 2;
    for (const objectId of ['a', 'b', 'c']) {
      await log.append({
        actor: 'local',
        action: 'org.create',
        objectKind: 'org',
        objectId,
        outcome: 'ok',
        detail: { day },
      });
    }
  }
  const cut = (keptDays: number) =>
    cutAudit({ storage, now: () => now, beforeMs: today - keptDays * dayMs });
  return { log, cut, storage };
}

async function remove(storage: Storage<GatewayTables>, condition: string): Promise<void> {
  if (storage.kind === 'sqlite')
    await sql`drop trigger gateway_audit_no_delete`.execute(storage.db);
  else await sql`drop trigger gateway_audit_append_only on gateway_audit`.execute(storage.db);
  await sql`delete from gateway_audit where ${sql.raw(condition)}`.execute(storage.db);
}

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`cutting the audit log on ${kind}`, () => {
    test('what is older goes, the rest is verified as before, and the cut is on the log', async () => {
      await using fixture = await testStorage(kind);
      const { log, cut, storage } = await filled(fixture, 10);
      const { head } = await verifyChain(log);
      expect(await cut(3)).toBe(18);
      expect(await verifyChain(log, head)).toMatchObject({ entries: 13, removed: 18 });
      expect((await verifyChain(log, head)).fault).toBeUndefined();
      const [entry] = await log.list({ order: 'desc', limit: 1, all: true });
      const [checkpoint] = await log.checkpoints();
      expect(entry).toMatchObject({ actor: 'zeke', action: 'audit.cut' });
      expect(entry?.detail).toMatchObject({ seq: 18, hash: checkpoint?.hash ?? '', entries: 18 });
      expect((await verifyChain(log, checkpoint?.hash)).fault).toBeUndefined();
      expect((await verifyChain(log, 'a'.repeat(64))).fault).toMatchObject({ kind: 'truncated' });
      expect(await cut(3)).toBe(0);
      expect(await cut(1)).toBe(6);
      expect(await verifyChain(log)).toMatchObject({ entries: 8, removed: 24 });
      expect((await verifyChain(log)).fault).toBeUndefined();
      if (kind === 'postgres') {
        expect(await listDayPartitions(storage.as<unknown>().db, 'gateway_audit')).toHaveLength(2);
      }
    });

    test('also all of it may go, and the chain goes on', async () => {
      await using fixture = await testStorage(kind);
      const { log, cut } = await filled(fixture, 2);
      expect(await cut(-1)).toBe(6);
      expect(await verifyChain(log)).toMatchObject({ entries: 1, removed: 6 });
      expect((await verifyChain(log)).fault).toBeUndefined();
    });

    test('an entry of a clock that lagged keeps those before it', async () => {
      await using fixture = await testStorage(kind);
      const { storage } = fixture;
      let now = today;
      const log = new AuditLog({ storage, now: () => now });
      const event = { actor: 'zeke', action: 'a.b', objectKind: 'a', outcome: 'ok' } as const;
      for (const at of [-9, -8, -1, -7, -6, 0]) {
        now = today + at * dayMs;
        await log.append({ ...event, detail: {} });
      }
      const cut = cutAudit({ storage, now: () => today, beforeMs: today - 5 * dayMs });
      expect(await cut).toBe(2);
      expect(await verifyChain(log)).toMatchObject({ entries: 5, removed: 2 });
      expect((await verifyChain(log)).fault).toBeUndefined();
    });

    test('what a process left that died in the middle is verified, and goes the next time', async () => {
      await using fixture = await testStorage(kind);
      const { log, cut, storage } = await filled(fixture, 6);
      const gone = cut(2);
      await gone;
      expect(await verifyChain(log)).toMatchObject({ removed: 9 });
      // As if the rows of a later cut were there still, but for some.
      const [first] = await log.rowsFrom(0, 1);
      const row = (await log.rowsFrom(13, 1))[0];
      await storage.db
        .insertInto('gateway_audit_checkpoints')
        .values({ seq: 13, hash: row?.hash ?? '', at_ms: today })
        .execute();
      await log.append({
        actor: 'zeke',
        action: 'audit.cut',
        objectKind: 'audit',
        outcome: 'ok',
        detail: { seq: 13, hash: row?.hash },
      });
      await storage.db.deleteFrom('gateway_audit').where('seq', '<=', 11).execute();
      expect(first?.seq).toBe(10);
      expect(await verifyChain(log)).toMatchObject({ removed: 11 });
      expect((await verifyChain(log)).fault).toBeUndefined();
      expect(await cut(2)).toBe(0);
      expect(await verifyChain(log)).toMatchObject({ removed: 13 });
      expect((await verifyChain(log)).fault).toBeUndefined();
    });

    test('nothing goes that no checkpoint covers, and a checkpoint is not changed', async () => {
      await using fixture = await testStorage(kind);
      const { log, cut, storage } = await filled(fixture, 4);
      await cut(1);
      const attempts = [
        () => storage.db.deleteFrom('gateway_audit').where('seq', '>', 6).execute(),
        () => storage.db.deleteFrom('gateway_audit_checkpoints').execute(),
        () => storage.db.updateTable('gateway_audit_checkpoints').set({ seq: 99 }).execute(),
      ];
      for (const attempt of attempts) {
        expect(
          await attempt().then(
            () => 'done',
            () => 'refused',
          ),
        ).toBe('refused');
      }
      expect((await verifyChain(log)).fault).toBeUndefined();
    });

    test('rows that somebody took away do not pass for rows that were cut', async () => {
      await using fixture = await testStorage(kind);
      const { log, cut, storage } = await filled(fixture, 4);
      await cut(1);
      await remove(storage, 'seq <= 8');
      expect((await verifyChain(log)).fault).toMatchObject({ seq: 1, kind: 'missing' });
    });

    test('a checkpoint that the chain does not name is none', async () => {
      await using fixture = await testStorage(kind);
      const { log, storage } = await filled(fixture, 3);
      const [row] = await log.rowsFrom(4, 1);
      await storage.db
        .insertInto('gateway_audit_checkpoints')
        .values({ seq: 4, hash: row?.hash ?? '', at_ms: today })
        .execute();
      await storage.db.deleteFrom('gateway_audit').where('seq', '<=', 4).execute();
      expect((await verifyChain(log)).fault).toMatchObject({
        kind: 'missing',
        message: expect.stringContaining('no entry audit.cut'),
      });
    });
  });
}
