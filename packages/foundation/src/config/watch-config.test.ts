import { expect, test } from 'bun:test';
import { rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { temporaryDirectory } from '../testing/index.ts';
import { formatFault } from './config-fault.ts';
import { type LoadConfigResult, loadConfig } from './load-config.ts';
import { watchConfig } from './watch-config.ts';

async function watched(
  cwd: string,
  signal: AbortSignal,
  more: Partial<Parameters<typeof watchConfig>[0]> = {},
) {
  const results: LoadConfigResult[] = [];
  const waiting: ((result: LoadConfigResult) => void)[] = [];
  const { read } = await watchConfig({
    cwd,
    environment: { ZEKE_HOME: join(cwd, 'home') },
    signal,
    intervalMs: 5,
    ...more,
    onChange: (result) => {
      const take = waiting.shift();
      if (take === undefined) results.push(result);
      else take(result);
    },
  });
  return {
    results,
    read,
    next: () => {
      const result = results.shift();
      if (result !== undefined) return Promise.resolve(result);
      return new Promise<LoadConfigResult>((resolve) => waiting.push(resolve));
    },
  };
}

test('tells of a file that is made, replaced, broken and removed', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'zeke.toml');
  const stop = new AbortController();
  const watch = await watched(directory.path, stop.signal);

  const portAfter = async (change: Promise<unknown>) => {
    await change;
    const result = await watch.next();
    return result.ok ? result.config.server.port : result.faults.map(formatFault);
  };
  const replace = async (text: string) => {
    await Bun.write(`${path}.new`, text);
    await rename(`${path}.new`, path);
  };

  expect(await portAfter(replace('server.port = 1'))).toBe(1);
  expect(await portAfter(replace('server.port = 2'))).toBe(2);
  expect(await portAfter(replace('server.prot = 2'))).toEqual([
    'zeke.toml:1 server.prot: there is no such key; did you mean port?',
  ]);
  expect(await portAfter(replace('server.port = 3'))).toBe(3);
  expect(await portAfter(rm(path))).toBe(8080);
  stop.abort();
});

test('follows events of its folder, long before it looks by itself', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'zeke.toml');
  await Bun.write(path, 'server.port = 1');
  const stop = new AbortController();
  const rare = { followsEvents: true, intervalMs: 1_000_000 };
  const watch = await watched(directory.path, stop.signal, rare);
  await Bun.write(`${path}.new`, 'server.port = 2');
  await rename(`${path}.new`, path);
  expect(await watch.next()).toMatchObject({ config: { server: { port: 2 } } });
  await rm(path);
  expect(await watch.next()).toMatchObject({ config: { server: { port: 8080 } } });
  stop.abort();
});

test('is silent when the text is the same, and after its end', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'zeke.toml');
  await Bun.write(path, 'server.port = 1');
  const stop = new AbortController();
  const watch = await watched(directory.path, stop.signal);
  const other = new AbortController();
  const witness = await watched(directory.path, other.signal);
  await Bun.write(path, 'server.port = 1');
  stop.abort();
  await Bun.write(path, 'server.port = 2');
  await witness.next();
  expect(watch.results).toEqual([]);
  expect(witness.results).toEqual([]);
  other.abort();
});

test('tells of files behind references, also of one that is not there for a while', async () => {
  await using directory = await temporaryDirectory();
  const key = join(directory.path, 'key');
  await Bun.write(join(directory.path, 'zeke.toml'), 'auth.admin_api_key = "file:key"');
  const keep = async (text: string) => {
    await Bun.write(`${key}.new`, text);
    await rename(`${key}.new`, key);
  };
  await keep('the-first-admin-key');
  const first = await loadConfig({ cwd: directory.path, environment: {} });
  if (!first.ok) throw new Error('it has faults');
  // Between the reading and the watch.
  await keep('the-second-admin-key');
  const stop = new AbortController();
  const watch = await watched(directory.path, stop.signal, { sources: first.sources });
  const keyAfter = async (change?: Promise<unknown>) => {
    await change;
    const result = await watch.next();
    return result.ok ? result.config.auth.adminApiKey?.reveal() : result.faults[0]?.message;
  };
  expect(await keyAfter()).toBe('the-second-admin-key');
  expect(await keyAfter(rm(key))).toContain('there is no such file');
  expect(await keyAfter(keep('the-third-admin-key'))).toBe('the-third-admin-key');
  expect(await keyAfter(keep('the-third-admin-key'))).toBe('the-third-admin-key');
  stop.abort();
});

test('reads when it is told to, also what has not changed, one reading after the other', async () => {
  await using directory = await temporaryDirectory();
  const path = join(directory.path, 'zeke.toml');
  await Bun.write(path, 'server.port = 1');
  const stop = new AbortController();
  const watch = await watched(directory.path, stop.signal, { intervalMs: 60_000 });
  await watch.read();
  await Bun.write(path, 'server.port = 2');
  await Promise.all([watch.read(), watch.read()]);
  const ports = watch.results.map((result) => result.ok && result.config.server.port);
  expect(ports).toEqual([1, 2, 2]);
  stop.abort();
  await watch.read();
  expect(watch.results).toHaveLength(3);
});

test('asks again for what nobody tells of, a little sooner or later than others', async () => {
  await using directory = await temporaryDirectory();
  const sources = { files: new Map(), freshMs: 1_000 };
  for (const [random, firstAt] of [
    [0, 900],
    [1, 1_100],
  ] as const) {
    const stop = new AbortController();
    let ms = 0;
    const watch = await watched(directory.path, stop.signal, {
      sources,
      random: () => random,
      monotonicMs: () => {
        ms += 20;
        return ms;
      },
      intervalMs: 0,
    });
    await watch.next();
    expect(ms).toBeGreaterThanOrEqual(firstAt);
    expect(ms).toBeLessThan(firstAt + 100);
    stop.abort();
  }
});
