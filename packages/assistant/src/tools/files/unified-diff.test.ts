import { expect, test } from 'bun:test';
import { applyPatch } from 'diff';
import fc from 'fast-check';
import { unifiedDiff } from './unified-diff.ts';

test('as git writes it', () => {
  expect(unifiedDiff('src/a.ts', 'a\nb\n', 'a\nc')).toEqual({
    path: 'src/a.ts',
    diff: '--- a/src/a.ts\n+++ b/src/a.ts\n@@ -1,2 +1,2 @@\n a\n-b\n+c\n\\ No newline at end of file\n',
    linesAdded: 1,
    linesRemoved: 1,
  });
  expect(unifiedDiff('a', 'same', 'same').diff).toBe('');
  expect(unifiedDiff('a', undefined, 'x\n').diff).toStartWith('--- /dev/null\n+++ b/a\n');
  expect(unifiedDiff('a', 'x\n', undefined).diff).toStartWith('--- a/a\n+++ /dev/null\n');
});

test('texts that differ in very many lines are one change, which says the same', () => {
  const lines = Array.from({ length: 3_000 }, (_, index) => `line ${index}`);
  const before = lines.join('\n');
  const after = lines.map((line, index) => (index % 2 === 0 ? line : `${line}!`)).join('\n');
  const { diff, linesAdded, linesRemoved } = unifiedDiff('a', before, after);
  expect(diff.match(/^@@/gm)).toHaveLength(1);
  expect([linesAdded, linesRemoved]).toEqual([2_999, 2_999]);
  expect(applyPatch(before, diff)).toBe(after);
});

test('a diff that is too long is cut, and says so', () => {
  const { diff, linesAdded } = unifiedDiff('a', '', 'x'.repeat(99).concat('\n').repeat(5_000));
  expect(diff.length).toBeLessThan(100_100);
  expect(diff).toMatch(/\n\\ The diff is cut here: \d+ characters are left out\n$/);
  expect(linesAdded).toBe(5_000);
});

test('a diff makes of the old text the new one', () => {
  const texts = fc
    .array(fc.constantFrom('a\n', 'b\n', 'c\r\n', '\n', 'd'), { maxLength: 20 })
    .map((parts) => parts.join(''));
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      const { diff } = unifiedDiff('a', before, after);
      const applied =
        diff === '' ? before : applyPatch(before, diff, { autoConvertLineEndings: false });
      expect(applied).toBe(after);
    }),
    { numRuns: 300 },
  );
});
