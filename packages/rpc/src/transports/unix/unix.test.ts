import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../../core/client.ts';
import { createServer } from '../../core/server.ts';
import { BusyPoll } from '../../sockets/busy-poll.ts';
import { maxToldStrangers } from '../../sockets/unix-users.ts';
import { contractTests } from '../../testing/contract/contract-suite.ts';
import { unixHarness } from '../../testing/contract/harnesses.ts';
import { Notes } from '../../testing/note-service.ts';
import { connectUnix, listenUnix } from './unix.ts';

const folder = mkdtempSync(join(tmpdir(), 'zrpc-unix-'));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const newPath = () => join(folder, `${count++}.sock`);

contractTests(unixHarness, test);

const echo = createServer().add(Notes, {
  echo: (note, { peer }) => ({ ...note, number: peer.process?.pid ?? 0 }),
});

test('the socket is its owner’s alone, and the server knows the process', async () => {
  const path = newPath();
  const listener = await listenUnix({ path, handler: echo.handler });
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const transport = connectUnix({ path });
  expect((await createClient(Notes, transport).echo({})).number).toBe(process.pid);
  await transport.close();
  await listener.close();
  expect(() => statSync(path)).toThrow();
});

test('a user who is not allowed is turned away, and told so', async () => {
  const path = newPath();
  const listener = await listenUnix({ path, handler: echo.handler, allowedUsers: [4_711] });
  const transport = connectUnix({ path });
  const client = createClient(Notes, transport);
  const user = process.getuid?.() ?? -1;
  for (const call of await Promise.allSettled(Array.from({ length: 20 }, () => client.echo({})))) {
    expect(call).toMatchObject({
      status: 'rejected',
      reason: {
        code: 'permission_denied',
        message: expect.stringContaining(`is not open to user ${user}`),
        retryable: false,
      },
    });
  }
  await expect(client.echo({})).rejects.toMatchObject({ code: 'permission_denied' });
  await transport.close();
  await listener.close();
});

test('strangers who do not introduce themselves take no place of those who may connect', async () => {
  const path = newPath();
  const listener = await listenUnix({
    path,
    handler: echo.handler,
    limits: { maxConnections: 1 },
    allowedUsers: [4_711],
  });
  let closed = 0;
  const settled = Promise.withResolvers<void>();
  const close = () => {
    closed += 1;
    if (closed === 80 - maxToldStrangers) settled.resolve();
  };
  const socket = { data() {}, close, error: close };
  const strangers = await Promise.all(
    Array.from({ length: 80 }, () => Bun.connect({ unix: path, socket }).catch(close)),
  );
  await settled.promise;
  for (const stranger of strangers) stranger?.terminate();
  await listener.close({ graceMs: 0 });
});

test('a socket left behind is replaced, one in use and a file are not', async () => {
  const path = newPath();
  const left = Bun.spawnSync([
    'python3',
    '-c',
    `import socket; s = socket.socket(socket.AF_UNIX); s.bind(${JSON.stringify(path)})`,
  ]);
  expect(left.exitCode).toBe(0);
  const listener = await listenUnix({ path, handler: echo.handler });
  await expect(listenUnix({ path, handler: echo.handler })).rejects.toMatchObject({
    code: 'already_exists',
    message: expect.stringContaining('another process listens'),
  });
  await listener.close();
  writeFileSync(path, 'mine');
  await expect(listenUnix({ path, handler: echo.handler })).rejects.toMatchObject({
    code: 'already_exists',
    message: expect.stringContaining('is no socket'),
  });
});

test('a path that the system has no room for is refused by name', async () => {
  const path = join(folder, 'x'.repeat(120));
  await expect(listenUnix({ path, handler: echo.handler })).rejects.toMatchObject({
    code: 'invalid_argument',
  });
});

test('a client finds the server again after it was away', async () => {
  const path = newPath();
  const transport = connectUnix({ path });
  const client = createClient(Notes, transport);
  await expect(client.echo({})).rejects.toMatchObject({ code: 'unavailable' });
  const first = await listenUnix({ path, handler: echo.handler });
  const again = async () => {
    for (;;) {
      try {
        return await client.echo({ text: 'back' });
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    }
  };
  expect((await again()).text).toBe('back');
  await first.close();
  const second = await listenUnix({ path, handler: echo.handler });
  expect((await again()).text).toBe('back');
  await transport.close();
  await second.close();
});

test('a busy poll spins only while something happens', async () => {
  const path = newPath();
  const listener = await listenUnix({ path, handler: echo.handler, busyPollMs: 5 });
  const transport = connectUnix({ path, busyPollMs: 5 });
  expect((await createClient(Notes, transport).echo({ text: 'quick' })).text).toBe('quick');
  await transport.close();
  await listener.close();
  const poll = new BusyPoll(1);
  poll.touch();
  expect(poll.isSpinning).toBe(true);
  while (poll.isSpinning) await new Promise((resolve) => setImmediate(resolve));
});

test('a client takes the server’s maxStreams from the first call on', async () => {
  for (const maxStreams of [1, 10]) {
    const path = newPath();
    const listener = await listenUnix({ path, handler: echo.handler, limits: { maxStreams } });
    const transport = connectUnix({ path });
    const client = createClient(Notes, transport);
    for (let round = 0; round < 2; round++) {
      const calls = Array.from({ length: 50 }, (_, i) => client.echo({ text: `${i}` }));
      const replies = await Promise.all(calls);
      expect(replies.map(({ text }) => text)).toEqual(calls.map((_, i) => `${i}`));
    }
    await transport.close();
    await listener.close();
  }
});
