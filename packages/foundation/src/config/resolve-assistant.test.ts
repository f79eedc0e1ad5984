import { expect, test } from 'bun:test';
import { type TemporaryDirectory, temporaryDirectory } from '../testing/index.ts';
import { loadConfig } from './load-config.ts';

async function load(folder: TemporaryDirectory, text: string) {
  await Bun.write(`${folder.path}/zeke.toml`, text);
  return await loadConfig({ cwd: folder.path, environment: { ZEKE_HOME: folder.path } });
}

test('without a word, RPC is at 50051 of this machine, and an agent asks', async () => {
  await using folder = await temporaryDirectory();
  const loaded = await load(folder, '');
  expect(loaded).toMatchObject({
    ok: true,
    config: {
      rpc: {
        enabled: true,
        port: 50_051,
        isDefaultPort: true,
        tls: false,
        maxConnections: 100,
        idleTimeoutMs: 300_000,
        maxMessageBytes: 10_485_760,
        completionTimeoutMs: 5_000,
        chatTimeoutMs: 120_000,
        agentTimeoutMs: 600_000,
        workerThreads: 1,
      },
      daemon: { logFile: `${folder.path}/daemon.log` },
      assistant: {
        model: 'auto',
        smallModel: 'auto',
        maxSteps: 50,
        verify: [],
        completionCacheEntries: 10_000,
        completionCacheTtlMs: 3_600_000,
      },
    },
  });
});

test("the design's own names are read, and stand over those of other tables", async () => {
  await using folder = await temporaryDirectory();
  const loaded = await load(
    folder,
    `[daemon]
address = "::1"
port = 6000
enable_tls = true
log_level = "debug"
log_file = "logs/reaper.log"
[rpc]
idle_timeout = 7
worker_threads = 4
[cache]
max_size = 500
ttl = 60
[assistant]
budget_usd = 0.25
completion_model = "rack/coder"`,
  );
  expect(loaded).toMatchObject({
    ok: true,
    config: {
      rpc: {
        host: '::1',
        port: 6_000,
        isDefaultPort: false,
        tls: true,
        idleTimeoutMs: 7_000,
        workerThreads: 4,
      },
      daemon: { logFile: `${folder.path}/logs/reaper.log` },
      telemetry: { logLevel: 'debug' },
      assistant: {
        budgetMicroUsd: 250_000,
        completionModel: 'rack/coder',
        completionCacheEntries: 500,
        completionCacheTtlMs: 60_000,
      },
      cache: { enabled: false, ttlMs: 1_800_000 },
    },
  });
});

test('language servers have a command and extensions, or are switched off', async () => {
  await using folder = await temporaryDirectory();
  const given = `[assistant.lsp.nix]
command = ["nixd"]
extensions = [".NIX"]
[assistant.lsp.gopls]
enabled = false
`;
  expect(await load(folder, given)).toMatchObject({
    ok: true,
    config: {
      assistant: {
        languageServers: new Map([
          ['nix', { enabled: true, command: ['nixd'], extensions: ['.nix'] }],
          ['gopls', { enabled: false }],
        ]),
      },
    },
  });
  const loaded = await load(folder, '[assistant.lsp.nix]\nextensions = [".nix"]\n');
  if (loaded.ok) throw new Error('it was taken');
  expect(loaded.faults.map(({ path }) => path)).toEqual(['assistant.lsp.nix']);
});

test('two ports, and an address that others reach without a key, are faults', async () => {
  await using folder = await temporaryDirectory();
  const loaded = await load(
    folder,
    '[rpc]\nport = 6001\n[daemon]\nport = 6002\naddress = "0.0.0.0"\n',
  );
  if (loaded.ok) throw new Error('it was taken');
  expect(loaded.faults.map(({ path }) => path)).toEqual(
    expect.arrayContaining(['daemon.address', 'daemon.port']),
  );
});
