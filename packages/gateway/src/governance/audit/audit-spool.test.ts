import { describe, expect, test } from 'bun:test';
import { createLogger, Spool, type Storage } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import fc from 'fast-check';
import type { GatewayTables } from '../tables.ts';
import { storageKinds, testStorage } from '../testing/test-storage.ts';
import { AuditLog } from './audit-log.ts';
import { verifyChain } from './verify-chain.ts';

const event = {
  actor: 'unknown',
  action: 'auth.failure',
  objectKind: 'gateway',
  outcome: 'denied',
} as const;
const log = createLogger({ level: 'silent' });

function spoolIn(folder: string): Promise<Spool> {
  return Spool.open({ folder, name: 'audit', maxBytes: 100_000, log });
}

const rename = (storage: Storage<GatewayTables>, from: string, to: string) =>
  storage.db.schema.alterTable(from).renameTo(to).execute();

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`what nothing waits for, on ${kind}`, () => {
    test('is on the log after the database is back, each once, with its time', async () => {
      await using fixture = await testStorage(kind);
      await using directory = await temporaryDirectory();
      const { storage } = fixture;
      let now = 1_700_000_000_000;
      {
        await using spool = await spoolIn(directory.path);
        const audit = new AuditLog({ storage, now: () => now, log, spool });
        await audit.note({ ...event, detail: { n: 1 } });
        await rename(storage, 'gateway_audit', 'away');
        for (const n of [2, 3]) {
          now += 1_000;
          await audit.note({ ...event, detail: { n } });
        }
        await expect(audit.append({ ...event, detail: {} })).rejects.toMatchObject({
          code: 'unavailable',
        });
        await audit.catchUp();
        expect(audit.isBehind).toBe(true);
      }
      await rename(storage, 'away', 'gateway_audit');
      now += 60_000;
      await using spool = await spoolIn(directory.path);
      const next = new AuditLog({ storage, now: () => now, log, spool });
      await next.note({ ...event, detail: { n: 4 } });
      expect(next.isBehind).toBe(false);
      await next.catchUp();
      const entries = await next.list({ order: 'asc', limit: 10, all: true });
      expect(entries.map(({ detail }) => detail.n)).toEqual([1, 4, 2, 3]);
      expect(entries.map(({ atMs }) => atMs - 1_700_000_000_000)).toEqual([
        0, 62_000, 1_000, 2_000,
      ]);
      expect((await verifyChain(next)).fault).toBeUndefined();
    });
  });
}

test('an event that was written before its process died is not written again', async () => {
  await using fixture = await testStorage('sqlite');
  await using directory = await temporaryDirectory();
  const { storage } = fixture;
  const record = JSON.stringify({
    writer: 'a',
    number: 1,
    atMs: 5,
    event: { ...event, detail: {} },
  });
  for (let turn = 0; turn < 2; turn++) {
    await using spool = await spoolIn(directory.path);
    await spool.append(new TextEncoder().encode(record));
    await new AuditLog({ storage, now: () => 9, log, spool }).catchUp();
    expect(spool.isEmpty).toBe(true);
  }
  const audit = new AuditLog({ storage, now: () => 9 });
  expect(await audit.list({ order: 'asc', limit: 10, all: true })).toHaveLength(1);
});

test('what is no event is left out, and holds nothing up', async () => {
  await using fixture = await testStorage('sqlite');
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.json(), fc.string()), async (text) => {
      await using directory = await temporaryDirectory();
      await using spool = await spoolIn(directory.path);
      await spool.append(new TextEncoder().encode(text));
      await new AuditLog({ storage: fixture.storage, now: () => 9, log, spool }).catchUp();
      expect(spool.isEmpty).toBe(true);
    }),
    { numRuns: 40 },
  );
  expect(await fixture.storage.db.selectFrom('gateway_audit').selectAll().execute()).toEqual([]);
});

test('without a place to keep it, it is told that the log cannot be written', async () => {
  await using fixture = await testStorage('sqlite');
  const audit = new AuditLog({ storage: fixture.storage, now: () => 9 });
  await rename(fixture.storage, 'gateway_audit', 'away');
  await expect(audit.note({ ...event, detail: {} })).rejects.toMatchObject({ code: 'unavailable' });
});
