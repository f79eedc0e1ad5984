import { expect, test } from 'bun:test';
import { temporaryDirectory } from '../testing/index.ts';
import { loadConfig } from './load-config.ts';

async function load(text: string) {
  await using directory = await temporaryDirectory();
  const { path } = directory;
  await Bun.write(`${path}/zeke.toml`, text);
  return await loadConfig({ cwd: path, environment: { ZEKE_HOME: path } });
}

async function faultsOf(text: string): Promise<string[]> {
  const result = await load(text);
  return result.ok ? [] : result.faults.map(({ path, message }) => `${path}: ${message}`);
}

test('times and sizes are in the units of the program', async () => {
  const result = await load(`
    [storage]
    outage_grace_s = 30
    spool_max_mb = 0.5
    [content]
    keep = "listed"
    projects = ["shop"]
    keep_days = 2
    max_kb = 1`);
  if (!result.ok) throw new Error('it has faults');
  expect(result.config.storage).toMatchObject({ outageGraceMs: 30_000, spoolMaxBytes: 524_288 });
  expect(result.config.content).toEqual({
    keep: 'listed',
    keys: [],
    orgs: [],
    projects: ['shop'],
    keepMs: 172_800_000,
    maxBytes: 1_024,
  });
});

test('sums are kept as long as rows', async () => {
  expect(await faultsOf('ledger = { keep_days = 30, keep_usage_days = 30 }')).toEqual([]);
  expect(await faultsOf('ledger = { keep_days = 0, keep_usage_days = 0 }')).toEqual([]);
  for (const rows of [0, 31]) {
    expect(await faultsOf(`ledger = { keep_days = ${rows}, keep_usage_days = 30 }`)).toEqual([
      'ledger.keep_usage_days: sums are kept for as long as rows: it must not be less',
    ]);
  }
});

test('a list of whose content is kept counts, and is there', async () => {
  expect(await faultsOf('content.keep = "listed"')).toEqual([
    'content.keep: nobody is listed: name content.keys, content.orgs or content.projects',
  ]);
  expect(await faultsOf('content.keys = ["key_1"]')).toEqual([
    'content.keep: there are lists, which count only with keep = "listed"',
  ]);
});

test('the admin API has a port of its own, and an address that is as safe as the other', async () => {
  const result = await load('server.admin_port = 9090');
  expect(result.ok && result.config.server.admin).toEqual({ host: '127.0.0.1', port: 9090 });
  expect(await faultsOf('server.admin_host = "::1"')).toEqual([
    'server.admin_host: it needs server.admin_port, too',
  ]);
  expect(await faultsOf('server = { port = 9090, admin_port = 9090 }')).toEqual([
    'server.admin_port: it is server.port: give the admin API another than 9090',
  ]);
  const [fault = ''] = await faultsOf('server = { admin_host = "10.0.0.1", admin_port = 9090 }');
  expect(fault).toStartWith('server.admin_host: 10.0.0.1 can be reached from other machines');
});
