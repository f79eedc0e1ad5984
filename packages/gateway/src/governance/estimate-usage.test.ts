import { expect, test } from 'bun:test';
import { createLogger } from '@zeke/foundation';
import { estimateUsage, textOfBody } from './estimate-usage.ts';
import { TokenCounter } from './tokens/token-counter.ts';

test('an estimate is marked, and scaled to the share of the answer that was kept', async () => {
  using counter = new TokenCounter({ log: createLogger({ level: 'error' }) });
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
