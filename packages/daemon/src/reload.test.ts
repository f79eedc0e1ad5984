import { describe, expect, test } from 'bun:test';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createLogger, loadConfig, type ResolvedConfig } from '@zeke/foundation';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { RpcError } from '@zeke/rpc';
import { compose } from './compose.ts';
import { configChanges, Reloader } from './reload.ts';

async function load(text: string) {
  await using folder = await temporaryDirectory();
  await writeFile(join(folder.path, 'zeke.toml'), text);
  // One home for all, so that nothing but the text differs.
  return await loadConfig({ cwd: folder.path, environment: { ZEKE_HOME: '/nowhere' } });
}

async function configOf(text: string): Promise<ResolvedConfig> {
  const result = await load(text);
  if (!result.ok) throw new Error(JSON.stringify(result.faults));
  return result.config;
}

describe('configChanges', () => {
  const before =
    '[providers.a]\ntype = "openai"\napi_key = "one"\n[models.fast]\ncandidates = ["a/x"]\n';

  test.each([
    ['nothing', before, [], []],
    ['a secret', before.replace('one', 'two'), ['providers.a'], []],
    ['a header', `${before}[providers.a.headers]\nx = "y"\n`, ['providers.a'], []],
    ['an alias', before.replace('a/x', 'a/y'), ['models.fast'], []],
    ['a limit', `${before}[server]\nmax_body_mb = 1\n`, ['server'], []],
    ['a tier', `${before}[limits.tiers.pro]\nconcurrent = 9\n`, ['limits'], []],
    ['what is in a map', `${before}[auth.signing_keys]\nk = "${'x'.repeat(32)}"\n`, ['auth'], []],
    ['proxies', `${before}[server]\ntrusted_proxies = ["::1"]\n`, ['server'], []],
    [
      'a port and a host',
      `${before}[server]\nport = 1\nhost = "::1"\n`,
      ['server'],
      ['server.host', 'server.port'],
    ],
    ['storage', `${before}[storage]\nurl = "sqlite::memory:"\n`, ['storage'], ['storage.url']],
    ['all', '', ['models.fast', 'providers.a'], []],
  ])('%s', async (_, after, changed, waiting) => {
    const found = configChanges(await configOf(before), await configOf(after));
    expect(found).toEqual({ changed, waiting });
  });
});

describe('Reloader', () => {
  async function reloader(configure: (config: ResolvedConfig) => Promise<void>) {
    const lines: Record<string, unknown>[] = [];
    const log = createLogger({
      destination: {
        write: (text) =>
          lines.push(
            ...text
              .trim()
              .split('\n')
              .map((line) => JSON.parse(line)),
          ),
      },
    });
    return { reloader: new Reloader(await configOf(''), { log, configure }), lines };
  }

  test('puts changes in force one after the other, and tells of them', async () => {
    const ports: number[] = [];
    const { reloader: made, lines } = await reloader(async ({ server }) => {
      ports.push(server.port);
    });
    made.take(await load('[server]\nport = 1\n'));
    made.take(await load('[server]\nport = 1\n'));
    made.take(await load('[server]\nport = 2\n'));
    await made.settled();
    expect(ports).toEqual([1, 2]);
    expect(lines).toMatchObject([
      { level: 'info', changed: ['server'] },
      { level: 'warn', waiting: ['server.port'] },
      { level: 'info', changed: ['server'] },
      { level: 'warn', waiting: ['server.port'] },
    ]);
  });

  test('tells what is doubtful in a change', async () => {
    const { reloader: made, lines } = await reloader(async () => {});
    made.take(await load('[models.fast]\ncandidates = ["nobody/x"]\n'));
    await made.settled();
    expect(lines).toMatchObject([
      { level: 'info', changed: ['models.fast'] },
      { level: 'warn', warnings: [expect.stringMatching(/zeke\.toml:2 .*nobody/)] },
    ]);
  });

  test('tells faults and doubts of what is read again once, and when they are over', async () => {
    const { reloader: made, lines } = await reloader(async () => {});
    const good = await load('');
    if (!good.ok) throw new Error('it has faults');
    const origin = { kind: 'default' } as const;
    const doubtful = { ...good, warnings: [{ origin, path: 'vault', message: 'it is down' }] };
    const faulty = { ok: false, faults: [{ origin, path: 'vault', message: 'refused' }] } as const;
    for (const result of [good, doubtful, doubtful, good, faulty, faulty, good, good]) {
      made.take(result);
    }
    await made.settled();
    expect(lines).toMatchObject([
      { level: 'warn', warnings: ['vault: it is down'] },
      { level: 'info', msg: expect.stringContaining('in order again') },
      { level: 'error', faults: ['vault: refused'] },
      { level: 'info', msg: expect.stringContaining('in order again') },
    ]);
  });

  test('leaves all as it is when the file has faults, or cannot be used', async () => {
    let used = 0;
    const { reloader: made, lines } = await reloader(async () => {
      used += 1;
      throw new RpcError('failed_precondition', 'no such credentials');
    });
    made.take(await load('[server]\nprot = 1\n'));
    made.take(await load('[server]\nport = 1\n'));
    made.take(await load('[server]\nport = 1\n'));
    await made.settled();
    expect(used).toBe(2);
    expect(lines[0]).toMatchObject({
      level: 'error',
      faults: [expect.stringContaining('server.prot')],
    });
    expect(lines.slice(1)).toMatchObject([{ level: 'error' }, { level: 'error' }]);
  });
});

test('what a reload changed is on the audit log, without its values', async () => {
  const storage = '[storage]\nurl = "sqlite::memory:"\n';
  const provider = `[providers.a]\ntype = "openai"\napi_key = "the-secret"\n`;
  const config = await configOf(storage);
  const log = createLogger({ level: 'silent' });
  await using parts = await compose({ config, environment: {}, fetch, now: () => 5, log });
  const reloader = new Reloader(config, parts);
  reloader.take(await load(storage + provider));
  await reloader.settled();
  const rows = await parts.storage.db.selectFrom('gateway_audit').selectAll().execute();
  expect(rows).toMatchObject([
    { seq: 1, at_ms: 5, actor: 'zeke', action: 'config.reload', outcome: 'ok' },
  ]);
  expect(rows[0]?.detail).toBe('{"changed":["providers.a"]}');
});
