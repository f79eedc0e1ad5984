import { expect, setDefaultTimeout, test } from 'bun:test';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('organisations, teams, users and budgets by name, from making to removing them', async () => {
  await using home = await temporaryDirectory();
  await using server = await zekeUp(['--demo'], { home: home.path });
  const environment = { ZEKE_URL: server.url };
  const run = async (line: string) => zeke(line.split(' '), { home: home.path, environment });
  const out = async (line: string) => (await run(line)).stdout;

  expect(await out('orgs create acme')).toStartWith('org_');
  expect(await out('teams create research --org acme')).toStartWith('team_');
  const made = 'users create ada --org acme --team research --role manager';
  expect(await out(made)).toStartWith('user_');
  expect((await run(made)).stderr).toContain('ada is the name of another user');
  expect(await out('users list')).toMatch(/user_\w+ +ada +acme +research +manager/);
  const secret = (await out('keys create laptop --user ada')).trim();
  const { keys } = JSON.parse(await out('keys list --json'));
  expect(keys).toMatchObject([{ name: 'laptop', owner: 'ada', role: 'manager' }]);

  expect(await out('budgets set org acme 5')).toBe('org acme: $5.00 a month, hard\n');
  await run('budgets set team research $0.0001 --per day');
  await run('budgets set key laptop 0 --soft');
  expect(await out('budgets list')).toMatch(
    /team +research +day +hard +\$0\.0001 +\$0\.00 +\$0\.00 +20/,
  );
  const body = { model: 'demo-openai/gpt-5-mini', messages: [{ role: 'user', content: 'hi' }] };
  const refused = await fetch(`${server.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${secret}` },
    body: JSON.stringify(body),
  });
  expect(await refused.text()).toContain("the day's budget of team research");
  expect(refused.status).toBe(429);

  const wrong = await run('budgets set org acme lots');
  expect(wrong).toMatchObject({
    code: exitCodes.usage,
    stderr: expect.stringContaining('no amount'),
  });
  expect(await run('budgets remove org acme --per day')).toMatchObject({
    code: exitCodes.notFound,
  });
  expect(await out('budgets remove org acme')).toBe(
    'removed the hard budget of org acme a month\n',
  );
  expect((await run('teams remove research')).stderr).toContain('still has the user ada');
  expect(await out('users set ada --team none --role viewer')).toMatch(
    /^changed user_\w+ "ada"\n$/,
  );
  expect(await out('teams rename research science')).toEndWith('is now "science"\n');
  expect(await out('teams remove science')).toEndWith('"science" and revoked its keys\n');
  expect(await out('users remove ada')).toEndWith('"ada" and revoked its keys\n');
  expect(await out('orgs remove acme')).toEndWith('"acme"\n');
  expect(await out('keys list')).toMatch(/laptop .* revoked /);
});
