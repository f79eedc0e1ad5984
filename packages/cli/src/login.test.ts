import { expect, setDefaultTimeout, test } from 'bun:test';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { clientId, clientSecret, LoginProvider } from '@zeke/foundation/testing/login-provider';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, startZeke, zeke, zekeUp } from './testing/zeke-process.ts';

// One test starts a dozen processes.
setDefaultTimeout(5 * processTimeoutMs);

const adminKey = 'the-admin-key-of-this-test';
const secretsKey = Buffer.alloc(32, 3).toString('base64');

/** What a browser does with the address: at the gateway with its cookies, at the provider as a person. */
async function browse(address: string, provider: LoginProvider, login: string): Promise<string> {
  const begun = await fetch(address, { redirect: 'manual' });
  const cookie = begun.headers
    .getSetCookie()
    .map((each) => each.split(';')[0])
    .join('; ');
  const back = await provider.logIn(begun.headers.get('location') ?? '', login);
  const ended = await fetch(back, { redirect: 'manual', headers: { cookie } });
  const shown = await fetch(ended.headers.get('location') ?? '');
  return shown.text();
}

test('login, whoami and logout at a gateway with a real provider; its key outlives a restart', async () => {
  await using home = await temporaryDirectory();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  await using provider = await LoginProvider.start(`${url}/auth/callback`);
  await Bun.write(
    join(home.path, 'zeke.toml'),
    `[auth]
require_auth = true
admin_api_key = "${adminKey}"
[auth.oauth]
enabled = true
[auth.oidc]
issuer = "${provider.issuer}"
client_id = "${clientId}"
client_secret = "${clientSecret}"
org = "acme"
provision = true
default_role = "manager"
`,
  );
  const environment = { ZEKE_SECRETS_KEY: secretsKey };
  const up = () => zekeUp(['--port', String(port)], { home: home.path, environment });
  const run = (line: string, more: Record<string, string> = {}) =>
    zeke(line.split(' '), { home: home.path, environment: { ...environment, ...more } });
  let key: { id: string; secret: string };
  let token: string;
  {
    await using _server = await up();
    await run('orgs create acme', { ZEKE_API_KEY: adminKey });
    const command = startZeke(['login', '--no-browser'], { home: home.path, environment });
    await using login = command;
    const [, address = ''] = await login.stderr.until(/(http:\/\/\S+\/oauth\/authorize\S+)\n/);
    expect(await browse(address, provider, 'ada')).toContain('You are logged in');
    expect(await login.exited).toBe(0);
    expect(login.stdout.text).toMatch(new RegExp(`^logged in at ${url} as ada until 20`));

    const who = await run('whoami');
    expect(who.stdout).toContain(`ada, by a login, at ${url}\n  role: manager`);
    expect((await run('users list')).stdout).toContain('ada');
    expect((await run('orgs create more')).code).toBe(exitCodes.unauthorized);
    expect((await run('whoami', { ZEKE_API_KEY: adminKey })).stdout).toContain('the operator');

    const notes = await readFile(join(home.path, 'logins.json'), 'utf8');
    expect(notes).toContain('"owner": "ada"');
    expect(notes).not.toContain('zk-');
    const made = await run('keys create ci --json', { ZEKE_API_KEY: adminKey });
    ({ key } = JSON.parse(made.stdout) as { key: { id: string; secret: string } });
    token = await tokenOf(url, key);
    expect(await statusOf(url, token)).toBe(200);
  }
  await using _again = await up();
  expect((await run('whoami')).stdout).toContain('ada, by a login');
  expect(await statusOf(url, token)).toBe(200);

  expect((await run('logout')).stdout).toBe(`logged out at ${url}\n`);
  expect((await run('whoami')).stdout).toContain('the operator, by the admin key');
  const twice = await run('logout');
  expect(twice).toMatchObject({ code: exitCodes.notFound });
  expect(twice.stderr).toContain(`there is no login at ${url}`);
});

test('a login where none can be had is told why', async () => {
  await using home = await temporaryDirectory();
  const nowhere = await zeke(['login'], { home: home.path });
  expect(nowhere).toMatchObject({ code: exitCodes.unreachable });
  await using server = await zekeUp(['--demo'], { home: home.path });
  const environment = { ZEKE_URL: server.url };
  const refused = await zeke(['login'], { home: home.path, environment });
  expect(refused).toMatchObject({ code: exitCodes.configuration, stdout: '' });
  expect(refused.stderr).toContain('it has no login provider (auth.oidc)');
  const who = await zeke(['whoami'], { home: home.path, environment });
  expect(who.stdout).toContain('nobody in particular, without a key');
});

async function tokenOf(url: string, { id, secret }: { id: string; secret: string }) {
  const response = await fetch(`${url}/oauth/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
    body: new URLSearchParams({ grant_type: 'client_credentials' }),
  });
  return ((await response.json()) as { access_token: string }).access_token;
}

async function statusOf(url: string, token: string): Promise<number> {
  const headers = { authorization: `Bearer ${token}` };
  return (await fetch(`${url}/v1/models`, { headers })).status;
}

/** One that was free a moment ago: the provider has to know it before the gateway starts. */
async function freePort(): Promise<number> {
  const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Response('') });
  const { port = 0 } = server;
  await server.stop(true);
  return port;
}
