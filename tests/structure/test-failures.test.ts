import { expect, test } from 'bun:test';
import { filesBlamedForRuntime, testFailures } from '../../scripts/test-failures.ts';

const ofRuntime = `283 |     debug(\`stream \${this[kOwner].id}\`)
TypeError: undefined is not an object (evaluating 'error')
      at onStreamClose (internal:quic/quic:283:33)`;
const ofOurs = 'error: expect(received).toBe(expected)\n      at <anonymous> (a.test.ts:1:2)';

test('failures by the runtime alone name their files', () => {
  const output = `\na.test.ts:\n..\n${ofRuntime}\n(fail) one [1ms]\n\nb.test.ts:\n${ofRuntime}\n(fail) two [1ms]\n`;
  expect(filesBlamedForRuntime(testFailures(output))).toEqual(['a.test.ts', 'b.test.ts']);
});

test('each failure is told with its file', () => {
  const output = `a.test.ts:\n${ofOurs}\n(fail) group > one [1ms]\n\nb.test.ts:\n...\n(fail) two [2ms]\n`;
  expect(testFailures(output)).toEqual([
    { file: 'a.test.ts', test: 'group > one [1ms]', isOfRuntime: false },
    { file: 'b.test.ts', test: 'two [2ms]', isOfRuntime: false },
  ]);
});

test.each([
  ['a failure of our own', `a.test.ts:\n${ofOurs}\n(fail) one [1ms]\n`],
  ['one beside', `a.test.ts:\n${ofRuntime}\n(fail) one [1ms]\n${ofOurs}\n(fail) two [1ms]\n`],
  ['one without an error', `a.test.ts:\n${ofRuntime}\n(fail) one [1ms]\n(fail) two [1ms]\n`],
  ['a failure of no file', `${ofRuntime}\n(fail) one [1ms]\n`],
  ['no failure', 'a.test.ts:\n...\n 3 pass\n'],
])('%s is not blamed on it', (_, output) => {
  expect(filesBlamedForRuntime(testFailures(output))).toBeUndefined();
});
