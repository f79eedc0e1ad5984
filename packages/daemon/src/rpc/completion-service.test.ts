import { expect, test } from 'bun:test';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { connectDaemon } from '@zeke/protocol/client';
import { assistantBench, tokensOfAnswer as usage } from '../testing/index.ts';

const lines = Array.from({ length: 40 }, (_, n) => `const total${n} = sumOf(values, start${n});`);

test('completions open none of the agent, until a model is asked for one', async () => {
  await using bench = await assistantBench({
    brain: () => ({ text: 'values, start)', finish: 'stop', usage }),
    files: { 'a.ts': lines.join('\n') },
  });
  await using client = await connectDaemon({ socket: bench.socket }, { connections: 1 });
  // The agent makes it when it is opened.
  const isAgentOpen = () => existsSync(join(bench.home, 'no-project'));
  const request = { prefix: 'const more = sumOf(', filePath: join(bench.root, 'b.ts') };
  const asked = { ...request, cwd: bench.root, explicit: true };
  expect(await client.completion.complete({ ...asked, localOnly: true })).toMatchObject({
    provider: 'local',
  });
  expect((await client.health.check({})).projects).toEqual([bench.root]);
  expect(isAgentOpen()).toBe(false);
  const fromModel = await client.completion.complete({ ...asked, model: 'openai/gpt-4.1-mini' });
  expect(fromModel).toMatchObject({ source: 'model', completion: 'values, start)' });
});

test('bad requests are told with their field', async () => {
  await using bench = await assistantBench({
    brain: () => ({ text: '', finish: 'stop', usage }),
    files: { 'a.ts': '' },
  });
  await using client = await connectDaemon({ socket: bench.socket }, { connections: 1 });
  const relative = client.completion.complete({ prefix: 'a', filePath: 'b.ts', cwd: 'here' });
  await expect(relative).rejects.toThrow(/^cwd: /);
  const nowhere = client.completion.complete({ prefix: 'a', filePath: 'b.ts' });
  await expect(nowhere).rejects.toThrow(/^file_path: /);
});
