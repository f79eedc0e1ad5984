import { afterAll, expect, test } from 'bun:test';
import { estimateUsage, textOfBody } from './estimate-usage.ts';
import { TokenCounter } from './token-counter.ts';

// Its process takes long to start.
const counter = new TokenCounter();
afterAll(() => counter[Symbol.dispose]());

test('counts in a process of its own, whole and scaled', async () => {
  expect(await counter.count(['hello world', ''])).toEqual([2, 0]);
  const [long] = await counter.count(['hello world '.repeat(50_000)]);
  expect(long).toBeGreaterThan(95_000);
  expect(long).toBeLessThan(105_000);
});

test('text without end or blank is counted before the counter is taken for stuck', async () => {
  const [letters, blanks] = await counter.count(['a'.repeat(400_000), ' '.repeat(400_000)]);
  // A counter that is stuck is ended, and then both are 100,000, a token for four characters.
  expect(letters).toBeWithin(40_000, 60_000);
  expect(blanks).toBeWithin(1_000, 20_000);
}, 60_000);

test('who waits when the counter is disposed of gets a count by length', async () => {
  const other = new TokenCounter();
  const counts = other.count(['hello world!']);
  other[Symbol.dispose]();
  expect(await counts).toEqual([3]);
});

test('special tokens in a text are text', async () => {
  const [count] = await counter.count(['<|endoftext|>']);
  expect(count).toBeGreaterThan(0);
});

test('an estimate is marked, and scaled to the share of the answer that was kept', async () => {
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'hello world' }] });
  const usage = await estimateUsage(counter, {
    input: body,
    output: 'hello world',
    outputShare: 0.5,
  });
  expect(usage).toEqual({ input: 2, output: 4, estimated: true });
});

test('names, roles, ids and media are not text', () => {
  const body = {
    model: 'm',
    messages: [
      {
        role: 'user',
        content: [
          { type: 'image_url', image_url: { url: 'data:x' } },
          { type: 'text', text: 'see' },
        ],
      },
    ],
  };
  expect(textOfBody(JSON.stringify(body))).toBe('see');
});
