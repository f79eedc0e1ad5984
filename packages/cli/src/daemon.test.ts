import { afterEach, beforeEach, expect, test } from 'bun:test';
import { stat, writeFile } from 'node:fs/promises';
import { type TemporaryDirectory, temporaryDirectory } from '@zeke/foundation/testing';
import { processTimeoutMs, type ZekeOptions, zeke } from './testing/zeke-process.ts';

let folder: TemporaryDirectory;
let options: ZekeOptions;

beforeEach(async () => {
  folder = await temporaryDirectory();
  const environment = { ZEKE_RPC_PORT: '0', ZEKE_SERVER_PORT: '0' };
  options = { home: folder.path, environment };
});

afterEach(async () => {
  await zeke(['daemon', 'stop', '--force'], options);
  await folder[Symbol.asyncDispose]();
});

async function status(): Promise<{ running: boolean; pid?: number; status?: string }> {
  return JSON.parse((await zeke(['daemon', 'status', '--json'], options)).stdout);
}

test(
  'two commands at once start one daemon, which tells of itself and ends when it is told',
  async () => {
    const starts = await Promise.all([1, 2].map(() => zeke(['daemon', 'start'], options)));
    expect(starts.map(({ code }) => code)).toEqual([0, 0]);
    expect(starts.map(({ stdout }) => stdout.split(' (')[0]).toSorted()).toEqual([
      'it runs already',
      'started',
    ]);
    const { pid, running } = await status();
    expect(running).toBe(true);
    const shown = await zeke(['daemon', 'status'], options);
    expect(shown.stdout).toContain(`process ${pid}`);
    const logs = await zeke(['daemon', 'logs'], options);
    expect(logs.stdout).toContain('rpc ready');
    expect((await stat(`${folder.path}/daemon.log`)).mode & 0o077).toBe(0);
    expect((await stat(`${folder.path}/rpc-token`)).mode & 0o077).toBe(0);

    expect((await zeke(['daemon', 'stop'], options)).stdout).toBe('stopped\n');
    expect(await status()).toEqual({ running: false });
    const without = await zeke(['daemon', 'status'], options);
    expect(without.code).toBe(3);
    expect(without.stderr).toContain('daemon start');
  },
  processTimeoutMs,
);

test(
  'where server.port is taken by another program, the daemon uses another one',
  async () => {
    await using other = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response() });
    options = {
      ...options,
      environment: { ZEKE_RPC_PORT: '0', ZEKE_SERVER_PORT: `${other.port}` },
    };
    expect((await zeke(['daemon', 'start'], options)).code).toBe(0);
    expect((await status()).status).toBe('ok');
    const { stdout } = await zeke(['daemon', 'logs'], options);
    expect(stdout).toContain('another port is used');
  },
  processTimeoutMs,
);

test(
  'a daemon that cannot start says why',
  async () => {
    await writeFile(`${folder.path}/zeke.toml`, '[storage]\nurl = "sqlite:/proc/none/zeke.db"\n');
    const { code, stderr } = await zeke(['daemon', 'start'], options);
    expect(code).toBe(3);
    expect(stderr).toContain('did not start');
    expect(stderr).toContain('/proc/none');
  },
  processTimeoutMs,
);
