import { expect, test } from 'bun:test';
import { applyPatch } from 'diff';
import { SentLedger } from './sent-ledger.ts';

const text = Array.from({ length: 100 }, (_, line) => `line ${line}\n`).join('');

test('a file that was not sent is told whole, one that is the same by a reference', () => {
  const ledger = new SentLedger();
  expect(ledger.tell('a.ts', text)).toEqual({ kind: 'whole' });
  ledger.note('a.ts', text);
  expect(ledger.tell('a.ts', text)).toEqual({ kind: 'unchanged' });
  expect(ledger.tell('b.ts', text)).toEqual({ kind: 'whole' });
});

test('of a file that changed the difference is told, which leads from one to the other', () => {
  const ledger = new SentLedger();
  ledger.note('a.ts', text);
  const changed = text.replace('line 50\n', 'line fifty\nand more\n');
  const telling = ledger.tell('a.ts', changed);
  expect(telling.kind).toBe('changed');
  expect(applyPatch(text, telling.kind === 'changed' ? telling.diff : '')).toBe(changed);
});

test('a file that is another one now is told whole', () => {
  const ledger = new SentLedger();
  ledger.note('a.ts', text);
  expect(ledger.tell('a.ts', text.replaceAll('line', 'row'))).toEqual({ kind: 'whole' });
});

test('what was cleared or forgotten is told whole again', () => {
  const ledger = new SentLedger();
  ledger.note('a.ts', text);
  ledger.forget('a.ts');
  expect(ledger.tell('a.ts', text)).toEqual({ kind: 'whole' });
  ledger.note('a.ts', text);
  ledger.clear();
  expect(ledger.tell('a.ts', text)).toEqual({ kind: 'whole' });
});

test('what is remembered is bounded: the oldest goes', () => {
  const ledger = new SentLedger();
  const large = 'x'.repeat(900_000);
  for (const path of ['a', 'b', 'c']) ledger.note(path, large);
  expect(['a', 'b', 'c'].map((path) => ledger.tell(path, large).kind)).toEqual([
    'whole',
    'unchanged',
    'unchanged',
  ]);
  ledger.note('d', 'x'.repeat(3_000_000));
  expect(ledger.tell('d', 'x'.repeat(3_000_000)).kind).toBe('whole');
});
