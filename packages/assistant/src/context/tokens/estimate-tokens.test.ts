import { describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { countTokens } from 'gpt-tokenizer/encoding/o200k_base';
import { estimateTokens } from './estimate-tokens.ts';

const root = new URL('../../../../../', import.meta.url);

describe('within a sixth of o200k_base', () => {
  test.each([
    'packages/rpc/src/rpc-error.ts',
    'packages/assistant/src/context/tokens/token-counter.ts',
    'packages/assistant/src/testing/scripted-model.ts',
    'packages/gateway/src/governance/tokens/tokenizer.ts',
    'docs/guide/configuration.md',
    'docs/decisions/0008-token-counting.md',
    'scripts/test.sh',
    'biome.json',
  ])('%s', (path) => {
    const text = readFileSync(new URL(path, root), 'utf8');
    const ratio = estimateTokens(text) / countTokens(text);
    expect(ratio).toBeGreaterThan(5 / 6);
    expect(ratio).toBeLessThan(7 / 6);
  });
});

test('nothing is no token, and more text is never fewer tokens', () => {
  expect(estimateTokens('')).toBe(0);
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (text, more) => {
      const tokens = estimateTokens(`${text}\n${more}`);
      expect(tokens).toBeGreaterThanOrEqual(estimateTokens(text));
      expect(tokens).toBeLessThanOrEqual(2 * (text.length + more.length + 1) + 1);
    }),
  );
});
