import { afterEach, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startGeminiEmulator, startOpenAiEmulator } from '@zeke/emulators';
import { createLogger, createSecretStore, loadConfig, Secret } from '@zeke/foundation';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { runDaemon } from './run-daemon.ts';

setDefaultTimeout(30_000);

const masterKey = 'ab'.repeat(32);
const opened = new AsyncDisposableStack();
let running = opened;

afterEach(() => running.disposeAsync());

/** A gateway in front of an emulator whose key stands behind `reference`. */
async function gatewayOf(
  home: TemporaryDirectory,
  options: { reference: string; type: 'openai' | 'gemini'; vendor: Emulator; more?: string },
) {
  running = new AsyncDisposableStack();
  const { reference, type, vendor, more = '' } = options;
  const root = type === 'openai' ? `${vendor.url}/v1` : `${vendor.url}/v1beta`;
  await writeFile(
    join(home.path, 'zeke.toml'),
    `[server]\nport = 0\n[providers.a]\ntype = "${type}"\nbase_url = "${root}"\nmodels = ["m"]\n${
      reference && `api_key = "${reference}"\n`
    }${more}`,
  );
  const environment = { ZEKE_HOME: home.path, ZEKE_SECRETS_KEY: masterKey };
  const watch = { cwd: home.path, environment };
  const result = await loadConfig(watch);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  let logged = '';
  const log = createLogger({
    destination: {
      write: (text) => {
        logged += text;
      },
    },
  });
  const { config, sources } = result;
  const daemon = await runDaemon({ config, environment, watch: { ...watch, sources }, log });
  running.defer(() => daemon.stop());
  const model = type === 'openai' ? 'a/gpt-4o' : 'a/gemini-2.5-flash';
  const ask = async (stream = false) => {
    const answer = await fetch(`${daemon.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model, stream, messages: [{ role: 'user', content: 'hi' }] }),
    });
    const text = await answer.text();
    return { status: answer.status, text };
  };
  return { ask, daemon, logged: () => logged };
}

/** Replaces a file in one step, as editors and orchestrators do. */
async function replace(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text, { mode: 0o600 });
  await rename(`${path}.new`, path);
}

function keysSeen({ requests }: Emulator, header: string): (string | undefined)[] {
  return requests.map(({ headers }) => headers[header]);
}

describe('a key that is replaced in mid-load', () => {
  test('in its file: no request fails while both keys are taken, nor when the old one is not any more', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'key');
    await replace(path, 'sk-old\n');
    const apiKeys = ['sk-old'];
    const vendor = startOpenAiEmulator({ apiKeys });
    const { ask } = await gatewayOf(home, { reference: `file:${path}`, type: 'openai', vendor });
    running.use(vendor);
    const statuses = new Set<number>();
    const isNew = () => vendor.requests.at(-1)?.headers.authorization === 'Bearer sk-new';
    const loads = [false, true, false].map(async (stream) => {
      for (let round = 0; round < 10_000 && !isNew(); round += 1) {
        statuses.add((await ask(stream)).status);
      }
    });
    apiKeys.push('sk-new');
    await replace(path, 'sk-new\n');
    // Without any refusal: the file is watched.
    await Promise.all(loads);
    expect(isNew()).toBe(true);
    apiKeys.shift();
    statuses.add((await ask()).status);
    expect([...statuses]).toEqual([200]);
  });

  test.each([[false], [true]])(
    'and refused before it is seen: requests go out again with the new one (stream: %s)',
    async (stream) => {
      await using home = await temporaryDirectory();
      const path = join(home.path, 'key');
      await replace(path, 'sk-old');
      const apiKeys = ['sk-old'];
      const vendor = startOpenAiEmulator({ apiKeys });
      const { ask, logged } = await gatewayOf(home, {
        reference: `file:${path}`,
        type: 'openai',
        vendor,
      });
      running.use(vendor);
      expect((await ask(stream)).status).toBe(200);
      await replace(path, 'sk-new');
      apiKeys[0] = 'sk-new';
      const answers = await Promise.all(Array.from({ length: 8 }, () => ask(stream)));
      expect(answers.map(({ status }) => status)).toEqual(Array(8).fill(200));
      expect((await ask(stream)).status).toBe(200);
      expect(keysSeen(vendor, 'authorization').at(-1)).toBe('Bearer sk-new');
      // One reading for all of them.
      expect(logged().match(/is in force/g)).toHaveLength(1);
      expect(logged()).not.toContain('sk-new');
    },
  );

  test('in the secrets of zeke', async () => {
    await using home = await temporaryDirectory();
    const environment = { ZEKE_SECRETS_KEY: masterKey };
    const store = await createSecretStore({ home: home.path, environment });
    await store.set('a', new Secret('sk-old'));
    const apiKeys = ['sk-old'];
    const vendor = startOpenAiEmulator({ apiKeys });
    const { ask } = await gatewayOf(home, { reference: 'secret:a', type: 'openai', vendor });
    running.use(vendor);
    expect((await ask()).status).toBe(200);
    await store.set('a', new Secret('sk-new'));
    apiKeys[0] = 'sk-new';
    expect((await ask()).status).toBe(200);
  });

  test('also where a wrong key is a bad request, as at Gemini', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'key');
    await replace(path, 'old-key');
    const apiKeys = ['old-key'];
    const vendor = startGeminiEmulator({ apiKeys });
    const { ask } = await gatewayOf(home, { reference: `file:${path}`, type: 'gemini', vendor });
    running.use(vendor);
    expect((await ask()).status).toBe(200);
    await replace(path, 'new-key');
    apiKeys[0] = 'new-key';
    expect((await ask()).status).toBe(200);
    expect(keysSeen(vendor, 'x-goog-api-key').at(-1)).toBe('new-key');
  });

  test('of several: the same one of them', async () => {
    await using home = await temporaryDirectory();
    const path = join(home.path, 'key');
    await replace(path, 'sk-old');
    const apiKeys = ['sk-old'];
    const vendor = startOpenAiEmulator({ apiKeys });
    const more = `api_keys = { one = "file:${path}" }\n`;
    const { ask } = await gatewayOf(home, { reference: '', type: 'openai', vendor, more });
    running.use(vendor);
    expect((await ask()).status).toBe(200);
    await replace(path, 'sk-new');
    apiKeys[0] = 'sk-new';
    expect((await ask()).status).toBe(200);
  });
});

test('a key that is refused and was not replaced is tried once, and read again at most once', async () => {
  await using home = await temporaryDirectory();
  const path = join(home.path, 'key');
  await replace(path, 'sk-wrong');
  const vendor = startOpenAiEmulator({ apiKeys: ['sk-other'] });
  const { ask } = await gatewayOf(home, { reference: `file:${path}`, type: 'openai', vendor });
  running.use(vendor);
  const answers = await Promise.all([ask(), ask(), ask()]);
  expect(answers.map(({ status }) => status)).toEqual([502, 502, 502]);
  expect(vendor.requests).toHaveLength(3);
});
