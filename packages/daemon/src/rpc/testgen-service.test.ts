import { expect, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Brain } from '@zeke/emulators';
import { connectDaemon } from '@zeke/protocol/client';
import { assistantBench, tokensOfAnswer as usage } from '../testing/index.ts';

const content = `import { expect, test } from 'bun:test';
import { half } from './half.js';

test('an odd number has no half', () => {
  expect(() => half(3)).toThrow('odd');
});
`;

/** Writes one test, and says so. */
const tester: Brain = ({ turns }) => {
  const since = turns.findLastIndex(({ role }) => role === 'user');
  if (turns.slice(since).some(({ role }) => role === 'tool')) {
    return { text: 'Odd numbers are tested.', finish: 'stop', usage };
  }
  const call = { name: 'write_file', arguments: { path: 'half.test.js', content } };
  return { toolCalls: [call], finish: 'tool-calls', usage };
};

test('tests are generated over RPC, and the gain is told', async () => {
  await using bench = await assistantBench({
    brain: tester,
    files: {
      'package.json': '{ "type": "module", "scripts": { "test": "bun test" } }',
      'half.js': `export function half(n) {
  if (n % 2 !== 0) {
    throw new Error('odd');
  }
  return n / 2;
}
`,
    },
  });
  await using client = await connectDaemon({ socket: bench.socket }, { connections: 1 });
  const updates = await Array.fromAsync(
    client.testGen.generate({ cwd: bench.root, path: 'half.js' }),
  );
  const last = updates.at(-1)?.update;
  expect(last).toMatchObject({
    case: 'result',
    value: {
      kept: [{ path: 'half.test.js', isNew: true, passed: 1 }],
      dropped: [],
      command: 'bun test',
      message: 'Odd numbers are tested.',
    },
  });
  if (last?.case !== 'result') throw new Error('it has no end');
  expect(last.value.coverage).toMatchObject({ before: 0 });
  expect(last.value.coverage?.after).toBe(last.value.kept[0]?.newLines.length ?? 0);
  expect(last.value.coverage?.after).toBeGreaterThan(0);
  expect(await readFile(join(bench.root, 'half.test.js'), 'utf8')).toBe(content);
  const refused = Array.fromAsync(client.testGen.generate({ cwd: 'here', path: 'half.js' }));
  await expect(refused).rejects.toMatchObject({ code: 'invalid_argument' });
}, 60_000);
