import { expect, test } from 'bun:test';
import { RecentEdits } from './recent-edits.ts';

const lines = Array.from({ length: 400 }, (_, at) => `const v${at} = ${at};`);

test('what was changed in other documents, whole lines of it, the newest first', () => {
  const edits = new RecentEdits();
  const changed = (at: number, line: string) => lines.with(at, line).join('\n');
  edits.note('/a', lines.join('\n'));
  edits.note('/b', lines.join('\n'));
  edits.note('/a', changed(200, 'const renamed = compute(200);'));
  edits.note('/b', changed(300, 'const other = compute(300);'));
  expect(edits.except('/c')).toEqual([
    { filePath: '/b', text: 'const other = compute(300);' },
    { filePath: '/a', text: 'const renamed = compute(200);' },
  ]);
  expect(edits.except('/b').map(({ filePath }) => filePath)).toEqual(['/a']);
});

test('typing on is one change, and some letters are none', () => {
  const edits = new RecentEdits();
  const start = 'const first = 1;\n';
  for (let length = 0; length <= 24; length++) {
    edits.note('/a', start + 'const second = compute();'.slice(0, length));
  }
  expect(edits.except('/b')).toEqual([{ filePath: '/a', text: 'const second = compute()' }]);
  edits.note('/x', 'a');
  edits.note('/x', 'ab');
  expect(edits.except('/b')).toHaveLength(1);
});
