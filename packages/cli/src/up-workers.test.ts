import { Database } from 'bun:sqlite';
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import {
  redisServer,
  skipsWithout,
  type TemporaryDirectory,
  type TestRedis,
  temporaryDirectory,
} from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, type RunningZeke, zeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

let emulator: Emulator;

beforeAll(() => {
  emulator = startOpenAiEmulator();
});

afterAll(() => emulator.stop());

function rack({ url }: Emulator, key = 'k'): string {
  return `[providers.rack]\ntype = "openai"\napi_key = "${key}"\nbase_url = "${url}/v1"\n`;
}

function ask(url: string, stream = false): Promise<Response> {
  return fetch(`${url}/v1/chat/completions`, {
    method: 'POST',
    // A connection of its own: the kernel chooses whose it is.
    keepalive: false,
    body: JSON.stringify({
      model: 'rack/gpt-4o',
      stream,
      messages: [{ role: 'user', content: 'hi' }],
    }),
  });
}

/** The process that has answered; asked until each of so many has. */
async function pidsAt(url: string, count: number): Promise<number[]> {
  const seen = new Set<number>();
  while (seen.size < count) {
    const response = await fetch(`${url}/status`, { keepalive: false }).catch(() => undefined);
    if (response?.ok) seen.add(((await response.json()) as { pid: number }).pid);
  }
  return [...seen].sort();
}

/** Resolves when there is no such process, or only what is left of it. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
    if (stat === '' || /\) [ZX] /.test(stat)) return;
    await Bun.sleep(5);
  }
}

async function workersOf({ stdout }: RunningZeke): Promise<[number, number]> {
  const [, first, second] = await stdout.until(/workers {4}2 \(processes (\d+), (\d+)\)\n/);
  return [Number(first), Number(second)];
}

test('without Redis, several processes would each count for themselves: it is refused', async () => {
  await using home = await temporaryDirectory();
  const environment = { ZEKE_SERVER_WORKERS: '2' };
  const { code, stderr } = await zeke(['up', '--port', '0'], { home: home.path, environment });
  expect(code).toBe(exitCodes.configuration);
  expect(stderr).toContain('ZEKE_SERVER_WORKERS server.workers: several processes count limits');
});

describe.skipIf(skipsWithout('redis-server'))('workers', () => {
  let redis: TestRedis;

  beforeAll(async () => {
    redis = await redisServer();
  });

  afterAll(() => redis[Symbol.asyncDispose]());

  async function started(provider: Emulator): Promise<{
    home: TemporaryDirectory;
    server: RunningZeke;
    [Symbol.asyncDispose](): Promise<void>;
  }> {
    const home = await temporaryDirectory();
    const toml = `[server]\nworkers = 2\n[redis]\nurl = "${redis.url}"\ntimeout_ms = 10000\nkey_prefix = "${home.path}:"\n`;
    await writeFile(join(home.path, 'zeke.toml'), toml + rack(provider));
    const server = await zekeUp([], { home: home.path });
    return {
      home,
      server,
      async [Symbol.asyncDispose]() {
        await server[Symbol.asyncDispose]();
        await home[Symbol.asyncDispose]();
      },
    };
  }

  test('share a port, and their metrics are told as one', async () => {
    await using at = await started(emulator);
    const { url } = at.server;
    expect(await pidsAt(url, 2)).toEqual((await workersOf(at.server)).sort());
    const answers = await Promise.all(Array.from({ length: 12 }, () => ask(url)));
    expect(answers.map(({ status }) => status)).toEqual(new Array(12).fill(200));
    for (const each of answers) await each.text();
    for (let time = 0; time < 3; time += 1) {
      const text = await (await fetch(`${url}/metrics`, { keepalive: false })).text();
      const counted = text.matchAll(
        /^zeke_gateway_requests_total\{endpoint="chat-completions",status="200"\} (\d+)$/gm,
      );
      expect([...counted].map(([, count]) => count)).toEqual(['12']);
    }
  });

  test('write one audit log, whose chain holds', async () => {
    await using at = await started(emulator);
    const { url } = at.server;
    await pidsAt(url, 2);
    const make = async (index: number) => {
      const body = JSON.stringify({ name: `key ${index}`, owner: 'tests' });
      const init = { method: 'POST', keepalive: false, body };
      return (await fetch(`${url}/admin/keys`, init)).status;
    };
    const made = await Promise.all(Array.from({ length: 24 }, (_, index) => make(index)));
    expect(made).toEqual(new Array(24).fill(201));
    const verified = await zeke(['audit', 'verify'], { home: at.home.path });
    expect(verified.code).toBe(exitCodes.ok);
    using database = new Database(join(at.home.path, 'zeke.db'), { readonly: true });
    const rows = database.query("select 1 from gateway_audit where action = 'key.create'").all();
    expect(rows.length).toBeGreaterThanOrEqual(24);
  });

  test('one that is killed is started again, and both take a changed configuration', async () => {
    await using at = await started(emulator);
    const { home, server } = at;
    const [killed, kept] = await workersOf(server);
    process.kill(killed, 'SIGKILL');
    await server.stderr.until(/a worker ended and is started again/);
    const other = async () => {
      for (;;) {
        const now = await pidsAt(server.url, 2);
        if (!now.includes(killed)) return now;
      }
    };
    expect(await other()).toContain(kept);
    await writeFile(
      join(home.path, 'zeke.toml'),
      (await readFile(join(home.path, 'zeke.toml'), 'utf8')).replace('"k"', '"another"'),
    );
    server.kill('SIGHUP');
    await server.stderr.until(/(configuration is in force[\s\S]*){2}/);
    const seen = emulator.requests.length;
    for (const answer of await Promise.all(Array.from({ length: 8 }, () => ask(server.url)))) {
      expect(answer.status).toBe(200);
    }
    const keys = emulator.requests.slice(seen).map(({ headers }) => headers.authorization);
    expect(new Set(keys)).toEqual(new Set(['Bearer another']));
  });

  test('SIGTERM: streams of both end in peace, everything is on the ledger', async () => {
    await using slow = startOpenAiEmulator({ recordDelayMs: 20 });
    await using at = await started(slow);
    const { home, server } = at;
    const streams = await Promise.all(Array.from({ length: 8 }, () => ask(server.url, true)));
    server.kill('SIGTERM');
    for (const stream of streams) expect(await stream.text()).toEndWith('data: [DONE]\n\n');
    expect(await server.exited).toBe(exitCodes.ok);
    for (const pid of await workersOf(server)) await gone(pid);
    using database = new Database(join(home.path, 'zeke.db'), { readonly: true });
    const rows = database.query('select outcome from gateway_ledger').all();
    expect(rows).toEqual(new Array(8).fill({ outcome: 'ok' }));
    expect(await Bun.file(join(home.path, 'running.json')).exists()).toBe(false);
  });

  test('the second signal ends all at once', async () => {
    await using silent = startOpenAiEmulator();
    silent.faults.push({ kind: 'silence', afterRecords: 3 });
    await using at = await started(silent);
    await ask(at.server.url, true);
    at.server.kill('SIGTERM');
    await at.server.stderr.until(/"stopping"/);
    at.server.kill('SIGTERM');
    expect(await at.server.exited).toBe(exitCodes.terminated);
    for (const pid of await workersOf(at.server)) await gone(pid);
  });

  test('no worker outlives a supervisor that was killed', async () => {
    await using at = await started(emulator);
    const pids = await workersOf(at.server);
    at.server.kill('SIGKILL');
    await at.server.exited;
    for (const pid of pids) await gone(pid);
    await expect(ask(at.server.url)).rejects.toThrow();
  });

  test('a port that is taken is told, also where a zeke would share it', async () => {
    await using at = await started(emulator);
    const second = await zeke(['up', '--port', new URL(at.server.url).port], {
      home: at.home.path,
    });
    expect(second.code).toBe(exitCodes.configuration);
    expect(second.stderr).toMatch(/zeke runs at \S+ already \(process \d+\)/);
  });
});
