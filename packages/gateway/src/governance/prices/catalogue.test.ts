import { describe, expect, test } from 'bun:test';
import { dirname, join } from 'node:path';
import { calcPrice, waitForUpdate } from '@pydantic/genai-prices';
import { createLogger } from '@zeke/foundation';
import { bundledCatalogue, PriceCatalogue } from './catalogue.ts';
import { catalogueText } from './catalogue-text.ts';
import { correctVendors } from './corrections.ts';
import { costOf } from './cost-of.ts';
import { ratesAt } from './rates.ts';
import { readGenaiPrices } from './read-genai-prices.ts';

const noon = Date.parse('2026-11-21T12:00:00Z');
const log = createLogger({ level: 'info', destination: { write: () => {} } });

test('the bundled catalogue is that of the pinned package, corrected; bun scripts/generate-prices.ts writes it', async () => {
  const folder = dirname(Bun.resolveSync('@pydantic/genai-prices', import.meta.dir));
  const { version } = await Bun.file(join(folder, '../package.json')).json();
  const vendors = correctVendors(readGenaiPrices(await waitForUpdate()));
  const text = await Bun.file(join(import.meta.dir, 'gen/catalogue.json')).text();
  expect(text === catalogueText({ source: `genai-prices ${version}`, vendors })).toBe(true);
});

test('costs what the package itself says, for every model whose parts have prices and that we do not correct', async () => {
  const catalogue = await bundledCatalogue();
  const usage = { input: 250_000, cachedInput: 30_000, cacheWrite5m: 2_000, output: 7_000 };
  const wrong: string[] = [];
  let compared = 0;
  for (const vendor of catalogue.vendors) {
    for (const { corrected, id, prices } of vendor.models) {
      if (corrected !== undefined) continue;
      const found = calcPrice(
        {
          input_tokens: 250_000,
          cache_read_tokens: 30_000,
          cache_write_tokens: 2_000,
          output_tokens: 7_000,
        },
        id,
        { providerId: vendor.id, timestamp: new Date(noon) },
      );
      // An id need not fit its own rule, then it is another model that the package finds.
      if (found?.model.id !== id || found.provider.id !== vendor.id) continue;
      const cost = costOf(usage, ratesAt(prices, noon) ?? {}, 'test');
      if (cost === null) continue;
      compared += 1;
      const difference = Math.abs(cost.totalMicroUsd - found.total_price * 1e6);
      // Ours is rounded to a whole micro-USD.
      if (difference > 0.501) wrong.push(`${vendor.id}/${id}: ${difference}`);
    }
  }
  expect(wrong).toEqual([]);
  expect(compared).toBeGreaterThan(1_000);
});

describe('a model is found', () => {
  const vendor = (id: string, name: string) => [{ kind: 'vendor', ids: [id] }, name] as const;
  const address = (url: string, name: string) => [{ kind: 'address', url }, name] as const;

  test.each([
    [vendor('openai', 'gpt-5-mini-2025-08-07'), 'openai/gpt-5-mini'],
    [vendor('openai', 'GPT-5-Mini'), 'openai/gpt-5-mini'],
    [vendor('azure', 'gpt-5-mini'), 'openai/gpt-5-mini'],
    [vendor('anthropic', 'claude-sonnet-4-5-20250929'), 'anthropic/claude-sonnet-4-5'],
    [vendor('google', 'models/gemini-2.5-pro'), 'google/gemini-2.5-pro'],
    [vendor('google', 'publishers/google/models/gemini-2.5-pro'), 'google/gemini-2.5-pro'],
    [vendor('google', 'claude-opus-4-6@20260205'), 'google/claude-opus-4-6'],
    [vendor('aws', 'global.anthropic.claude-opus-5-5'), 'aws/global.anthropic.claude-opus-5-5'],
    [vendor('aws', 'us.anthropic.claude-opus-5-5'), 'aws/regional.anthropic.claude-opus-5-5'],
    [vendor('aws', 'in.anthropic.claude-opus-5-5'), 'aws/regional.anthropic.claude-opus-5-5'],
    [vendor('aws', 'us-gov.anthropic.claude-opus-5-5'), 'aws/regional.anthropic.claude-opus-5-5'],
    [
      vendor('aws', 'arn:aws:bedrock:us-east-1:1:inference-profile/eu.anthropic.claude-opus-5-5'),
      'aws/regional.anthropic.claude-opus-5-5',
    ],
    [
      address('https://openrouter.ai/api/v1', 'anthropic/claude-sonnet-4.5'),
      'openrouter/anthropic/claude-sonnet-4.5',
    ],
    [address('https://api.groq.com/openai/v1', 'openai/gpt-oss-120b'), 'groq/openai/gpt-oss-120b'],
    [address('https://api.deepseek.com', 'deepseek-v4-pro'), 'deepseek/deepseek-v4-pro'],
    [
      address('https://api.mistral.ai/v1', 'mistral-large-latest'),
      ', corrected: mistral/mistral-large-latest',
    ],
    [address('https://api.mistral.ai/v1', 'mistral-large-2411'), 'mistral/mistral-large'],
    [vendor('aws', 'eu.amazon.nova-lite-v1:0'), ', corrected: aws/eu.amazon.nova-lite-v1:0'],
  ])('%p', async ([pricing, name], expected) => {
    const found = await new PriceCatalogue({ log }).find(pricing as never, name);
    expect(found?.source).toEndWith(expected.startsWith(',') ? expected : `: ${expected}`);
  });

  test.each([
    vendor('openai', 'gpt-99'),
    vendor('openai', 'claude-sonnet-4-5'),
    vendor('nobody', 'gpt-5-mini'),
    vendor('openai', ''),
    vendor('openai', 'gpt-5-mini'.repeat(10_000)),
    vendor('aws', 'arn:aws:bedrock:us-east-1:1:application-inference-profile/a1b2c3'),
    address('http://127.0.0.1:8000/v1', 'gpt-5-mini'),
    address('https://evil.example/?https://api.openai.com', 'gpt-5-mini'),
  ])('or not: %p', async (pricing, name) => {
    expect(await new PriceCatalogue({ log }).find(pricing as never, name)).toBeUndefined();
  });
});
