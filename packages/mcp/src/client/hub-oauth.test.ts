import { expect, test } from 'bun:test';
import { Secret } from '@zeke/foundation';
import type { Hub } from './hub.ts';
import { loopbackSignIn } from './oauth/sign-in.ts';
import { memorySecrets, remoteServer, testHub, textOf } from './testing/hub-fixture.ts';
import { browse, machine, ProtectedFixture } from './testing/protected-fixture.ts';

const never = new AbortController().signal;

async function login(hub: Hub): Promise<URL[]> {
  const addresses: URL[] = [];
  using signIn = loopbackSignIn((address) => {
    addresses.push(address);
    void browse(address).then((back) => fetch(back));
  });
  await hub.login('far', signIn, never);
  return addresses;
}

test('a login through a browser, with PKCE, for this resource; the next hub needs none', async () => {
  await using server = await ProtectedFixture.start();
  const secrets = memorySecrets();
  const servers = [remoteServer('far', 'http', server.resource.url)];
  {
    await using hub = testHub(servers, { secrets });
    await hub.loadTools();
    const [view] = hub.servers();
    expect(view).toMatchObject({ status: 'needs-auth' });
    expect(view?.reason).toBe('MCP server far asks for a login: run zeke mcp login far');
    const [address] = await login(hub);
    expect(Object.fromEntries(address?.searchParams ?? [])).toMatchObject({
      code_challenge_method: 'S256',
      resource: server.resource.url,
      response_type: 'code',
      scope: expect.stringContaining('tools'),
    });
    expect(textOf(await hub.callTool('far__echo', { text: 'hi' }))).toBe('hi');
  }
  await using hub = testHub(servers, { secrets });
  await hub.loadTools();
  expect(hub.servers()).toMatchObject([{ status: 'ready' }]);
  expect(JSON.stringify(hub.servers())).not.toContain(server.tokens[0] ?? '');
});

test('a token that has run out is renewed once, whoever asks, and without a person', async () => {
  await using server = await ProtectedFixture.start();
  await using hub = testHub([remoteServer('far', 'http', server.resource.url)]);
  await login(hub);
  await server.expire();
  const calls = Array.from({ length: 5 }, (_, n) => hub.callTool('far__echo', { text: `${n}` }));
  expect((await Promise.all(calls)).map(textOf)).toEqual(['0', '1', '2', '3', '4']);
  expect(new Set(server.tokens).size).toBe(1);
});

test('what takes more rights than the token has takes a person, and then is had', async () => {
  await using server = await ProtectedFixture.start();
  await using hub = testHub([remoteServer('far', 'http', server.resource.url)]);
  await login(hub);
  await hub.servers();
  server.needs = 'tools files';
  // A connection without a person.
  await hub.configure([remoteServer('far', 'http', server.resource.url, { timeoutMs: 9_000 })]);
  await hub.loadTools();
  expect(hub.servers()).toMatchObject([{ status: 'needs-auth' }]);
  await login(hub);
  expect(textOf(await hub.callTool('far__echo', { text: 'hi' }))).toBe('hi');
});

test('after a logout the tokens are gone', async () => {
  await using server = await ProtectedFixture.start();
  const secrets = memorySecrets();
  await using hub = testHub([remoteServer('far', 'http', server.resource.url)], { secrets });
  await login(hub);
  expect(secrets.secrets.size).toBe(1);
  expect(await hub.logout('far')).toBe(true);
  expect(secrets.secrets.size).toBe(0);
  await hub.connect('far').catch(() => {});
  expect(hub.servers()).toMatchObject([{ status: 'needs-auth' }]);
});

test('a machine logs in as itself', async () => {
  await using server = await ProtectedFixture.start();
  const oauth = {
    grant: 'client_credentials' as const,
    clientId: machine.id,
    clientSecret: new Secret(machine.secret),
  };
  await using hub = testHub([remoteServer('far', 'http', server.resource.url, { oauth })]);
  await hub.loadTools();
  expect(textOf(await hub.callTool('far__echo', { text: 'hi' }))).toBe('hi');
});

test('a login that comes back from somebody else is refused', async () => {
  await using server = await ProtectedFixture.start();
  await using hub = testHub([remoteServer('far', 'http', server.resource.url)]);
  const signIn = {
    redirectUrl: 'http://127.0.0.1/callback',
    answer: async () => new URLSearchParams({ state: 'another', code: 'stolen' }),
  };
  const attempt = hub.login('far', signIn, never);
  await expect(attempt).rejects.toMatchObject({ code: 'unauthenticated' });
  expect(server.tokens).toEqual([]);
});

test('a header that is refused is told as such, and no login begins', async () => {
  await using server = await ProtectedFixture.start();
  const headers = { authorization: new Secret('Bearer wrong') };
  await using hub = testHub([remoteServer('far', 'http', server.resource.url, { headers })]);
  await hub.loadTools();
  const [view] = hub.servers();
  expect(view?.status).toBe('needs-auth');
  expect(view?.reason).toContain('refused the authorization header that it is configured with');
});
