import { expect, test } from 'bun:test';
import { spawn } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { RpcError } from '../rpc-error.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { registryTests, until } from '../testing/registry-suite.ts';
import { withFileLock } from './file-lock.ts';
import { fileRegistry, parseRegistryFile } from './file-store.ts';

const notes = { name: 'zrpc.test.Notes', version: '1.0.0', address: 'unix:/run/x.sock' };

registryTests(
  {
    name: 'file',
    async connect() {
      const folder = await mkdtemp(join(tmpdir(), 'zrpc-registry-'));
      const path = join(folder, 'deeper', 'registry.json');
      return {
        one: fileRegistry({ path }),
        other: fileRegistry({ path }),
        close: () => rm(folder, { recursive: true }),
      };
    },
  },
  test,
);

async function inFolder(work: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'zrpc-registry-'));
  try {
    await work(join(folder, 'registry.json'), folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

test('the file is its owner’s alone, and nothing else is left beside it', () =>
  inFolder(async (path, folder) => {
    await using registry = fileRegistry({ path });
    await registry.register(notes);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect(await readdir(folder)).toEqual(['registry.json']);
    expect(JSON.parse(await readFile(path, 'utf8')).instances).toMatchObject([notes]);
  }));

test('an instance that nobody renews ends at its time', () =>
  inFolder(async (path) => {
    let nowMs = 1_000_000;
    const clock = new ManualClock();
    const wallNow = () => nowMs;
    const dead = fileRegistry({ path, wallNow, clock: new ManualClock() });
    await dead.register(notes, { ttlMs: 3_000 });
    const registry = fileRegistry({ path, wallNow, clock });
    using discovery = await registry.discover({ name: notes.name });
    expect(discovery.current).toHaveLength(1);
    nowMs += 3_000;
    clock.advance(3_000);
    await until(discovery, (instances) => instances.length === 0);
    await registry.close();
  }));

test('a file that no registry has written is an error, and is left as it is', () =>
  inFolder(async (path) => {
    await writeFile(path, '{"instances": [7]}');
    const registry = fileRegistry({ path });
    const failed = await registry.register(notes).catch((error: RpcError) => error.message);
    expect(failed).toContain('is no object');
    expect(await readFile(path, 'utf8')).toBe('{"instances": [7]}');
  }));

test('any text is a list of entries or an RpcError', () => {
  const entry = fc.record(
    {
      id: fc.oneof(fc.constant('a'), fc.anything()),
      name: fc.oneof(fc.constant('n'), fc.anything()),
      version: fc.oneof(fc.constant('1'), fc.anything()),
      address: fc.oneof(fc.constant('memory'), fc.anything()),
      health: fc.oneof(fc.constant('serving'), fc.anything()),
      labels: fc.anything(),
      endsAt: fc.oneof(fc.constant(1), fc.anything()),
    },
    { requiredKeys: [] },
  );
  const file = fc.record({ instances: fc.oneof(fc.array(entry), fc.anything()) });
  const text = fc.oneof(
    fc.string(),
    fc.json(),
    file.map((value) =>
      JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? 0 : item)),
    ),
  );
  fc.assert(
    fc.property(text, (each) => {
      try {
        for (const { instance, endsAt } of parseRegistryFile(each)) {
          expect([typeof instance.id, typeof endsAt]).toEqual(['string', 'number']);
        }
      } catch (error) {
        expect(error).toBeInstanceOf(RpcError);
      }
    }),
    { numRuns: 500 },
  );
});

test('work under a lock is done one at a time', () =>
  inFolder(async (_path, folder) => {
    let inside = 0;
    let most = 0;
    const work = async () => {
      inside += 1;
      most = Math.max(most, inside);
      await readdir(folder);
      inside -= 1;
    };
    await Promise.all(Array.from({ length: 10 }, () => withFileLock(join(folder, 'lock'), work)));
    expect(most).toBe(1);
    expect(await readdir(folder)).toEqual([]);
  }));

test('the lock of a process that is gone is taken over', () =>
  inFolder(async (_path, folder) => {
    const lock = join(folder, 'lock');
    const child = spawn('true');
    await new Promise((resolve) => child.once('exit', resolve));
    await writeFile(lock, String(child.pid));
    expect(await withFileLock(lock, async () => 'done')).toBe('done');
  }));

test('a lock that is far too old is taken over, whoever holds it', () =>
  inFolder(async (_path, folder) => {
    const lock = join(folder, 'lock');
    await writeFile(lock, String(process.pid));
    const before = new Date(Date.now() - 60_000);
    await utimes(lock, before, before);
    expect(await withFileLock(lock, async () => 'done')).toBe('done');
  }));

test('work that fails gives the lock back', () =>
  inFolder(async (_path, folder) => {
    const lock = join(folder, 'lock');
    const failed = withFileLock(lock, () => Promise.reject(new Error('no')));
    expect(await failed.catch((error: Error) => error.message)).toBe('no');
    expect(await readdir(folder)).toEqual([]);
  }));
