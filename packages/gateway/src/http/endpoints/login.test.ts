import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { type OidcConfig, Secret } from '@zeke/foundation';
import { clientId, clientSecret, LoginProvider } from '@zeke/foundation/testing/login-provider';
import {
  identity,
  operator,
  TokenGateway,
} from '../../governance/identity/testing/token-gateway.ts';

const publicUrl = 'https://zeke.example';
const signingKeys = new Map([['k1', new Secret('a-signing-key-of-32-bytes-or-more')]]);
const verifier = 'a-verifier-of-the-command-line-that-nobody-else-knows';
const challenge = new Bun.CryptoHasher('sha256').update(verifier).digest('base64url');

let provider: LoginProvider;
let gateway: TokenGateway;

function oidc(changes: Partial<OidcConfig> = {}): OidcConfig {
  return {
    ...identity,
    issuer: provider.issuer,
    clientId,
    clientSecret: new Secret(clientSecret),
    scopes: ['openid', 'email', 'profile'],
    sessionTtlMs: 3_600_000,
    ...changes,
  };
}

beforeAll(async () => {
  provider = await LoginProvider.start(`${publicUrl}/auth/callback`);
  gateway = await TokenGateway.start({ oidc: oidc(), signingKeys, publicUrl }, { now: Date.now });
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

/** A browser at the gateway, with its cookies. */
class Browser {
  readonly cookies = new Map<string, string>();
  /** The attributes with which each was set last. */
  readonly attributes = new Map<string, string>();

  async open(path: string, init: RequestInit = {}): Promise<Response> {
    const headers = new Headers(init.headers);
    headers.set('host', 'zeke.example');
    const cookie = [...this.cookies].map((pair) => pair.join('=')).join('; ');
    if (cookie !== '') headers.set('cookie', cookie);
    const request = new Request(`${publicUrl}${path}`, { ...init, headers });
    const response = await gateway.test.gateway.handle(request);
    for (const set of response.headers.getSetCookie()) {
      const [pair = '', ...attributes] = set.split('; ');
      const [name = '', value = ''] = pair.split('=');
      if (value === '') this.cookies.delete(name);
      else this.cookies.set(name, value);
      this.attributes.set(name, attributes.join('; '));
    }
    return response;
  }

  /** As far as the provider sends it: the path with which it comes back. */
  async comeBack(login: string, path = '/auth/login'): Promise<string> {
    const begun = await this.open(path);
    expect(begun.status).toBe(302);
    const back = await provider.logIn(begun.headers.get('location') ?? '', login);
    return back.pathname + back.search;
  }

  async logIn(login: string): Promise<Response> {
    return await this.open(await this.comeBack(login));
  }
}

interface Identity {
  credential: string;
  owner?: string;
  userId?: string;
  role?: string;
  scopes: string[];
}

async function whoAmI(browser: Browser): Promise<Identity> {
  return (await (await browser.open('/auth/whoami')).json()) as Identity;
}

test('a person logs in at a real provider, and the browser is that user until it logs out', async () => {
  const browser = new Browser();
  expect((await browser.open('/admin/users')).status).toBe(401);
  const back = await browser.open(await browser.comeBack('ada', '/auth/login?return_to=/status'));
  expect(back.status).toBe(302);
  expect(back.headers.get('location')).toBe(`${publicUrl}/status`);
  expect(browser.cookies.get('zeke_session')).toMatch(/^zk-/);
  expect(browser.attributes.get('zeke_session')).toBe(
    'Path=/; Max-Age=3600; HttpOnly; SameSite=Lax; Secure',
  );
  expect(browser.cookies.has('zeke_login')).toBe(false);
  expect(await whoAmI(browser)).toMatchObject({
    credential: 'login',
    owner: 'ada',
    userId: gateway.ada.id,
    role: 'member',
    scopes: ['inference', 'admin'],
  });
  expect((await browser.open('/admin/users')).status).toBe(200);

  const session = browser.cookies.get('zeke_session') ?? '';
  const out = await browser.open('/auth/logout', {
    method: 'POST',
    headers: { origin: publicUrl, accept: 'text/html' },
  });
  expect(out.status).toBe(303);
  expect(out.headers.get('location')).toBe(`${publicUrl}/`);
  expect(browser.cookies.size).toBe(0);
  browser.cookies.set('zeke_session', session);
  const after = await browser.open('/auth/whoami');
  expect(after.status).toBe(401);
  expect(await after.text()).toContain('the login has ended: log in again at /auth/login');

  const audit = await (await gateway.test.get('/admin/audit', operator)).text();
  expect(audit).toContain('"action":"auth.login"');
  expect(audit).toContain('"action":"auth.logout"');
  const everything = JSON.stringify(gateway.test.logged) + audit;
  for (const secret of [session.slice(3), clientSecret]) expect(everything).not.toContain(secret);
});

test('roles by groups, and users that are made at the first login', async () => {
  gateway.configure({
    oidc: oidc({
      provision: true,
      userClaim: 'email',
      roleClaim: 'groups',
      roles: new Map([['ops', 'admin']]),
      defaultRole: 'viewer',
    }),
    signingKeys,
    publicUrl,
  });
  const [grace, ada, mallory] = [new Browser(), new Browser(), new Browser()];
  await grace.logIn('grace');
  expect(await whoAmI(grace)).toMatchObject({ owner: 'grace@acme.example', role: 'admin' });
  await ada.logIn('ada');
  expect(await whoAmI(ada)).toMatchObject({ owner: 'ada@acme.example', role: 'viewer' });
  const refused = await mallory.logIn('mallory');
  expect(refused.status).toBe(401);
  expect(await refused.text()).toContain('email_verified');
  gateway.configure({});
});

test('somebody whom nobody knows here gets no session', async () => {
  const browser = new Browser();
  const refused = await browser.logIn('grace');
  expect(refused.status).toBe(401);
  expect(refused.headers.get('content-type')).toStartWith('text/plain');
  expect(await refused.text()).toContain('the user grace, which is not there');
  expect(browser.cookies.has('zeke_session')).toBe(false);
});

describe('a login is refused', () => {
  async function refusalOf(response: Response): Promise<string> {
    expect(response.status).toBe(401);
    expect(response.headers.getSetCookie().join()).not.toContain('zeke_session');
    return await response.text();
  }

  test('in a browser that has not begun it', async () => {
    const path = await new Browser().comeBack('ada');
    expect(await refusalOf(await new Browser().open(path))).toContain('not begun in this browser');
  });

  test('with the ticket of another login: the state is another', async () => {
    const [one, other] = [new Browser(), new Browser()];
    const path = await one.comeBack('ada');
    await other.comeBack('ada');
    expect(await refusalOf(await other.open(path))).toContain('state');
  });

  test('without state, and with state alone', async () => {
    for (const name of ['state', 'code']) {
      const browser = new Browser();
      const url = new URL(await browser.comeBack('ada'), publicUrl);
      url.searchParams.delete(name);
      await refusalOf(await browser.open(url.pathname + url.search));
    }
  });

  test('the second time, also with the cookies of the first', async () => {
    const browser = new Browser();
    const path = await browser.comeBack('ada');
    const ticket = browser.cookies.get('zeke_login') ?? '';
    expect((await browser.open(path)).status).toBe(302);
    browser.cookies.set('zeke_login', ticket);
    expect(await refusalOf(await browser.open(path))).toContain('has been used');
  });

  test.each([
    [
      'another verifier',
      { verifier: 'another-verifier-of-forty-three-chars-or-more' },
      'invalid_grant',
    ],
    ['another nonce', { nonce: 'another-nonce' }, 'nonce'],
  ] as const)('with %s', async (_, changed, why) => {
    const browser = new Browser();
    const path = await browser.comeBack('ada');
    const { OwnTokens } = await import('../../governance/identity/own-tokens.ts');
    const own = new OwnTokens(signingKeys, Date.now);
    const verdict = own.verify('login', browser.cookies.get('zeke_login') ?? '');
    const claims = verdict.ok ? verdict.claims : {};
    browser.cookies.set('zeke_login', own.issue('login', { ...claims, ...changed }, 60_000));
    expect(await refusalOf(await browser.open(path))).toMatch(why);
  });

  test('with a ticket that somebody else has signed, or that is no ticket', async () => {
    const { OwnTokens } = await import('../../governance/identity/own-tokens.ts');
    const keys = new Map([['k1', new Secret('the-key-of-somebody-else-of-32-bytes')]]);
    const other = new OwnTokens(keys, Date.now);
    const own = new OwnTokens(signingKeys, Date.now);
    const ticket = {
      state: 's',
      nonce: 'n',
      verifier: 'v',
      wish: { kind: 'browser', returnTo: '/' },
    };
    for (const forged of [
      other.issue('login', ticket, 60_000),
      own.issue('code', ticket, 60_000),
      own.issue('login', { state: 's' }, 60_000),
      'nonsense',
    ]) {
      const browser = new Browser();
      const path = await browser.comeBack('ada');
      browser.cookies.set('zeke_login', forged);
      expect(await refusalOf(await browser.open(path))).toContain('not begun in this browser');
    }
  });

  test('by the provider: its error is told', async () => {
    const browser = new Browser();
    const url = new URL(await browser.comeBack('ada'), publicUrl);
    url.searchParams.delete('code');
    url.searchParams.set('error', 'access_denied<script>');
    const text = await refusalOf(await browser.open(url.pathname + url.search));
    expect(text).toContain('the login provider refused the login: access_deniedscript');
  });

  test.each(['//evil.example', '/\\evil.example', 'https://evil.example', 'x', ''])(
    'to go on elsewhere: %j',
    async (returnTo) => {
      const path = `/auth/login?return_to=${encodeURIComponent(returnTo)}`;
      const response = await new Browser().open(path);
      expect(response.status).toBe(400);
      expect(await response.text()).toContain('return_to: it must be a path of this gateway');
    },
  );
});

describe('with the cookie of a login', () => {
  const body = JSON.stringify({ name: 'mine' });

  async function change(headers: Record<string, string>): Promise<number> {
    const response = await browser.open('/auth/whoami', { headers });
    expect(response.status).toBe(200);
    const json = { 'content-type': 'application/json', ...headers };
    const path = '/admin/keys';
    return (await browser.open(path, { method: 'POST', headers: json, body })).status;
  }

  let browser: Browser;
  beforeAll(async () => {
    browser = new Browser();
    await browser.logIn('ada');
  });

  test('nothing is changed for a page of another origin, or one that does not say', async () => {
    for (const headers of [
      { origin: 'https://evil.example' },
      { origin: 'https://zeke.example.evil.example' },
      { origin: 'http://zeke.example' },
      { origin: 'null' },
      { 'sec-fetch-site': 'same-site' },
      { origin: publicUrl, 'sec-fetch-site': 'same-site' },
      { origin: 'null', 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'cross-site' },
      {},
    ] as Record<string, string>[]) {
      expect(await change(headers)).toBe(403);
    }
  });

  test('our own pages may', async () => {
    const own = JSON.stringify({ name: 'mine', user_id: gateway.ada.id });
    const headers = { 'content-type': 'application/json', origin: publicUrl };
    const made = await browser.open('/admin/keys', { method: 'POST', headers, body: own });
    expect(made.status).toBe(201);
    for (const origin of [{}, { origin: 'null' }, { origin: publicUrl }]) {
      const fetched = { ...headers, origin: '', 'sec-fetch-site': 'same-origin', ...origin };
      const sent = new Headers(fetched);
      if (!('origin' in origin)) sent.delete('origin');
      const request = { method: 'POST', headers: sent, body: own };
      expect((await browser.open('/admin/keys', request)).status).toBe(201);
    }
  });

  test('a key of another kind in the cookie is none', async () => {
    const { secret } = await gateway.test.gateway.keys.create({ name: 'k', owner: 'eve' });
    const other = new Browser();
    other.cookies.set('zeke_session', secret);
    const response = await other.open('/auth/whoami');
    expect(response.status).toBe(401);
    expect(await response.text()).toContain('is not that of a login');
  });
});

describe('a command line', () => {
  const redirectUri = 'http://127.0.0.1:45678/callback';
  const query = {
    response_type: 'code',
    client_id: 'zeke-cli',
    redirect_uri: redirectUri,
    state: 'the-state',
    code_challenge: challenge,
    code_challenge_method: 'S256',
  };
  const pathOf = (changes: object = {}) =>
    `/oauth/authorize?${new URLSearchParams({ ...query, ...changes })}`;

  async function codeOf(): Promise<string> {
    const browser = new Browser();
    const back = await browser.open(await browser.comeBack('ada', pathOf()));
    const url = new URL(back.headers.get('location') ?? '');
    expect(url.origin + url.pathname).toBe(redirectUri);
    expect(url.searchParams.get('state')).toBe('the-state');
    expect(browser.cookies.has('zeke_session')).toBe(false);
    return url.searchParams.get('code') ?? '';
  }

  async function redeem(form: Record<string, string>) {
    const request = new Request(`${publicUrl}/oauth/token`, {
      method: 'POST',
      body: new URLSearchParams({
        grant_type: 'authorization_code',
        client_id: 'zeke-cli',
        ...form,
      }),
    });
    const response = await gateway.test.gateway.handle(request);
    return { status: response.status, body: (await response.json()) as Record<string, unknown> };
  }

  test('gets a key for the code that the browser brings, once', async () => {
    const code = await codeOf();
    const form = { code, code_verifier: verifier, redirect_uri: redirectUri };
    const { body, status } = await redeem(form);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      token_type: 'Bearer',
      expires_in: 3_600,
      scope: 'inference admin',
    });
    const headers = { authorization: `Bearer ${body.access_token}` };
    const who = await gateway.test.get('/auth/whoami', headers);
    expect(await who.json()).toMatchObject({ credential: 'login', owner: 'ada' });
    expect((await gateway.answer(String(body.access_token))).status).toBe(200);
    expect(await redeem(form)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } });

    const out = await gateway.send('POST', '/auth/logout', headers);
    expect(out.status).toBe(200);
    expect((await gateway.test.get('/auth/whoami', headers)).status).toBe(401);
  });

  test('gets none for what does not fit', async () => {
    const code = await codeOf();
    const form = { code, code_verifier: verifier, redirect_uri: redirectUri };
    for (const [changes, error] of [
      [{ code_verifier: 'another' }, 'invalid_grant'],
      [{ redirect_uri: 'http://127.0.0.1:1/callback' }, 'invalid_grant'],
      [{ code: `${code}x` }, 'invalid_grant'],
      [{ code: 'x' }, 'invalid_grant'],
      [{ code: '' }, 'invalid_request'],
      [{ client_id: 'other' }, 'invalid_client'],
    ] as const) {
      expect((await redeem({ ...form, ...changes })).body).toMatchObject({ error });
    }
    expect((await redeem(form)).status).toBe(200);
  });

  test('hears when the login fails', async () => {
    const browser = new Browser();
    const back = await browser.open(await browser.comeBack('grace', pathOf()));
    const url = new URL(back.headers.get('location') ?? '');
    expect(url.searchParams.get('error')).toBe('access_denied');
    expect(url.searchParams.get('error_description')).toContain('the user grace');
    expect(url.searchParams.has('code')).toBe(false);
  });

  test.each([
    ['redirect_uri', 'http://127.0.0.1.evil.example:80/callback'],
    ['redirect_uri', 'https://evil.example/callback'],
    ['redirect_uri', 'http://localhost:1/callback'],
    ['redirect_uri', 'http://127.0.0.1:1/callback?x'],
    ['code_challenge_method', 'plain'],
    ['code_challenge', 'short'],
    ['client_id', 'other'],
    ['response_type', 'token'],
    ['state', ''],
    ['state', 'x'.repeat(2_000)],
  ])('is refused with %s=%s, named', async (name, value) => {
    const response = await new Browser().open(pathOf({ [name]: value }));
    expect(response.status).toBe(400);
    expect(await response.text()).toStartWith(`zeke: ${name}: `);
  });
});

test('a provider that is down is told as that, and left alone for a while', async () => {
  let asked = 0;
  using down = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => {
      asked += 1;
      return new Response('', { status: 500 });
    },
  });
  gateway.configure({ oidc: oidc({ issuer: `http://127.0.0.1:${down.port}` }) });
  for (let count = 0; count < 3; count++) {
    const response = await new Browser().open('/auth/login');
    expect(response.status).toBe(503);
    expect(await response.text()).toContain('the login provider is out of reach');
  }
  expect(asked).toBe(1);
  gateway.configure({});
});

test('without a provider nobody logs in, and no cookie counts', async () => {
  gateway.configure({ oidc: undefined } as never);
  expect((await new Browser().open('/auth/login')).status).toBe(404);
  const browser = new Browser();
  browser.cookies.set('zeke_session', `zk-${'A'.repeat(43)}`);
  expect((await browser.open('/auth/whoami')).status).toBe(401);
  gateway.configure({});
});
