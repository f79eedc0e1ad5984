import { describe, expect, test } from 'bun:test';
import { existsSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import pg from 'pg';
import { postgresDatabase, redisServer, skipsWithout, temporaryDirectory } from './index.ts';

describe('temporaryDirectory', () => {
  test('is removed with all in it', async () => {
    let path: string;
    {
      await using directory = await temporaryDirectory();
      path = directory.path;
      writeFileSync(join(path, 'file'), 'text');
    }
    expect(existsSync(path)).toBe(false);
  });
});

describe('skipsWithout', () => {
  test('skips a suite whose package is missing, but never on CI', () => {
    expect(skipsWithout('postgresql', {}, true)).toBe(false);
    expect(skipsWithout('postgresql', { CI: 'true' }, true)).toBe(false);
    expect(skipsWithout('postgresql', {}, false)).toBe(true);
    expect(() => skipsWithout('postgresql', { CI: 'true' }, false)).toThrow('postgresql');
  });

  test('is told of by the list that is installed from', async () => {
    const list = await Bun.file(
      `${import.meta.dir}/../../../../scripts/system-packages.txt`,
    ).text();
    const names = list.split('\n').map((line) => line.replace(/#.*/, '').trim());
    expect(names).toEqual(
      expect.arrayContaining(['fish', 'postgresql', 'prometheus', 'redis-server', 'zsh']),
    );
  });
});

describe.skipIf(skipsWithout('redis-server'))('redisServer', () => {
  test('answers, and is gone afterwards', async () => {
    let socket: string;
    {
      await using redis = await redisServer();
      socket = redis.socket;
      const client = new Bun.RedisClient(redis.url);
      await client.set('key', 'value');
      expect(await client.get('key')).toBe('value');
      client.close();
    }
    expect(existsSync(dirname(socket))).toBe(false);
  });
});

describe.skipIf(skipsWithout('postgresql'))('postgresDatabase', () => {
  test('gives each caller a database of its own', async () => {
    await using first = await postgresDatabase();
    await using second = await postgresDatabase();
    expect(await query(first.url, 'create table t (n int)')).toEqual([]);
    expect(await query(second.url, "select to_regclass('t') as t")).toEqual([{ t: null }]);
  });

  test('leaves no server behind, even when the tests are killed', async () => {
    const program = `
      const { postgresDatabase } = await import(${JSON.stringify(`${import.meta.dir}/index.ts`)});
      const database = await postgresDatabase();
      process.stdout.write(new URL(database.url.replace('@', '')).searchParams.get('host') + '\\n');
      setInterval(() => {}, 1000);
    `;
    const child = Bun.spawn([process.execPath, '-e', program], { stdout: 'pipe' });
    const reader = child.stdout.getReader();
    const folder = new TextDecoder().decode((await reader.read()).value).trim();
    expect(existsSync(folder)).toBe(true);
    child.kill('SIGKILL');
    await child.exited;
    while (existsSync(folder)) await Bun.sleep(10);
  });
});

async function query(url: string, text: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}
