import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect } from 'node:tls';
import {
  localNames,
  type TestAuthority,
  type TestIdentity,
  testAuthority,
} from '@zeke/daemon/testing';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, type RunningZeke, zeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

let emulator: Emulator;
let authority: TestAuthority;
let first: TestIdentity;
let second: TestIdentity;

beforeAll(async () => {
  emulator = startOpenAiEmulator();
  authority = await testAuthority();
  first = await authority.issue({ subject: 'CN=first', names: localNames });
  second = await authority.issue({ subject: 'CN=second', names: localNames });
});

afterAll(() => emulator.stop());

const tlsSection = '[server.tls]\ncert_file = "cert.pem"\nkey_file = "key.pem"\n';

function rack({ url }: Emulator, key = 'k'): string {
  return `[providers.rack]\ntype = "openai"\napi_key = "${key}"\nbase_url = "${url}/v1"\n`;
}

async function homeWith(toml: string): Promise<TemporaryDirectory> {
  const home = await temporaryDirectory();
  await writeFile(join(home.path, 'zeke.toml'), toml);
  return home;
}

async function install(home: TemporaryDirectory, { cert, key }: TestIdentity): Promise<void> {
  await writeFile(join(home.path, 'cert.pem'), cert);
  await writeFile(join(home.path, 'key.pem'), key, { mode: 0o600 });
}

function ask(url: string, { stream = false, keepalive = true } = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    keepalive,
    tls: { ca: authority.cert },
    body: JSON.stringify({
      model: 'rack/gpt-4o',
      stream,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
}

function outcomeOf(promise: Promise<unknown>): Promise<'done' | 'failed'> {
  return promise.then(
    () => 'done',
    () => 'failed',
  );
}

async function nameAt(url: string): Promise<unknown> {
  const { port } = new URL(url);
  const socket = connect({ host: '127.0.0.1', port: Number(port), ca: authority.cert });
  await once(socket, 'secureConnect');
  const { subject } = socket.getPeerCertificate();
  socket.destroy();
  return subject.CN;
}

/** Asks over new and kept connections, again and again, until it is told to end. */
function load(url: string): { end(): Promise<{ answered: number; failed: unknown[] }> } {
  let ending = false;
  let answered = 0;
  const failed: unknown[] = [];
  const worker = async (keepalive: boolean) => {
    while (!ending) {
      try {
        const response = await ask(url, { keepalive });
        const text = await response.text();
        if (response.ok) answered += 1;
        else failed.push(text);
      } catch (error) {
        failed.push(error);
      }
    }
  };
  const workers = [worker(true), worker(true), worker(false), worker(false)];
  return {
    async end() {
      ending = true;
      await Promise.all(workers);
      return { answered, failed };
    },
  };
}

describe('TLS', () => {
  test('files that cannot be used are told at the start, all of them', async () => {
    await using home = await homeWith(tlsSection + rack(emulator));
    const { code, stderr } = await zeke(['up', '--port', '0'], { home: home.path });
    expect(code).toBe(exitCodes.configuration);
    expect(stderr).toContain(`server.tls.cert_file: ${home.path}/cert.pem: there is no such file`);
    expect(stderr).toContain(`server.tls.key_file: ${home.path}/key.pem: there is no such file`);
  });

  test('certificate, provider and key change under load, and no request is lost', async () => {
    await using slow = startOpenAiEmulator({ recordDelayMs: 20 });
    await using home = await homeWith(tlsSection + rack(emulator));
    await install(home, first);
    await using server = await zekeUp([], { home: home.path });
    expect(server.url).toStartWith('https://127.0.0.1:');
    expect(await nameAt(server.url)).toBe('first');
    const running = load(server.url);
    // What has begun goes on with the provider it began with.
    await writeFile(join(home.path, 'zeke.toml'), tlsSection + rack(slow));
    server.kill('SIGHUP');
    await server.stderr.until(/the changed configuration is in force/);
    const stream = await ask(server.url, { stream: true });
    await writeFile(join(home.path, 'zeke.toml'), tlsSection + rack(emulator, 'another'));
    await install(home, second);
    server.kill('SIGHUP');
    await server.stderr.until(/"subject":"CN=second"/);
    expect(await nameAt(server.url)).toBe('second');
    expect(await stream.text()).toEndWith('data: [DONE]\n\n');
    // A pair that does not belong together.
    await writeFile(join(home.path, 'cert.pem'), first.cert);
    server.kill('SIGHUP');
    await server.stderr.until(/it is not the key of the first certificate/);
    expect(await nameAt(server.url)).toBe('second');
    const { answered, failed } = await running.end();
    expect(failed).toEqual([]);
    expect(answered).toBeGreaterThan(10);
    expect(emulator.requests.at(-1)?.headers.authorization).toBe('Bearer another');
  });
});

test('a client certificate is a user, until it is on the list of revoked ones', async () => {
  const adminKey = 'the-admin-key-of-tests';
  await using home = await homeWith(`
[auth]
require_auth = true
admin_api_key = "${adminKey}"
[auth.mtls.people]
san = "email:*@acme.example"
org = "acme"
user = "*"
${tlsSection}client_auth = "optional"
client_ca_file = "ca.pem"
client_crl_file = "crl.pem"
${rack(emulator)}`);
  await install(home, first);
  await writeFile(join(home.path, 'ca.pem'), authority.cert);
  await writeFile(join(home.path, 'crl.pem'), await authority.revoke(['01']));
  const ada = await authority.issue({
    subject: 'CN=Ada',
    names: [{ type: 'email', value: 'ada@acme.example' }],
    serial: '0a',
  });
  await using server = await zekeUp([], { home: home.path });
  const send = async <T>(path: string, body: object, init: object): Promise<[number, T]> => {
    const response = await fetch(server.url + path, {
      method: 'POST',
      keepalive: false,
      body: JSON.stringify(body),
      ...init,
    });
    return [response.status, (await response.json()) as T];
  };
  const operator = {
    tls: { ca: authority.cert },
    headers: { authorization: `Bearer ${adminKey}` },
  };
  const [, org] = await send<{ id: string }>('/admin/orgs', { name: 'acme' }, operator);
  const user = { name: 'ada', org_id: org.id };
  const [, { id }] = await send<{ id: string }>('/admin/users', user, operator);
  const chat = { model: 'rack/gpt-4o', messages: [{ role: 'user', content: 'hi' }] };
  const asAda = { tls: { ca: authority.cert, ...ada } };
  const asNobody = { tls: { ca: authority.cert } };
  expect((await send('/v1/chat/completions', chat, asAda))[0]).toBe(200);
  expect((await send('/v1/chat/completions', chat, asNobody))[0]).toBe(401);
  await writeFile(join(home.path, 'crl.pem'), await authority.revoke(['01', '0a']));
  server.kill('SIGHUP');
  await server.stderr.until(/(certificate is in force[\s\S]*){2}/);
  expect(await outcomeOf(send('/v1/chat/completions', chat, asAda))).toBe('failed');
  expect((await send('/v1/chat/completions', chat, asNobody))[0]).toBe(401);
  server.kill('SIGTERM');
  expect(await server.exited).toBe(exitCodes.ok);
  using database = new Database(join(home.path, 'zeke.db'), { readonly: true });
  const rows = database.query("select user_id from gateway_ledger where outcome = 'ok'").all();
  expect(rows).toEqual([{ user_id: id }]);
});

describe('draining', () => {
  async function draining(home: TemporaryDirectory): Promise<RunningZeke> {
    const server = await zekeUp([], { home: home.path });
    server.kill('SIGTERM');
    await server.stderr.until(/"stopping"/);
    return server;
  }

  test('health says so at once, requests are still answered, the second signal ends it', async () => {
    await using home = await homeWith(`[server]\ndrain_delay_ms = 600000\n${rack(emulator)}`);
    await using server = await draining(home);
    for (const path of ['/health', '/ready']) {
      const response = await fetch(server.url + path);
      expect([response.status, await response.json()]).toEqual([503, { status: 'draining' }]);
    }
    const response = await ask(server.url);
    expect(response.status).toBe(200);
    expect(response.headers.get('connection')).toBe('close');
    server.kill('SIGTERM');
    expect(await server.exited).toBe(exitCodes.terminated);
  });

  test('after the delay nothing new is taken, and a stream ends in peace', async () => {
    await using slow = startOpenAiEmulator({ recordDelayMs: 20 });
    await using home = await homeWith(`[server]\ndrain_delay_ms = 30\n${rack(slow)}`);
    await using server = await zekeUp([], { home: home.path });
    const stream = await ask(server.url, { stream: true });
    server.kill('SIGTERM');
    expect(await stream.text()).toEndWith('data: [DONE]\n\n');
    expect(await server.exited).toBe(exitCodes.ok);
  });

  test('what does not end in time is told so in the words of each dialect', async () => {
    await using silent = startOpenAiEmulator();
    const toml = `[server]\nshutdown_timeout_ms = 50\n${rack(silent)}`;
    await using home = await homeWith(toml);
    await using server = await zekeUp([], { home: home.path });
    const messages = [{ role: 'user', content: 'hi' }];
    const model = 'rack/gpt-4o';
    const contents = [{ role: 'user', parts: [{ text: 'hi' }] }];
    const asked: [path: string, body: object, error: RegExp][] = [
      ['/v1/chat/completions', { model, messages }, /data: \{"error":\{"message":"zeke is shut/],
      [
        '/v1/responses',
        { model, input: 'hi' },
        /"(error|response\.failed)".*zeke is shutting down/,
      ],
      [
        '/v1/messages',
        { model, messages, max_tokens: 9 },
        /event: error\ndata: \{"type":"error","error":\{.*zeke is shutting down/,
      ],
      [
        `/v1beta/models/${encodeURIComponent(model)}:streamGenerateContent?alt=sse`,
        { contents },
        /"error":\{.*zeke is shutting down/,
      ],
      ['/api/chat', { model, messages }, /\{"error":"zeke is shutting down/],
    ];
    const bodies: Promise<string>[] = [];
    for (const [path, body] of asked) {
      silent.faults.push({ kind: 'silence', afterRecords: 3 });
      const response = await fetch(server.url + path, {
        method: 'POST',
        body: JSON.stringify({ ...body, stream: true }),
      });
      expect(response.status).toBe(200);
      bodies.push(response.text());
    }
    server.kill('SIGTERM');
    const texts = await Promise.all(bodies);
    for (const [index, [, , error]] of asked.entries()) expect(texts[index]).toMatch(error);
    expect(await server.exited).toBe(exitCodes.ok);
  });
});

test('zeke doctor looks at the certificates as a start would', async () => {
  await using home = await homeWith(tlsSection + rack(emulator));
  const missing = await zeke(['doctor'], { home: home.path });
  expect(missing.code).toBe(exitCodes.failure);
  expect(missing.stdout).toContain('tls: server.tls.cert_file');
  await install(home, first);
  const { stdout } = await zeke(['doctor'], { home: home.path });
  expect(stdout).toMatch(/ok +tls: CN=first, until 20/);
});
