import { expect, test } from 'bun:test';
import { createTwoFilesPatch } from 'diff';
import fc from 'fast-check';
import { applyHunks } from './apply-hunks.ts';
import { parsePatch } from './parse-patch.ts';

test.each([
  ['nothing at all', 'hello', 'there is no patch'],
  ['no end', '*** Begin Patch\n*** Delete File: a', 'no "*** End Patch": was it cut short?'],
  ['no header', '*** Begin Patch\n+a\n*** End Patch', 'line 2 of the patch: here "*** Add File'],
  ['no sign', '*** Begin Patch\n*** Update File: a\n@@\nfoo\n*** End Patch', 'line 4 of the patch'],
  ['no plus', '*** Begin Patch\n*** Add File: a\nfoo\n*** End Patch', 'begins with "+"'],
  ['no change', '*** Begin Patch\n*** Update File: a\n*** End Patch', 'no line of a is changed'],
  ['no file', '@@ -1 +1 @@\n-a\n+b', 'line 1 of the patch: no file is named'],
  ['binary', 'diff --git a/a b/a\nBinary files a/a and b/a differ', 'a binary file'],
  ['two names', '--- one\n+++ two\n@@ -1 +1 @@\n-a\n+b', 'one and two differ'],
  [
    'a link',
    'diff --git a/a b/a\nnew file mode 120000\n--- /dev/null\n+++ b/a\n@@ -0,0 +1 @@\n+b',
    'mode 120000',
  ],
])('%s is told', (_name, patch, message) => {
  expect(() => parsePatch(patch)).toThrow(message);
});

const line = fc.constantFrom('a', 'b', '', '-- x', '++ y', '@@ z', '  c', '*** d', '\\');
const texts = fc
  .tuple(fc.array(line, { maxLength: 15 }), fc.boolean())
  .map(([lines, hasEnd]) => lines.join('\n') + (hasEnd && lines.length > 0 ? '\n' : ''));

test('a diff of two texts makes of the one the other, whatever stands in them', () => {
  fc.assert(
    fc.property(texts, texts, (before, after) => {
      fc.pre(before !== after && before !== '' && after !== '');
      const diff = createTwoFilesPatch('a/f', 'b/f', before, after, undefined, undefined, {
        context: 3,
      });
      const [patch] = parsePatch(diff);
      expect(patch).toMatchObject({ kind: 'update', path: 'f' });
      const hunks = patch?.kind === 'update' ? patch.hunks : [];
      expect(applyHunks('f', before, { lineEnd: '\n' }, hunks).text).toBe(after);
    }),
    { numRuns: 500 },
  );
});

const noise = fc.constantFrom(
  '*** Begin Patch',
  '*** End Patch',
  '*** Update File: a',
  '*** Add File: b',
  '*** Move to: c',
  '*** End of File',
  '@@',
  '@@ -1,2 +1 @@',
  '--- a/a',
  '+++ b/a',
  'diff --git a/a b/a',
  'rename from x',
  ' a',
  '-b',
  '+c',
  '',
  '\\ No newline at end of file',
);

test('any lines are a patch or are told why not, and lines that are not named stay', () => {
  fc.assert(
    fc.property(fc.array(noise, { maxLength: 14 }), (lines) => {
      try {
        for (const patch of parsePatch(lines.join('\n'))) {
          if (patch.kind === 'add') continue;
          const { text } = applyHunks(
            'a',
            'kept 1\na\nb\nkept 2\n',
            { lineEnd: '\n' },
            patch.hunks,
          );
          expect(text).toContain('kept 1\n');
          expect(text).toContain('kept 2');
        }
      } catch (reason) {
        expect(reason).toMatchObject({ name: 'RpcError' });
      }
    }),
    { numRuns: 1_000 },
  );
});
