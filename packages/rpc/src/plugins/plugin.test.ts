import { afterAll, beforeAll, expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { createServer as createSocketServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from '../core/client.ts';
import { type Clock, systemClock } from '../core/clock.ts';
import type { RpcError } from '../rpc-error.ts';
import { Notes } from '../testing/note-service.ts';
import { createPlugin, type Plugin, type PluginEvent, type PluginOptions } from './plugin.ts';

const source = join(import.meta.dirname, '..');

/** A plugin that answers with `version`, and does what the text of a note says. */
function pluginSource(version: string): string {
  return `
import { connect } from 'node:net';
import { createServer } from '${source}/core/server.ts';
import { servePlugin } from '${source}/plugins/serve-plugin.ts';
import { Notes } from '${source}/testing/note-service.ts';

const held = [];
const released = new Promise((resolve) => process.on('SIGUSR2', resolve));
const acts = {
  version: () => '${version}',
  pid: () => String(process.pid),
  environment: () => Object.keys(process.env).sort().join(' '),
  crash: () => process.kill(process.pid, 'SIGSEGV'),
  exit: () => process.exit(7),
  say: () => { console.error('hello'); return 'said'; },
  grow: () => { held.push(new Uint8Array(600 * 1024 * 1024).fill(1)); return 'grown'; },
  wait: () => released.then(() => '${version}'),
  deaf: () => { process.removeAllListeners('SIGTERM'); process.on('SIGTERM', () => {}); setInterval(() => {}, 1000); return 'deaf'; },
  hold: () => new Promise((resolve) => { const socket = connect(process.argv[2], () => resolve('held')); socket.on('error', () => {}); }),
};
const server = createServer().add(Notes, {
  echo: async ({ text }) => ({ text: await acts[text]() }),
  async *list() { for (let number = 0; ; number += 1) yield { number, payload: new Uint8Array(1000) }; },
});
await servePlugin({ handler: server.handler });
`;
}

let folder: string;
let files = 0;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'zrpc-plugin-test-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function write(path: string, text: string): Promise<void> {
  await writeFile(`${path}.new`, text);
  await rename(`${path}.new`, path);
}

/** The time of the system, which a test can move on. */
class MovedClock implements Clock {
  movedMs = 0;
  now = () => performance.now() + this.movedMs;
  schedule = systemClock.schedule;
}

async function setUp(text = pluginSource('one'), changes: Partial<PluginOptions> = {}) {
  files += 1;
  const file = join(folder, `plugin${files}.ts`);
  await write(file, text);
  const events: PluginEvent[] = [];
  const waiting = new Set<() => void>();
  const clock = new MovedClock();
  const plugin = createPlugin({
    name: 'test',
    command: [process.execPath, file],
    clock,
    onEvent(event) {
      events.push(event);
      for (const look of waiting) look();
    },
    ...changes,
  });
  /** Resolves with the first event of this kind, which may have come already. */
  const event = <K extends PluginEvent['kind']>(kind: K) =>
    new Promise<Extract<PluginEvent, { kind: K }>>((resolve) => {
      const look = () => {
        const found = events.find((each) => each.kind === kind);
        if (found === undefined) return;
        waiting.delete(look);
        resolve(found as Extract<PluginEvent, { kind: K }>);
      };
      waiting.add(look);
      look();
    });
  const notes = createClient(Notes, plugin);
  const act = async (what: string) => (await notes.echo({ text: what })).text;
  const failure = (what: string): Promise<RpcError> =>
    act(what).then(
      () => Promise.reject(new Error(`${what} has not failed`)),
      (error) => error,
    );
  return { plugin, file, clock, events, event, notes, act, failure };
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function closed(plugin: Plugin): Promise<void> {
  const { pid } = plugin;
  await plugin.close();
  if (pid !== undefined) expect(isRunning(pid)).toBe(false);
}

test('a plugin runs from its first call on, once, with an environment of its own', async () => {
  const { plugin, events, event, act } = await setUp(undefined, { environment: { COLOR: 'red' } });
  expect(plugin.pid).toBeUndefined();
  const [pid, samePid] = await Promise.all([act('pid'), act('pid')]);
  expect([Number(pid), Number(samePid)]).toEqual([plugin.pid as number, plugin.pid as number]);
  const names = (await act('environment')).split(' ');
  expect(names).toContain('COLOR');
  for (const name of names)
    expect(['COLOR', 'PATH', 'PWD', 'SHLVL', '_', 'OLDPWD', 'ZRPC_PLUGIN_SOCKET']).toContain(name);
  await act('say');
  expect((await event('output')).line).toBe('hello');
  expect(events.filter(({ kind }) => kind === 'started')).toHaveLength(1);
  await closed(plugin);
});

test('a plugin that ends is started again, after a back-off that grows', async () => {
  const { plugin, clock, event, act, failure } = await setUp();
  const first = await act('pid');
  expect((await failure('exit')).code).toBe('unavailable');
  expect((await event('ended')).end).toEqual({ reason: 'status 7', asked: false });
  const refused = await failure('version');
  expect(refused).toMatchObject({ code: 'unavailable', retryable: true });
  expect(refused.message).toMatch(
    /^the plugin test has ended \(status 7\); it is started again in/,
  );
  clock.movedMs += 1_000;
  expect(await act('pid')).not.toBe(first);
  expect((await failure('crash')).code).toBe('unavailable');
  while (plugin.pid !== undefined) await new Promise((resolve) => setImmediate(resolve));
  const again = await failure('version');
  const waitMs = Number(/in (\d+) ms/.exec(again.message)?.[1]);
  expect(waitMs).toBeWithin(140, 241);
  await closed(plugin);
});

test('a plugin that does not start says why, and nothing of it is left', async () => {
  const ending = await setUp('process.exit(3)');
  const ended = await ending.failure('version');
  expect(ended.message).toBe('the plugin test has ended at its start (status 3)');
  await closed(ending.plugin);
  const limits = { startTimeoutMs: 150 };
  const silent = await setUp('console.log(process.pid); setInterval(() => {}, 1000)', { limits });
  const timedOut = await silent.failure('version');
  expect(timedOut.message).toBe('the plugin test takes no connection after 150 ms');
  expect(silent.plugin.pid).toBeUndefined();
  for (const each of silent.events) {
    if (each.kind === 'output') expect(isRunning(Number(each.line))).toBe(false);
  }
  await closed(silent.plugin);
});

test('a program that is not there is told so', async () => {
  const plugin = createPlugin({ name: 'none', command: ['/no/such/program'] });
  const failed = await plugin.start().catch((error: RpcError) => error);
  expect((failed as RpcError).message).toMatch(/^the plugin none has ended at its start/);
  await closed(plugin);
  expect(() => createPlugin({ name: 'none', command: [] })).toThrow('command is empty');
});

test('a file that changes is taken, unless it has a fault; calls of the old process end there', async () => {
  const { plugin, file, event, act } = await setUp();
  const oldPid = Number(await act('pid'));
  await write(file, 'process.exit(1)');
  const { error } = await event('reload-failed');
  expect(error.message).toContain('status 1');
  expect(await act('pid')).toBe(String(oldPid));
  const waiting = act('wait');
  await act('version');
  await write(file, pluginSource('two'));
  const { pid } = await event('reloaded');
  expect(pid).not.toBe(oldPid);
  expect(await act('version')).toBe('two');
  process.kill(oldPid, 'SIGUSR2');
  expect(await waiting).toBe('one');
  await closed(plugin);
  expect(isRunning(oldPid)).toBe(false);
});

test('a plugin that takes too much memory is killed', async () => {
  /** Twenty seconds pass in one. */
  const fast: Clock = {
    now: () => performance.now() * 20,
    schedule: (delayMs, callback) => systemClock.schedule(delayMs / 20, callback),
  };
  const limits = { maxMemoryBytes: 512 * 1024 * 1024, startTimeoutMs: 100_000 };
  const { plugin, event, act } = await setUp(undefined, { clock: fast, limits });
  await act('grow').catch(() => {});
  const { end } = await event('ended');
  expect(end.reason).toMatch(/^\d+ MiB of memory, of 512$/);
  await closed(plugin);
});

test('a plugin that does not want to end is killed', async () => {
  const { plugin, act } = await setUp(undefined, { limits: { stopTimeoutMs: 50 } });
  await act('deaf');
  await closed(plugin);
});

test('no more calls are open at once than allowed', async () => {
  const { plugin, act } = await setUp(undefined, { limits: { maxCalls: 1 } });
  await plugin.start();
  const first = act('wait');
  const outcomes = [act('version'), act('version')].map((call) =>
    call.catch((error: RpcError) => error.code),
  );
  expect(await Promise.any(outcomes)).toBe('resource_exhausted');
  process.kill(plugin.pid as number, 'SIGUSR2');
  expect(await first).toBe('one');
  expect(await Promise.all(outcomes)).toContain('one');
  await closed(plugin);
});

test('a plugin ends with the process that started it, even one that is killed', async () => {
  const socket = join(folder, 'held.sock');
  const ended = Promise.withResolvers<void>();
  const server = createSocketServer((connection) => {
    connection.once('close', () => ended.resolve());
    connection.on('error', () => {}).resume();
  });
  await new Promise<void>((resolve) => server.listen(socket, resolve));
  const parent = join(folder, 'parent.ts');
  const file = join(folder, 'child.ts');
  await writeFile(file, pluginSource('child'));
  await writeFile(
    parent,
    `import { createPlugin } from '${source}/plugins/plugin.ts';
import { createClient } from '${source}/core/client.ts';
import { Notes } from '${source}/testing/note-service.ts';
const plugin = createPlugin({ name: 'child', command: [process.execPath, '${file}', '${socket}'] });
await createClient(Notes, plugin).echo({ text: 'hold' });
console.log('ready');
`,
  );
  const child = spawn(process.execPath, [parent], {
    stdio: ['ignore', 'pipe', 'inherit'],
    // What a killed parent leaves behind goes with the folder of this test.
    env: { ...process.env, TMPDIR: folder },
  });
  await new Promise<void>((resolve) => child.stdout.once('data', () => resolve()));
  child.kill('SIGKILL');
  // Its connection breaks when it is gone; a plugin that lives on keeps it.
  await ended.promise;
  server.close();
  expect(server.listening).toBe(false);
});
