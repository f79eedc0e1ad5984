import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { connect, type Socket } from 'node:net';
import { type Emulator, startOpenAiEmulator } from '@zeke/emulators';
import { createLogger, loadConfig } from '@zeke/foundation';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { type Daemon, runDaemon } from './run-daemon.ts';

let daemon: Daemon;
let vendor: Emulator;
let folder: TemporaryDirectory;

beforeAll(async () => {
  vendor = startOpenAiEmulator({ apiKeys: ['k'] });
  folder = await temporaryDirectory();
  await Bun.write(
    `${folder.path}/zeke.toml`,
    `
[server]
port = 0
body_timeout_ms = 100
max_header_kb = 32
max_concurrent_requests = 2
max_concurrent_streams = 1
queue_length = 4
queue_timeout_ms = 60000
[storage]
url = "sqlite::memory:"
[providers.openai]
api_key = "k"
base_url = "${vendor.url}/v1"
`,
  );
  const environment = { ZEKE_HOME: folder.path };
  const loaded = await loadConfig({ cwd: folder.path, environment });
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults));
  const log = createLogger({ level: 'silent' });
  daemon = await runDaemon({ config: loaded.config, environment, log });
});
afterAll(async () => {
  await daemon.stop();
  await vendor.stop();
  await folder[Symbol.asyncDispose]();
});

/** A connection, and all that came over it until it was closed. */
async function dial(text: string): Promise<{ socket: Socket; closed: Promise<string> }> {
  const { promise: connected, reject, resolve } = Promise.withResolvers<void>();
  const closed = Promise.withResolvers<string>();
  let got = '';
  const socket = connect(Number(new URL(daemon.url).port), '127.0.0.1', () => {
    socket.write(text);
    resolve();
  });
  socket.on('data', (bytes) => {
    got += bytes.toString();
  });
  socket.on('error', reject);
  socket.on('close', () => closed.resolve(got));
  await connected;
  return { socket, closed: closed.promise };
}

const chat = (body: object = {}) =>
  fetch(`${daemon.url}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({
      model: 'openai/gpt-4.1-mini',
      messages: [{ role: 'user', content: 'hi' }],
      ...body,
    }),
  });

async function metric(name: string): Promise<number> {
  const text = await (await fetch(`${daemon.url}/metrics`)).text();
  return Number(new RegExp(`^${name.replaceAll(/[{}]/g, '\\$&')} (.+)$`, 'm').exec(text)?.[1]);
}

describe('clients that mean no good', () => {
  test('with heads that never end, and idle ones, keep nobody else from an answer', async () => {
    const half = await Promise.all(
      Array.from({ length: 200 }, () =>
        dial('POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nX:'),
      ),
    );
    const idle = await Promise.all(
      Array.from({ length: 200 }, () => dial('GET /health HTTP/1.1\r\nHost: x\r\n\r\n')),
    );
    expect((await chat()).status).toBe(200);
    expect(await metric('zeke_gateway_open_requests')).toBe(0);
    for (const { socket } of [...half, ...idle]) socket.destroy();
    const answers = await Promise.all(idle.map(({ closed }) => closed));
    expect(answers.every((answer) => answer.startsWith('HTTP/1.1 200 '))).toBe(true);
  });

  test('that do not send their body are cut in time, and give their places back', async () => {
    const slow = await Promise.all(
      Array.from({ length: 2 }, () =>
        dial(
          'POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{',
        ),
      ),
    );
    for (const answer of await Promise.all(slow.map(({ closed }) => closed))) {
      expect(answer).toStartWith('HTTP/1.1 408 ');
      expect(answer).toContain('server.body_timeout_ms');
    }
    expect(await metric('zeke_gateway_open_requests')).toBe(0);
  });

  test.each([
    ['one header of 40 KiB', `X: ${'a'.repeat(40_960)}\r\n`],
    ['5,000 headers', Array.from({ length: 5_000 }, (_, at) => `X-${at}: aaaa\r\n`).join('')],
  ])('with %s are refused', async (_, headers) => {
    const { closed } = await dial(`GET /health HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    expect(await closed).toStartWith('HTTP/1.1 431 ');
  });

  test.each(['[', '{"a":'])(
    'with a body of a million %s are told that it is none',
    async (open) => {
      const response = await fetch(`${daemon.url}/v1/chat/completions`, {
        method: 'POST',
        body: `{"messages":${open.repeat(1_000_000)}`,
      });
      expect(response.status).toBe(400);
    },
  );
});

test('of 60 at once some wait and the others are told to come back; all are answered', async () => {
  const answers = await Promise.all(
    Array.from({ length: 60 }, async () => {
      const response = await chat();
      await response.text();
      return { status: response.status, retryAfter: response.headers.get('retry-after') };
    }),
  );
  const served = answers.filter(({ status }) => status === 200);
  const shed = answers.filter(({ status }) => status === 503);
  expect(served.length + shed.length).toBe(60);
  expect(served.length).toBeGreaterThanOrEqual(2);
  expect(shed.length).toBeGreaterThan(0);
  expect(shed.every(({ retryAfter }) => Number(retryAfter) >= 1)).toBe(true);
  expect(await metric('zeke_gateway_open_requests')).toBe(0);
  expect(await metric('zeke_gateway_queue_length{places="requests"}')).toBe(0);
});

test('a client that waits for a place and leaves, leaves the queue', async () => {
  vendor.faults.push({ kind: 'silence', afterRecords: 1 });
  const stream = await chat({ stream: true });
  const leaving = new AbortController();
  const waiting = fetch(`${daemon.url}/v1/chat/completions`, {
    method: 'POST',
    body: JSON.stringify({ model: 'openai/gpt-4.1-mini', messages: [], stream: true }),
    signal: leaving.signal,
  }).catch(() => 'left');
  const queued = () => metric('zeke_gateway_queue_length{places="streams"}');
  while ((await queued()) !== 1) await new Promise((next) => setImmediate(next));
  leaving.abort();
  expect(await waiting).toBe('left');
  while ((await queued()) !== 0) await new Promise((next) => setImmediate(next));
  await stream.body?.cancel();
  expect((await chat({ stream: true })).status).toBe(200);
});
