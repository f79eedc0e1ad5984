import { expect, test } from 'bun:test';
import { type AuthConfig, Secret } from '@zeke/foundation';
import { createProvider } from '@zeke/gateway';
import { statusPage } from './status-page.ts';

const dependencies = {
  fetch,
  now: Date.now,
  environment: () => undefined,
  readFile: async () => undefined,
};

function providers(...names: string[]) {
  return names.map((name) => ({
    priority: 1,
    provider: createProvider(
      { name, type: 'openai', headers: {}, priority: 1, apiKey: new Secret('sk-hidden') },
      dependencies,
    ),
  }));
}

interface Asked {
  names?: string[];
  requireAuth?: boolean;
  adminApiKey?: Secret;
  headers?: Record<string, string>;
  isSecure?: boolean;
  oidc?: typeof oidc;
  publicUrl?: string;
  person?: string;
}

function page(url: string, asked: Asked = {}) {
  const {
    names = [],
    headers = {},
    isSecure = false,
    requireAuth = false,
    person,
    ...auth
  } = asked;
  const settings = { providers: providers(...names), auth: { requireAuth, ...auth } };
  return statusPage(new Request(url, { headers }), {
    ...settings,
    isSecure,
    ...(person === undefined ? {} : { person }),
  });
}

test('shows address, providers and how to connect, and marks what is emulated', async () => {
  const text = await page('http://localhost:8080/', { names: ['work', 'demo-openai'] }).text();
  expect(text).toContain('<b>work</b>');
  expect(text).toMatch(/<b>demo-openai<\/b>.*emulated/);
  expect(text).toContain('OPENAI_BASE_URL=http://localhost:8080/v1');
  expect(text).toContain('export ANTHROPIC_BASE_URL=http://localhost:8080\nexport ');
  expect(text).toContain('export OLLAMA_HOST=http://localhost:8080<');
  expect(text).toContain('href="/metrics"');
  expect(text).not.toContain('sk-hidden');
});

const oidc: NonNullable<AuthConfig['oidc']> = {
  issuer: 'https://login.example',
  clientId: 'zeke',
  scopes: ['openid'],
  sessionTtlMs: 60_000,
  org: 'acme',
  userClaim: 'sub',
  roles: new Map(),
  defaultRole: 'member',
  grants: ['inference'],
  provision: false,
};

test('leads to the login where there is one, by the public address', async () => {
  const without = await page('https://zeke.example/', { requireAuth: true }).text();
  expect(without).not.toContain('/auth/log');
  const settings = { requireAuth: true, oidc, publicUrl: 'https://zeke.example' };
  const text = await page('http://10.0.0.1/', { names: ['work'], ...settings }).text();
  expect(text).toContain('<a href="https://zeke.example/auth/login">Log in</a>');
  expect(text).not.toContain('work');
});

test('shows the providers to who is logged in, and a way out', async () => {
  const settings = { names: ['work'], requireAuth: true, oidc };
  const text = await page('http://zeke.example/', { ...settings, person: '<ada>' }).text();
  expect(text).toContain('<b>work</b>');
  expect(text).toContain('Logged in as <b>&lt;ada&gt;</b>');
  expect(text).toContain('<form method="post" action="/auth/logout">');
});

test('says how to get a provider where there is none', async () => {
  expect(await page('http://127.0.0.1/').text()).toContain('zeke providers add');
});

test.each([
  ['http://evil.example/', false],
  ['http://127.0.0.1/', true],
])('keeps names to itself where not everybody may know them: %s %p', async (url, requireAuth) => {
  const text = await page(url, { names: ['work'], requireAuth }).text();
  expect(text).not.toContain('work');
  expect(text).not.toContain('evil');
});

test('where callers need a key, what it says to set works with one, and no link is refused', async () => {
  const text = await page('http://zeke.example:81/', { requireAuth: true }).text();
  expect(text).toContain('zeke keys create');
  expect(text).toContain(
    'export OPENAI_BASE_URL=http://zeke.example:81/v1\nexport OPENAI_API_KEY=zk-…',
  );
  expect(text).not.toContain('=none');
  expect(text).not.toContain('OLLAMA_HOST');
  expect([...text.matchAll(/href="(\/[^"]*)"/g)].map(([, path]) => path)).toEqual([
    '/openapi.json',
    '/health',
  ]);
  const headers = { 'x-forwarded-proto': 'https' };
  const behind = await page('http://zeke.example/', { requireAuth: true, headers }).text();
  expect(behind).toContain('OPENAI_BASE_URL=https://zeke.example/v1\n');
});

test('metrics are not linked where they need the admin key', async () => {
  const text = await page('http://127.0.0.1/', { adminApiKey: new Secret('admin') }).text();
  expect(text).toContain('href="/v1/models"');
  expect(text).not.toContain('href="/metrics"');
});

test('names are text, never markup', async () => {
  const text = await page('http://127.0.0.1/', { names: ['<script>x</script>'] }).text();
  expect(text).not.toContain('<script>');
});

test('loads nothing, and allows its own style only', async () => {
  const response = page('http://127.0.0.1/');
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toStartWith("default-src 'none'; style-src 'sha256-");
  const text = await response.text();
  const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '';
  const hash = new Bun.CryptoHasher('sha256').update(style).digest('base64');
  expect(policy).toContain(`'sha256-${hash}'`);
  expect(text).not.toMatch(/\s(?:src|style|onclick)=/);
});

test('with TLS of its own, the address says so', async () => {
  const text = await page('http://localhost:8443/', { isSecure: true }).text();
  expect(text).toContain('https://localhost:8443');
  expect(text).not.toContain('http://localhost:8443');
});
