import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

let emulator: Emulator;

beforeAll(() => {
  emulator = startOpenAiEmulator();
});

afterAll(() => emulator.stop());

/** A configuration with one provider, the emulator of this process. */
function rack(name = 'rack'): string {
  return `[providers.${name}]\ntype = "openai"\napi_key = "k"\nbase_url = "${emulator.url}/v1"\n`;
}

function ask(url: string, { model = 'rack/gpt-4o', stream = false } = {}): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
  });
}

function outcomeOf(promise: Promise<unknown>): Promise<'done' | 'failed'> {
  return promise.then(
    () => 'done',
    () => 'failed',
  );
}

function ledger(home: string): { request_id: string; outcome: string }[] {
  using database = new Database(join(home, 'zeke.db'), { readonly: true });
  return database
    .query('select request_id, outcome from gateway_ledger order by id')
    .all() as never;
}

test('--demo answers at the address it prints, says that it is emulated, and ends well', async () => {
  await using home = await temporaryDirectory();
  const alias = '[models.fast]\ncandidates = ["demo-openai/gpt-4o"]\n';
  await writeFile(join(home.path, 'zeke.toml'), alias);
  await using server = await zekeUp(['--demo'], { home: home.path });
  await server.stdout.until(/GEMINI_API_KEY=none/);
  expect(server.stderr.text).not.toContain('warning');
  expect(server.stdout.text).toContain(
    'emulated   demo-openai, demo-anthropic, demo-gemini, demo-ollama',
  );
  expect(server.stdout.text).toContain(`OPENAI_BASE_URL=${server.url}/v1`);
  const response = await ask(server.url, { model: 'fast' });
  expect(response.status).toBe(200);
  expect(await response.text()).toContain('emulated answer');
  server.kill('SIGTERM');
  expect(await server.exited).toBe(exitCodes.ok);
  expect(ledger(home.path)).toEqual([
    { request_id: response.headers.get('x-request-id') ?? '', outcome: 'ok' },
  ]);
});

test('without any provider it starts and says how to get one', async () => {
  await using home = await temporaryDirectory();
  await using server = await zekeUp([], {
    home: home.path,
    environment: { OLLAMA_HOST: '127.0.0.1:1' },
  });
  await server.stdout.until(/none yet.*zeke providers add[\s\S]*zeke up --demo/);
  const response = await ask(server.url, { model: 'gpt-4o' });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({ error: { code: 'no_provider' } });
});

test('SIGTERM lets a running stream end, and its row is on the ledger', async () => {
  await using slow = startOpenAiEmulator({ recordDelayMs: 20 });
  await using home = await temporaryDirectory();
  await writeFile(join(home.path, 'zeke.toml'), rack().replace(emulator.url, slow.url));
  await using server = await zekeUp([], { home: home.path });
  const response = await ask(server.url, { stream: true });
  server.kill('SIGTERM');
  await server.stderr.until(/"stopping"/);
  expect(await outcomeOf(ask(server.url))).toBe('failed');
  expect(await response.text()).toEndWith('data: [DONE]\n\n');
  expect(await server.exited).toBe(exitCodes.ok);
  expect(ledger(home.path)).toMatchObject([{ outcome: 'ok' }]);
});

test('what does not end in time is told so, and is on the ledger as such', async () => {
  await using silent = startOpenAiEmulator();
  silent.faults.push({ kind: 'silence', afterRecords: 3 });
  await using home = await temporaryDirectory();
  await writeFile(
    join(home.path, 'zeke.toml'),
    `[server]\nshutdown_timeout_ms = 50\n${rack().replace(emulator.url, silent.url)}`,
  );
  await using server = await zekeUp([], { home: home.path });
  const response = await ask(server.url, { stream: true });
  const body = response.text();
  server.kill('SIGTERM');
  expect(await body).toContain('zeke is shutting down');
  expect(await server.exited).toBe(exitCodes.ok);
  expect(ledger(home.path)).toMatchObject([{ outcome: 'incomplete' }]);
});

test('the second signal ends it at once', async () => {
  await using silent = startOpenAiEmulator();
  silent.faults.push({ kind: 'silence', afterRecords: 3 });
  await using home = await temporaryDirectory();
  await writeFile(join(home.path, 'zeke.toml'), rack().replace(emulator.url, silent.url));
  await using server = await zekeUp([], { home: home.path });
  await ask(server.url, { stream: true });
  server.kill('SIGTERM');
  await server.stderr.until(/"stopping"/);
  server.kill('SIGTERM');
  expect(await server.exited).toBe(exitCodes.terminated);
});

test('SIGKILL loses nothing but what ended after the last row was written', async () => {
  await using home = await temporaryDirectory();
  await writeFile(join(home.path, 'zeke.toml'), rack());
  await using server = await zekeUp([], { home: home.path });
  const answered: string[] = [];
  const answer = async (url: string) => {
    const response = await ask(url);
    await response.text();
    answered.push(response.headers.get('x-request-id') ?? '');
  };
  let seen = 0;
  // How long a row may wait is proved with the ledger; here, that nobody has to ask for it to be
  // written, and that what was written, up to the moment of the signal, stays.
  for (let groups = 0; groups < 3; ) {
    await answer(server.url);
    const { length } = ledger(home.path);
    if (length > seen) groups++;
    seen = length;
  }
  await answer(server.url);
  server.kill('SIGKILL');
  await server.exited;
  const written = ledger(home.path).map((row) => row.request_id);
  expect(written.length).toBeGreaterThanOrEqual(seen);
  expect(written).toEqual(answered.slice(0, written.length));
  await using next = await zekeUp([], { home: home.path });
  await answer(next.url);
  next.kill('SIGTERM');
  await next.exited;
  const after = ledger(home.path).map((row) => row.request_id);
  expect(after).toEqual([...written, answered.at(-1) ?? '']);
});

test('a changed configuration is put in force, a faulty one is not', async () => {
  await using home = await temporaryDirectory();
  const file = join(home.path, 'zeke.toml');
  await writeFile(file, rack('first'));
  await using server = await zekeUp([], { home: home.path });
  await writeFile(file, `[server]\nport = 1\n${rack('second')}`);
  await server.stderr.until(/"changed":\["providers.first","providers.second"/);
  const models = async () => JSON.stringify(await (await fetch(`${server.url}/v1/models`)).json());
  expect(await models()).toContain('second/gpt-4o');
  await writeFile(file, 'nonsense = 1\n');
  await server.stderr.until(/zeke.toml:1 nonsense: there is no such key/);
  expect(await models()).toContain('second/gpt-4o');
});

test('a port that is taken is told with what to do', async () => {
  await using home = await temporaryDirectory();
  const port = new URL(emulator.url).port;
  const { code, stderr } = await zeke(['up', '--port', port], { home: home.path });
  expect(code).toBe(exitCodes.configuration);
  expect(stderr).toContain(`127.0.0.1:${port}: another program listens there already`);
  expect(stderr).toContain('--port');
  expect(stderr).not.toContain('    at ');
});

test('a home that cannot be used is told with what to do', async () => {
  await using home = await temporaryDirectory();
  const environment = { ZEKE_HOME: '/dev/null/zeke' };
  const { code, stderr } = await zeke(['up', '--port', '0'], { home: home.path, environment });
  expect(code).toBe(exitCodes.configuration);
  expect(stderr).toContain('/dev/null/zeke');
  expect(stderr).toContain('ZEKE_HOME');
  expect(stderr).not.toContain('    at ');
});

test('a missing file, a faulty file and an open address are told whole', async () => {
  await using home = await temporaryDirectory();
  const missing = await zeke(['up', '--config', 'nope.toml'], { home: home.path });
  expect(missing.code).toBe(exitCodes.configuration);
  expect(missing.stderr).toContain('nope.toml: there is no such file');
  await writeFile(
    join(home.path, 'zeke.toml'),
    '[server]\nport = "x"\nprot = 1\n[providers.openai]\napi_key = "env:NOT_SET"\n',
  );
  const faulty = await zeke(['up'], { home: home.path });
  expect(faulty.code).toBe(exitCodes.configuration);
  expect(faulty.stderr).toContain('zeke.toml:2 server.port: ');
  expect(faulty.stderr).toContain(
    'zeke.toml:3 server.prot: there is no such key; did you mean port?',
  );
  expect(faulty.stderr).toContain(
    'zeke.toml:5 providers.openai.api_key: environment variable NOT_SET is not set',
  );
  const open = await zeke(['up', '--host', '0.0.0.0', '--config', '/dev/null'], {
    home: home.path,
  });
  expect(open.code).toBe(exitCodes.configuration);
  expect(open.stderr).toContain('auth.require_auth');
});

test('commands find the server that runs, at whatever port, and a second is told of the first', async () => {
  await using home = await temporaryDirectory();
  const at = { home: home.path };
  await using server = await zekeUp(['--demo'], at);
  const models = await zeke(['models'], at);
  expect(models.stdout).toContain('demo-openai/gpt-4o (emulated)\n');
  const doctor = await zeke(['doctor'], at);
  expect(doctor.stdout).toMatch(new RegExp(`server: zeke runs at ${server.url}, process \\d+\\n`));
  const second = await zeke(['up', '--port', new URL(server.url).port], at);
  expect(second.code).toBe(exitCodes.configuration);
  expect(second.stderr).toMatch(/runs at \S+ already \(process \d+\)/);
  server.kill('SIGTERM');
  await server.exited;
  expect(await Bun.file(join(home.path, 'running.json')).exists()).toBe(false);
});

test('a server that was killed, or has another configuration than the one asked for, is not found', async () => {
  await using home = await temporaryDirectory();
  const at = { home: home.path };
  const own = join(home.path, 'own.toml');
  await writeFile(own, `[server]\nport = 0\n${rack()}`);
  await using server = await zekeUp(['--demo'], { ...at, environment: { ZEKE_SERVER_PORT: '0' } });
  const asked = await zeke(['models', '--config', own], at);
  expect(asked.stdout).toContain('rack/gpt-4o\n');
  server.kill('SIGKILL');
  await server.exited;
  const environment = { ZEKE_SERVER_PORT: '0', OLLAMA_HOST: '127.0.0.1:1' };
  expect((await zeke(['models'], { ...at, environment })).stderr).toContain('no model');
});

test('a port that is none is told by its flag', async () => {
  await using home = await temporaryDirectory();
  const { code, stderr } = await zeke(['up', '--port', 'abc'], { home: home.path });
  expect(code).toBe(exitCodes.usage);
  expect(stderr).toBe('zeke: --port: "abc" is no port; it is a number from 0 to 65535\n');
});
