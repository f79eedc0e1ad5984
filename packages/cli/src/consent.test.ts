import { expect, setDefaultTimeout, test } from 'bun:test';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('a configured policy asks, guardrails redact, and zeke consent answers', async () => {
  await using home = await temporaryDirectory();
  await Bun.write(
    join(home.path, 'zeke.toml'),
    `[guardrails.people]
type = "personal_data"
action = "redact"

[policies.dear]
effect = "consent"
models = ["demo-openai/*"]
reason = "it costs money"
`,
  );
  await using server = await zekeUp(['--demo'], { home: home.path });
  const environment = { ZEKE_URL: server.url };
  const run = (line: string) => zeke(line.split(' '), { home: home.path, environment });
  const ask = () =>
    fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-project': 'alpha' },
      body: JSON.stringify({
        model: 'demo-openai/gpt-5-mini',
        messages: [{ role: 'user', content: 'write to ada@example.org' }],
      }),
    });

  expect((await run('consent list')).stderr).toContain('nothing waits for consent');
  const refused = await ask();
  expect(refused.status).toBe(403);
  const { error } = (await refused.json()) as { error: { consent_id: string; message: string } };
  expect(error.message).toContain('it costs money');
  expect((await run('consent list')).stdout).toMatch(
    new RegExp(`${error.consent_id} +model demo-openai/gpt-5-mini +dear +local +- +alpha`),
  );
  const denied = await run('consent deny consent_unknown');
  expect(denied).toMatchObject({ code: exitCodes.notFound });
  const allowed = await run(`consent allow ${error.consent_id} --for project`);
  expect(allowed.stdout).toBe('allowed for its project: model demo-openai/gpt-5-mini\n');
  const answered = await ask();
  expect(answered.status).toBe(200);
  expect(answered.headers.get('x-zeke-guardrails')).toContain('people redacted email=1');
});
