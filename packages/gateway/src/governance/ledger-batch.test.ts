import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { DayTable } from './day-table.ts';
import { decodeBatch, encodeBatch, type LedgerBatch, timesOf, writeBatch } from './ledger-batch.ts';
import { ledgerColumns, rowOf } from './ledger-row.ts';
import { ledgerEntry } from './testing/ledger-entry.ts';
import { storageKinds, testStorage } from './testing/test-storage.ts';
import { usageReport } from './usage-report.ts';

function batch(number: number, changes: Partial<LedgerBatch> = {}): LedgerBatch {
  const rows = [rowOf(ledgerEntry({ requestId: `req_${number}` }), null)];
  return {
    ...{ writer: 'a', number, atMs: number, columns: ledgerColumns, rows },
    spend: [{ kind: 'key', id: 'key_1', day: 1, micro_usd: 5 }],
    ...changes,
  };
}

describe('a batch on the disk', () => {
  test('is read as it was written', () => {
    const value = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.integer(),
      fc.boolean(),
      fc.constant(null),
    );
    const row = fc.tuple(fc.nat(), value).map(([atMs, other]) => [atMs, other]);
    fc.assert(
      fc.property(fc.array(row), fc.string(), fc.nat(), (rows, writer, number) => {
        const written = batch(number, { writer, columns: ['at_ms', 'model'], rows });
        expect(decodeBatch(encodeBatch(written))).toEqual(written);
        expect(timesOf(written)).toEqual(new Set(rows.map(([atMs]) => Number(atMs))));
      }),
    );
  });

  test('is refused whatever else it is', () => {
    const whole = JSON.parse(new TextDecoder().decode(encodeBatch(batch(1))));
    const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    expect(decodeBatch(encode(whole))).toBeDefined();
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(whole)), fc.jsonValue(), (member, value) => {
        const decoded = decodeBatch(encode({ ...whole, [member]: value }));
        if (decoded === undefined) return;
        for (const row of decoded.rows) expect(row).toHaveLength(decoded.columns.length);
        for (const name of decoded.columns) expect(name).toMatch(/^[a-z\d_]+$/);
      }),
    );
    fc.assert(fc.property(fc.uint8Array(), (bytes) => decodeBatch(bytes) === undefined));
    const columns = ['at_ms', 'x" from gateway_keys; --'];
    expect(decodeBatch(encode({ ...whole, columns, rows: [[1, 2]] }))).toBeUndefined();
  });
});

for (const { kind, skip } of storageKinds) {
  describe.skipIf(skip)(`batches on ${kind}`, () => {
    test('are written once, whoever writes them again, and however many writers there are', async () => {
      await using fixture = await testStorage(kind);
      const { storage } = fixture;
      const all = [batch(1), batch(2), batch(1, { writer: 'b' }), batch(3)];
      for (const each of all) await new DayTable(storage, 'gateway_ledger').ensure(timesOf(each));
      for (const each of [...all, batch(1), batch(3), batch(1, { writer: 'b' })]) {
        await writeBatch(storage, each);
      }
      const rows = await storage.db.selectFrom('gateway_ledger').select('request_id').execute();
      expect(rows.map((row) => row.request_id).sort()).toEqual([
        'req_1',
        'req_1',
        'req_2',
        'req_3',
      ]);
      expect(await usageReport(storage, { groupBy: [] })).toMatchObject([{ calls: 4 }]);
      const spent = await storage.db.selectFrom('gateway_spend').select('micro_usd').execute();
      expect(spent).toEqual([{ micro_usd: 20 }]);
    });

    test('that cannot be written leave nothing, and can be written after', async () => {
      await using fixture = await testStorage(kind);
      const { storage } = fixture;
      await new DayTable(storage, 'gateway_ledger').ensure(timesOf(batch(1)));
      const broken = batch(1, { columns: ['at_ms', 'nothing'], rows: [[Date.now(), 1]] });
      await expect(writeBatch(storage, broken)).rejects.toThrow();
      await writeBatch(storage, batch(1));
      expect(await usageReport(storage, { groupBy: [] })).toMatchObject([{ calls: 1 }]);
    });
  });
}
