import { describe, expect, test } from 'bun:test';
import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { createLogger } from '../telemetry/logger.ts';
import { temporaryDirectory } from '../testing/index.ts';
import { Spool } from './spool.ts';

const text = new TextDecoder();

function bytesOf(record: string): Uint8Array {
  return new TextEncoder().encode(record);
}

function opened(folder: string, maxBytes = 1_000_000) {
  const logged: Record<string, unknown>[] = [];
  const write = (line: string) => void logged.push(JSON.parse(line));
  const log = createLogger({ level: 'info', destination: { write } });
  const spool = () => Spool.open({ folder, name: 'ledger', maxBytes, log });
  return { spool, logged };
}

/** Takes all records out. */
async function drained(spool: Spool): Promise<string[]> {
  const records: string[] = [];
  for (;;) {
    const record = await spool.first();
    if (!record) return records;
    records.push(text.decode(record));
    await spool.drop();
  }
}

describe('a spool', () => {
  test('gives back what it was given, in order, and leaves no file', async () => {
    await using directory = await temporaryDirectory();
    const folder = join(directory.path, 'spool');
    {
      await using spool = await opened(folder).spool();
      expect(spool.isEmpty).toBe(true);
      expect(await readdir(directory.path)).toEqual([]);
      await Promise.all(['a', '', 'ccc'].map((record) => spool.append(bytesOf(record))));
      expect(spool.isEmpty).toBe(false);
      expect(text.decode(await spool.first())).toBe('a');
      expect(text.decode(await spool.first())).toBe('a');
      expect(await drained(spool)).toEqual(['a', '', 'ccc']);
      expect(spool.isEmpty).toBe(true);
      await spool.append(bytesOf('later'));
      expect(await drained(spool)).toEqual(['later']);
    }
    expect(await readdir(folder)).toEqual([]);
  });

  test('what is left is found by the next one, and is nobody else’s meanwhile', async () => {
    await using directory = await temporaryDirectory();
    const folder = join(directory.path, 'spool');
    const { spool, logged } = opened(folder);
    {
      await using first = await spool();
      await first.append(bytesOf('a'));
      await first.append(bytesOf('b'));
      await using beside = await spool();
      expect(beside.isEmpty).toBe(true);
      await first.first();
      await first.drop();
    }
    expect(logged).toEqual([]);
    await using next = await spool();
    expect(logged.map(({ msg }) => msg)).toEqual([
      'what an earlier process could not write is found',
    ]);
    expect(await next.adopt()).toBe(false);
    // What was dropped may come again: it is known by who reads.
    await next.append(bytesOf('c'));
    expect(await drained(next)).toEqual(['a', 'b', 'c']);
    expect((await readdir(folder)).filter((name) => name.endsWith('.spool'))).toEqual([]);
  });

  test('what a killed process had appended is there, and is taken over by one that runs', async () => {
    await using directory = await temporaryDirectory();
    const folder = join(directory.path, 'spool');
    const { spool } = opened(folder);
    await using running = await spool();
    const program = `
      const { Spool } = await import(${JSON.stringify(join(import.meta.dir, 'spool.ts'))});
      const log = { warn() {}, error() {} };
      const spool = await Spool.open({ folder: ${JSON.stringify(folder)}, name: 'ledger', maxBytes: 1e6, log });
      for (const record of ['x', 'y']) await spool.append(new TextEncoder().encode(record));
      process.stdout.write('written');
      setInterval(() => {}, 1000);
    `;
    const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe' });
    await child.stdout.getReader().read();
    expect(await running.adopt()).toBe(false);
    child.kill('SIGKILL');
    await child.exited;
    expect(await running.adopt()).toBe(true);
    expect(await drained(running)).toEqual(['x', 'y']);
    expect(await readdir(folder)).toEqual([]);
  });

  test('has a limit, and room again when something was dropped', async () => {
    await using directory = await temporaryDirectory();
    await using spool = await opened(directory.path, 50).spool();
    await spool.append(new Uint8Array(20));
    expect(spool.hasRoom(20)).toBe(true);
    await spool.append(new Uint8Array(14));
    expect(spool.hasRoom(1)).toBe(false);
    await expect(spool.append(new Uint8Array(9))).rejects.toMatchObject({
      code: 'resource_exhausted',
    });
    expect(await drained(spool)).toHaveLength(2);
    await spool.append(new Uint8Array(40));
  });

  test('a disk that takes nothing is told, and nothing is there by half', async () => {
    await using directory = await temporaryDirectory();
    const folder = join(directory.path, 'spool');
    await using spool = await opened(folder).spool();
    await writeFile(folder, 'in the way');
    await expect(spool.append(bytesOf('a'))).rejects.toMatchObject({ code: 'unavailable' });
    expect(spool.isEmpty).toBe(true);
    await rm(folder);
    await spool.append(bytesOf('b'));
    expect(await drained(spool)).toEqual(['b']);
  });

  test('whatever happens to the file, what stands before the damage is read and the rest is told', async () => {
    const damage = fc.record({
      records: fc.array(fc.string({ maxLength: 40 }), { minLength: 1, maxLength: 8 }),
      at: fc.nat({ max: 10_000 }),
      how: fc.constantFrom('cut', 'flip', 'more'),
    });
    await fc.assert(
      fc.asyncProperty(damage, async ({ records, at, how }) => {
        await using directory = await temporaryDirectory();
        const folder = directory.path;
        const { spool, logged } = opened(folder);
        {
          await using first = await spool();
          for (const record of records) await first.append(bytesOf(record));
        }
        const [name = ''] = (await readdir(folder)).filter((file) => file.endsWith('.spool'));
        const file = join(folder, name);
        expect((await stat(file)).mode & 0o777).toBe(0o600);
        const whole = await readFile(file);
        const place = at % whole.length;
        const bytes = how === 'cut' ? whole.subarray(0, place) : Buffer.from(whole);
        if (how === 'flip') bytes[place] = (bytes[place] ?? 0) ^ 0x10;
        await writeFile(
          file,
          how === 'more' ? Buffer.concat([bytes, Buffer.from('\u0003')]) : bytes,
        );
        let end = 0;
        const before = records.filter((record) => {
          end += 8 + bytesOf(record).length;
          return how === 'more' || end <= place;
        });
        await using next = await spool();
        expect(await drained(next)).toEqual(before);
        const told = logged.filter(({ msg }) => String(msg).includes('damaged'));
        const kept = before.reduce((sum, record) => sum + 8 + bytesOf(record).length, 0);
        const size = how === 'more' ? whole.length + 1 : bytes.length;
        expect(told.map(({ bytes: lost }) => lost)).toEqual(size > kept ? [size - kept] : []);
        if (size > kept) expect((await stat(`${file}.damaged`)).size).toBe(size - kept);
      }),
      { numRuns: 60 },
    );
  });
});
