import { expect, setDefaultTimeout, test } from 'bun:test';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('what was asked and answered is shown and forgotten, over an admin API with its own address', async () => {
  await using home = await temporaryDirectory();
  const { path } = home;
  const port = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response() });
  const environment = {
    ZEKE_CONTENT_KEEP: 'everything',
    ZEKE_SECRETS_KEY: Buffer.alloc(32, 5).toString('base64'),
    ZEKE_SERVER_ADMIN_PORT: String(port.port),
  };
  await port.stop(true);
  await using server = await zekeUp(['--demo'], { home: path, environment });
  const run = (line: string) => zeke(line.split(' '), { home: path, environment });
  const answer = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'demo-openai/gpt-4.1-mini',
      messages: [{ role: 'user', content: 'what is kept?' }],
    }),
  });
  const text = await answer.text();
  const id = answer.headers.get('x-request-id') ?? '';
  expect((await fetch(`${server.url}/admin/content/${id}`)).status).toBe(404);
  const shown = await run(`content show ${id}`);
  expect(shown.stdout).toContain('what is kept?');
  expect(shown.stdout).toContain(text);
  expect(shown.stderr).toContain('chat-completions demo-openai/gpt-4.1-mini, HTTP 200');
  const { content } = JSON.parse((await run(`content show ${id} --json`)).stdout);
  expect(content).toMatchObject({ requestId: id, answer: { text } });
  expect((await run(`content delete ${id}`)).stdout).toContain(`of ${id}\n`);
  expect(await run(`content show ${id}`)).toMatchObject({
    code: exitCodes.notFound,
    stderr: expect.stringContaining(`nothing is kept of the request ${id}`),
  });
  const { entries } = JSON.parse((await run('audit list --json --action content.read')).stdout);
  expect(entries.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
    'failed',
    'ok',
    'ok',
  ]);
});
