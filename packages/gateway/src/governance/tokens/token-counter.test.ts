import { expect, test } from 'bun:test';
import { createLogger } from '@zeke/foundation';
import { TokenCounter } from './token-counter.ts';

const million = 'hello world '.repeat(83_334).slice(0, 1_000_000);
/** Without a vocabulary: a token for four characters. */
const millionByLength = 250_000;

function testCounter(vocabularyFile?: URL) {
  const logged: string[] = [];
  const write = (text: string) => void logged.push(JSON.parse(text).msg);
  const log = createLogger({ level: 'info', destination: { write } });
  const counter = new TokenCounter({ log, ...(vocabularyFile ? { vocabularyFile } : {}) });
  return { counter, logged };
}

test('counts texts in their order', async () => {
  using counter = testCounter().counter;
  expect(await counter.count(['hello world', '', 'hello'])).toEqual([2, 0, 1]);
  expect(await counter.count([])).toEqual([]);
});

test('what is beyond a million characters is scaled up', async () => {
  using counter = testCounter().counter;
  const [whole = 0, twice] = await counter.count([million, million + million]);
  expect(whole).toBeWithin(166_000, 167_000);
  expect(twice).toBe(2 * whole);
});

test('other work gets its turns while texts are counted', async () => {
  using counter = testCounter().counter;
  await counter.count(['the vocabulary is read']);
  let turns = 0;
  let counting = true;
  const take = () => {
    turns += 1;
    if (counting) setImmediate(take);
  };
  setImmediate(take);
  await counter.count([million, ...Array<string>(1_000).fill('hello world '.repeat(50))]);
  counting = false;
  expect(turns).toBeGreaterThan(5);
});

test('what comes while sixteen million characters wait is counted by its length', async () => {
  const { counter } = testCounter();
  const waiting = Array.from({ length: 16 }, () => counter.count([million]));
  expect(await counter.count([million, 'hello world'])).toEqual([millionByLength, 3]);
  counter[Symbol.dispose]();
  await Promise.all(waiting);
});

test('who waits when the counter is disposed of gets a count by length', async () => {
  const { counter } = testCounter();
  const first = counter.count([million]);
  const second = counter.count(['hello world!']);
  counter[Symbol.dispose]();
  expect(await Promise.all([first, second])).toEqual([[millionByLength], [3]]);
  expect(await counter.count(['hello world!'])).toEqual([3]);
});

test('without its vocabulary it counts by length, and says so once', async () => {
  const { counter, logged } = testCounter(new URL('./no-such-file', import.meta.url));
  expect(await counter.count(['hello world!'])).toEqual([3]);
  expect(await counter.count(['hello'])).toEqual([2]);
  expect(logged).toEqual(['tokens are counted by length: the vocabulary could not be read']);
});
