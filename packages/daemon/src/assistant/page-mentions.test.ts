import { expect, test } from 'bun:test';
import { join } from 'node:path';
import type { Brain } from '@zeke/emulators';
import { connectDaemon } from '@zeke/protocol/client';
import { assistantBench, tokensOfAnswer as usage } from '../testing/index.ts';

/** Says what it was told beside the user's words. */
const parrot: Brain = ({ turns }) => ({
  text: turns.findLast(({ role }) => role === 'user')?.text ?? '',
  finish: 'stop',
  usage,
});

test('pages that are mentioned are taken only where rules and the network allow it, and that is told', async () => {
  await using bench = await assistantBench({ brain: parrot, files: { 'a.txt': 'a\n' } });
  await Bun.write(
    join(bench.home, 'permissions.toml'),
    'deny = ["fetch(denied.test)"]\nask = ["fetch(asked.test)"]\n',
  );
  await using client = await connectDaemon({ socket: bench.socket }, { connections: 1 });
  const words = 'see @https://denied.test/a @https://asked.test/b @http://127.0.0.1:1/c';
  let chat = '';
  const messages = [{ role: 'user', content: words }];
  for await (const { activity, delta } of client.chat.send({ cwd: bench.root, messages })) {
    chat += `${activity}\n${delta}`;
  }
  let run = '';
  for await (const { event } of client.agent.execute({ instruction: words, cwd: bench.root })) {
    if (event.case === 'notice' || event.case === 'text') run += event.value.text;
  }
  for (const told of [chat, run]) {
    expect(told).toContain('@https://denied.test/a: the page was not taken: ');
    expect(told).toMatch(/@https:\/\/asked\.test\/b: the page was not taken: .*web_fetch can ask/);
    expect(told).toContain('127.0.0.1 is at 127.0.0.1, which is not a public address');
  }
}, 60_000);
