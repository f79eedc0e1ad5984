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

const files = {
  'package.json': '{ "type": "module", "scripts": { "test": "bun test" } }',
  'half.js': `export function half(n) {
  if (n % 2 !== 0) {
    throw new Error('odd');
  }
  return n / 2;
}
`,
};

test('tests are generated over RPC, and the gain is told', async () => {
  await using bench = await assistantBench({ brain: tester, files });
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

test('it can be followed as an agent is, counts as a run, and ends when it is asked to', async () => {
  // The tests that are there never end.
  const hangs =
    "import { test } from 'bun:test';\n\ntest('waits', () => new Promise(() => {}), 1e9);\n";
  const project = { ...files, 'slow.test.js': hangs };
  await using bench = await assistantBench({ brain: tester, files: project });
  await using client = await connectDaemon({ socket: bench.socket });
  const generated = client.testGen.generate({ cwd: bench.root, path: 'half.js' });
  const updates = generated[Symbol.asyncIterator]();
  const { value: first } = await updates.next();
  const end = updates
    .next()
    .then(() => updates.next())
    .catch((error: unknown) => error);
  const sessionId = first?.update.case === 'agent' ? first.update.value.sessionId : '';
  expect(await client.health.check({})).toMatchObject({ runs: 1 });
  const told: string[] = [];
  const follow = async () => {
    for await (const { event, message } of client.agent.attach({ sessionId })) {
      told.push(event.case === 'notice' ? message : (event.case ?? ''));
      if (event.case !== 'notice') continue;
      await client.agent.respond({ sessionId, response: { case: 'interrupt', value: true } });
    }
  };
  await expect(follow()).rejects.toMatchObject({ code: 'canceled' });
  expect(told).toEqual(['started', 'running the tests as they are: bun test']);
  expect(await end).toMatchObject({ code: 'canceled' });
  expect(await client.health.check({})).toMatchObject({ runs: 0 });
}, 60_000);
