import { expect, setDefaultTimeout, test } from 'bun:test';
import { temporaryDirectory } from '@zeke/foundation/testing';
import { exitCodes } from './exit-codes.ts';
import { processTimeoutMs, zeke, zekeUp } from './testing/zeke-process.ts';

setDefaultTimeout(processTimeoutMs);

test('the cache of a server is seen and emptied, and takes its configuration', async () => {
  await using home = await temporaryDirectory();
  const without = await zeke(['cache', 'stats'], { home: home.path });
  expect(without).toMatchObject({
    code: exitCodes.unreachable,
    stderr: expect.stringContaining('no server runs here'),
  });
  const on = { ZEKE_CACHE_ENABLED: 'true', ZEKE_CACHE_MAX_MB: '3' };
  await using server = await zekeUp(['--demo'], { home: home.path, environment: on });
  const environment = { ZEKE_URL: server.url };
  const out = async (line: string) =>
    (await zeke(line.split(' '), { home: home.path, environment })).stdout;
  const ask = async () => {
    const answer = await fetch(`${server.url}/v1/chat/completions`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        model: 'demo-openai/gpt-4.1-mini',
        messages: [{ role: 'user', content: 'hi' }],
        temperature: 0,
      }),
    });
    await answer.text();
    return answer.headers.get('x-zeke-cache');
  };
  expect([await ask(), await ask()]).toEqual(['miss', 'hit']);
  const table = await out('cache stats');
  expect(table).toMatch(/\nanswers +1\nmemory +0\.0 of 3\.0 MiB\nhits +1\n/);
  const stats = JSON.parse(await out('cache stats --json'));
  expect(stats.cache).toMatchObject({ enabled: true, hits: 1, misses: 1, entries: 1 });
  expect(await out('cache clear')).toBe('forgot 1 answer\n');
  expect(await ask()).toBe('miss');
});
