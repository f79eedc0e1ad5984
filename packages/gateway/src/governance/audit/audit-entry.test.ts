import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { AuditTable } from '../tables.ts';
import { entryOfRow, hashOf, rowAfter } from './audit-entry.ts';

/** Any code units, also halves of pairs. */
const text = fc
  .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
  .map((codes) => String.fromCharCode(...codes));
const maybe = fc.option(text, { nil: undefined });
const events = fc.record({
  actor: fc.constantFrom('key', 'admin-key', 'local', 'unknown', 'zeke'),
  keyId: maybe,
  owner: maybe,
  action: fc.constantFrom('key.create', 'org.delete'),
  objectKind: fc.constantFrom('key', 'org'),
  objectId: maybe,
  address: maybe,
  requestId: maybe,
  outcome: fc.constantFrom('begun', 'ok', 'denied', 'failed'),
  detail: fc.dictionary(
    fc.string({ minLength: 1 }).filter((name) => name !== '__proto__'),
    text,
  ),
});
const columns = [
  'seq',
  'at_ms',
  'actor',
  'key_id',
  'owner',
  'action',
  'object_kind',
  'object_id',
  'address',
  'request_id',
  'outcome',
  'detail',
  'previous_hash',
] as const satisfies readonly (keyof AuditTable)[];

test('no column can have another value, or change places with another, under the same hash', () => {
  fc.assert(
    fc.property(events, fc.constantFrom(...columns), text, (event, column, value) => {
      const row = rowAfter({ seq: 6, hash: 'f'.repeat(64) }, event, 5);
      expect(hashOf(row)).toBe(row.hash);
      const other = { ...row, [column]: value };
      expect(hashOf(other) === row.hash).toBe(other[column] === row[column]);
      const swapped = { ...row, owner: row.key_id, key_id: row.owner };
      expect(hashOf(swapped) === row.hash).toBe(row.owner === row.key_id);
    }),
  );
});

test('what is stored both databases take, and the entry tells it', () => {
  fc.assert(
    fc.property(events, (event) => {
      const row = rowAfter(undefined, event, 5);
      for (const value of Object.values(row)) {
        if (typeof value !== 'string') continue;
        expect(value.isWellFormed() && !value.includes('\0')).toBe(true);
      }
      const entry = entryOfRow(row);
      expect(entry).toMatchObject({ seq: 1, atMs: 5, action: event.action, hash: row.hash });
      expect(entry.detail).toEqual(event.detail);
    }),
  );
});

test('a detail that is no JSON any more is shown as it is', () => {
  const event = { actor: 'zeke', action: 'a.b', objectKind: 'a', outcome: 'ok' } as const;
  const row = rowAfter(undefined, { ...event, detail: {} }, 5);
  expect(entryOfRow({ ...row, detail: '{"a":' }).detail).toEqual({ text: '{"a":' });
});
