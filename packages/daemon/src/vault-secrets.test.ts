import { afterEach, describe, expect, test } from 'bun:test';
import { startVaultEmulator, type VaultEmulator, type VaultEmulatorOptions } from '@zeke/emulators';
import { formatFault, type LoadConfigResult, loadConfig, VaultConnections } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { localNames, testAuthority } from './testing/test-authority.ts';

const role = {
  roleId: 'planted-role',
  secretId: 'planted-secret-id',
  reads: ['secret/data/zeke/'],
  ttlSeconds: 300,
};

let opened = new AsyncDisposableStack();

afterEach(async () => {
  await opened.disposeAsync();
  opened = new AsyncDisposableStack();
});

/** A Vault, and what a configuration that refers to it gives, reading after reading. */
function start(options: VaultEmulatorOptions = {}) {
  let time = Date.UTC(2026, 10, 22);
  const now = () => time;
  const waits: number[] = [];
  const vault = opened.use(startVaultEmulator({ now, appRoles: [role], ...options }));
  vault.write('zeke/openai', { api_key: 'sk-1', other: 7, list: [], empty: '' });
  const connections = opened.use(
    new VaultConnections({
      now,
      wait: async (ms) => {
        waits.push(ms);
      },
    }),
  );
  const load = async (toml: string = provider(), section?: string) => {
    await using folder = await temporaryDirectory();
    await Bun.write(`${folder.path}/zeke.toml`, (section ?? sectionOf(vault)) + toml);
    return await loadConfig({
      cwd: folder.path,
      environment: { ZEKE_HOME: folder.path },
      vault: connections,
    });
  };
  const pass = (seconds: number) => {
    time += seconds * 1_000;
  };
  return { vault, load, pass, waits };
}

function sectionOf({ url }: VaultEmulator, more = ''): string {
  return `[vault]\naddress = "${url}/"\nrole_id = "${role.roleId}"\nsecret_id = "${role.secretId}"\n${more}`;
}

function provider(reference = 'vault:zeke/openai#api_key'): string {
  return `[providers.openai]\napi_key = "${reference}"\n`;
}

/** The key of the provider, or the faults. */
function keyIn(result: LoadConfigResult): string | undefined {
  if (!result.ok) return result.faults.map(formatFault).join('\n');
  const found = result.config.providers.get('openai');
  return found?.type === 'openai' ? found.apiKey?.reveal() : undefined;
}

function warningsIn(result: LoadConfigResult): string {
  return result.ok ? result.warnings.map(formatFault).join('\n') : 'not ok';
}

describe('references to Vault', () => {
  test('are read with one login, each path once a reading, always the latest version', async () => {
    const { load, vault } = start();
    const two = `${provider()}[providers.openai.headers]\nx-other = "vault:zeke/openai#other"\n`;
    const first = await load(two);
    expect(keyIn(first)).toBe('sk-1');
    expect(vault.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'POST /v1/auth/approle/login',
      'GET /v1/secret/data/zeke/openai',
    ]);
    expect(vault.requests.every(({ headers }) => headers['x-vault-request'] === 'true')).toBe(true);
    vault.write('zeke/openai', { api_key: 'sk-2', other: 'x' });
    expect(keyIn(await load(two))).toBe('sk-2');
    expect(vault.requests).toHaveLength(3);
    if (!first.ok) throw new Error('it has faults');
    expect(first.sources.freshMs).toBe(60_000);
    expect(first.config.providers.get('openai')?.renewable).toBe(true);
  });

  test('take a mount, a namespace and an authentication mount', async () => {
    const reads = ['team/kv/data/zeke/'];
    const { load, vault } = start({
      mount: 'team/kv',
      namespace: 'acme/ai',
      authMount: 'robots',
      appRoles: [{ ...role, reads }],
    });
    const more = 'mount = "/team/kv/"\nnamespace = "acme/ai/"\nauth_mount = "robots"\n';
    expect(keyIn(await load(provider(), sectionOf(vault, more)))).toBe('sk-1');
    const elsewhere = more.replace('acme', 'other');
    expect(keyIn(await load(provider(), sectionOf(vault, elsewhere)))).toContain('refused');
  });

  test('take a token, which is not given back', async () => {
    const { load, vault } = start({ rootToken: 'planted-root' });
    const section = `[vault]\naddress = "${vault.url}"\ntoken = "planted-root"\n`;
    expect(keyIn(await load(provider(), section))).toBe('sk-1');
    await opened.disposeAsync();
    expect(vault.requests.map(({ path }) => path)).not.toContain('/v1/auth/token/revoke-self');
  });

  test.each([
    ['vault:zeke/openai#none', 'zeke/openai in Vault has no none, but api_key, other, list, empty'],
    ['vault:zeke/openai#list', 'list of zeke/openai in Vault cannot be used: it is no text'],
    ['vault:zeke/openai#empty', 'empty of zeke/openai in Vault cannot be used: it is empty'],
    ['vault:zeke/none#a', 'has nothing for zeke/none in secret'],
    ['vault:other/openai#a', 'refused other/openai in secret (403): 1 error occurred'],
    ['vault:zeke/openai', 'it must be vault:PATH#KEY'],
    ['vault:#a', 'it must be vault:PATH#KEY'],
    ['vault:zeke/../x#a', 'it must be vault:PATH#KEY'],
    ['vault:zeke/openai#a#b', 'it must be vault:PATH#KEY'],
  ])('%s is told: %s', async (reference, told) => {
    const { load } = start();
    const found = keyIn(await load(provider(reference)));
    expect(found).toContain('zeke.toml:6 providers.openai.api_key: ');
    expect(found).toContain(told);
  });

  test('a deleted version is not there any more', async () => {
    const { load, vault } = start();
    expect(keyIn(await load())).toBe('sk-1');
    vault.delete('zeke/openai');
    expect(keyIn(await load())).toContain('has nothing for zeke/openai');
  });
});

describe('the section [vault]', () => {
  const unreachable = 'address = "http://127.0.0.1:9"\n';

  test.each([
    ['', 'nothing says where Vault is: set vault.address'],
    ['token = "t"\n', 'Vault cannot be asked: vault.address: it is missing'],
    [unreachable, 'vault.token: it is missing: give it, or role_id and secret_id'],
    [`${unreachable}secret_id = "s"\n`, 'vault.role_id: it is missing: secret_id belongs'],
    [`${unreachable}token = "t"\nrole_id = "r"\n`, 'vault.token: role_id or secret_id is given'],
    [`${unreachable}token = "t"\nmount = "a b"\n`, 'vault.mount: it is no path'],
    [`${unreachable}token = "t"\ntimeout_ms = 0\n`, 'vault.timeout_ms: it must be a whole number'],
    [`${unreachable}token = "t"\nca_file = "/none"\n`, 'vault.ca_file /none cannot be read'],
    [`${unreachable}token = "vault:a#b"\n`, 'Vault cannot be asked for what says how to reach it'],
    [`${unreachable}token = "t"\n`, 'Vault at http://127.0.0.1:9 cannot be reached'],
  ])('%j is told: %s', async (section, told) => {
    const { load } = start();
    expect(keyIn(await load(provider(), `[vault]\n${section}`))).toContain(told);
  });

  test('may refer to files and variables, and says that http goes over the network', async () => {
    const { load } = start();
    const section = '[vault]\naddress = "http://vault.example.com"\ntoken = "env:HOME_OF_NOBODY"\n';
    const found = await load('', section);
    expect(keyIn(found)).toContain('vault.token: environment variable HOME_OF_NOBODY is not set');
    const clear = await load('', section.replace('env:HOME_OF_NOBODY', 't'));
    expect(warningsIn(clear)).toContain('vault.address: tokens and secrets go over the network');
  });
});

test('a Vault behind TLS is believed by its authority alone', async () => {
  const { load, vault } = start();
  const authority = await testAuthority();
  const { cert, key } = await authority.issue({ subject: 'CN=vault', names: localNames });
  const front = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    tls: { cert, key },
    fetch: (request) =>
      fetch(vault.url + new URL(request.url).pathname, {
        method: request.method,
        headers: request.headers,
        body: request.body,
      }),
  });
  opened.defer(() => front.stop(true));
  await using folder = await temporaryDirectory();
  await Bun.write(`${folder.path}/ca.pem`, authority.cert);
  const section = sectionOf(vault).replace(`${vault.url}/`, `https://127.0.0.1:${front.port}`);
  const told = keyIn(await load(provider(), section));
  expect(told).toMatch(/cannot be reached \([A-Z_]*(CERT|VERIFY)[A-Z_]*\)/);
  expect(keyIn(await load(provider(), `${section}ca_file = "${folder.path}/ca.pem"\n`))).toBe(
    'sk-1',
  );
});

describe('the life of a token', () => {
  test('is prolonged in time; at its longest, another login follows', async () => {
    const long = { ...role, ttlSeconds: 90, maxTtlSeconds: 200 };
    const { load, pass, vault } = start({ appRoles: [long] });
    const first = await load();
    expect(first.ok && first.sources.freshMs).toBe(60_000);
    for (let second = 0; second < 400; second += 20) {
      pass(20);
      expect(keyIn(await load())).toBe('sk-1');
    }
    const asked = vault.requests.map(({ path }) => path);
    const count = (end: string) => asked.filter((path) => path.endsWith(end)).length;
    expect(count('/login')).toBeGreaterThanOrEqual(2);
    expect(count('/login')).toBeLessThanOrEqual(4);
    expect(count('/renew-self')).toBeGreaterThanOrEqual(3);
  });

  test('that could not be prolonged is used to its end', async () => {
    const { load, pass, vault } = start({ appRoles: [{ ...role, ttlSeconds: 90 }] });
    await load();
    pass(61);
    vault.faults.push(...Array(3).fill({ kind: 'status', status: 500 }));
    const read = await load();
    expect([keyIn(read), warningsIn(read)]).toEqual(['sk-1', '']);
    expect(read.ok && read.sources.freshMs).toBe(60_000);
    pass(30);
    expect(keyIn(await load())).toBe('sk-1');
    const logins = vault.requests.filter(({ path }) => path.endsWith('/login'));
    expect(logins).toHaveLength(2);
  });

  test('that cannot be prolonged ends with another login before its end', async () => {
    const { load, pass, vault } = start({
      appRoles: [{ ...role, ttlSeconds: 30, renewable: false }],
    });
    const first = await load();
    expect(first.ok && first.sources.freshMs).toBe(20_000);
    pass(21);
    expect(keyIn(await load())).toBe('sk-1');
    expect(vault.requests.map(({ path }) => path.split('/').at(-1))).toEqual([
      'login',
      'openai',
      'login',
      'openai',
    ]);
  });

  test('that was revoked is replaced by another', async () => {
    const { load, vault } = start();
    await load();
    vault.revoke(vault.tokens[0]?.token ?? '');
    expect(keyIn(await load())).toBe('sk-1');
    expect(vault.tokens).toHaveLength(1);
  });

  test('ends with the process, and with other settings', async () => {
    const { load, vault } = start();
    await load();
    await load(provider(), sectionOf(vault, 'timeout_ms = 1000\n'));
    expect(vault.tokens).toHaveLength(1);
    await opened.disposeAsync();
    expect(vault.tokens).toEqual([]);
  });
});

describe('a Vault that is down', () => {
  test('at the start is a fault, and later a warning: the last value is kept', async () => {
    const { load, vault, waits } = start();
    vault.sealed = true;
    expect(keyIn(await load())).toBe(
      `zeke.toml:6 providers.openai.api_key: Vault at ${vault.url} is sealed: unseal it`,
    );
    expect(waits).toEqual([200, 400]);
    vault.sealed = false;
    expect(keyIn(await load())).toBe('sk-1');
    vault.sealed = true;
    const kept = await load();
    expect(keyIn(kept)).toBe('sk-1');
    expect(warningsIn(kept)).toBe(
      `zeke.toml:6 providers.openai.api_key: Vault at ${vault.url} is sealed: unseal it; the value of 2026-11-22T00:00:00.000Z is kept`,
    );
    const unknown = keyIn(await load(provider('vault:zeke/xai#key')));
    expect(unknown).toContain('is sealed');
    vault.sealed = false;
    vault.write('zeke/openai', { api_key: 'sk-2' });
    const again = await load();
    expect([keyIn(again), warningsIn(again)]).toEqual(['sk-2', '']);
    await vault.stop();
    expect(keyIn(await load())).toBe('sk-2');
  });

  test.each([
    ['a failure', { kind: 'status', status: 500 } as const, 'failed at'],
    ['a page of a proxy', { kind: 'html', status: 502 } as const, 'failed at'],
    ['no JSON', { kind: 'garbage' } as const, 'is no Vault: it is not JSON'],
    ['a connection that breaks', { kind: 'cut', afterRecords: 0 } as const, 'cannot be reached'],
    ['too many requests', { kind: 'status', status: 429 } as const, 'too many requests (429)'],
    ['a redirect', { kind: 'status', status: 307 } as const, 'set vault.address'],
  ])('for a moment is asked again, and else told: %s', async (_, fault, told) => {
    const { load, vault } = start();
    vault.faults.push(fault, fault);
    expect(keyIn(await load())).toBe('sk-1');
    // More than there are attempts: fetch has some of its own where a connection breaks.
    vault.faults.push(...Array(9).fill(fault));
    const kept = await load();
    expect(keyIn(kept)).toBe('sk-1');
    expect(warningsIn(kept)).toContain(told);
  });

  test('says when to come again, within reason', async () => {
    const { load, vault, waits } = start();
    const fault = (retryAfterSeconds: number) =>
      ({ kind: 'status', status: 429, retryAfterSeconds }) as const;
    vault.faults.push(fault(1), fault(60));
    expect(keyIn(await load())).toBe('sk-1');
    expect(waits).toEqual([1_000, 2_000]);
  });

  test('in silence is given up in time', async () => {
    const { load, vault } = start();
    const section = sectionOf(vault, 'timeout_ms = 20\n');
    const silence = { kind: 'silence' } as const;
    vault.faults.push(silence, silence, silence);
    const found = keyIn(await load(provider(), section));
    expect(found).toContain('did not answer within 20 ms');
  });
});

test('what Vault refuses is not covered by what it said before, and no credential is told', async () => {
  const { load, vault } = start();
  await load();
  const message = `invalid secret_id "planted-secret-id" of planted-role, ${vault.tokens[0]?.token}`;
  for (const tokens of [vault.tokens, []]) {
    // The login again, after the token and its look-up were refused.
    for (const { token } of tokens) vault.revoke(token);
    vault.faults.push(
      { kind: 'status', status: 403, message },
      { kind: 'status', status: 403, message },
      { kind: 'status', status: 400, message },
    );
    const told = keyIn(await load());
    expect(told).toContain('refused the login; see vault.role_id and vault.secret_id (400)');
    expect(told).not.toContain('planted');
    expect(told).not.toContain('hvs.');
    vault.faults.length = 0;
    await load();
  }
});
