import { expect, test } from 'bun:test';
import { fixedLimits, keyLimits } from '../../scripts/limits.ts';
import { readPage, withLimits } from '../../scripts/limits-page.ts';

test('the reference has the limits as they are; bun scripts/limits-page.ts writes it', async () => {
  const page = await readPage();
  expect(await withLimits(page)).toBe(page);
});

test('every limit of the server that the configuration has stands in it', async () => {
  const { listConfigKeys } = await import('@zeke/foundation');
  const named = new Set(keyLimits.map(({ key }) => key));
  const limits = (await listConfigKeys())
    .map(({ path }) => path)
    .filter((path) => /^server\.(max_|queue_)|^server\..*_timeout_ms$/.test(path));
  expect(limits.filter((path) => !named.has(path))).toEqual([]);
});

test('none stands in it twice', () => {
  const sources = [
    ...keyLimits.map(({ key }) => key),
    ...fixedLimits.map(({ constant, file }) => `${file} ${constant}`),
  ];
  expect(new Set(sources).size).toBe(sources.length);
});
