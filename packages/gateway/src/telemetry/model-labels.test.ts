import { expect, test } from 'bun:test';
import { ModelLabels, maxModelLabels } from './model-labels.ts';

test('a model has a label when it is known, or has answered where nobody knows', () => {
  const known: Record<string, boolean> = { 'a/listed': true, 'a/unlisted': false };
  const labels = new ModelLabels((provider, model) => known[`${provider}/${model}`]);
  expect(labels.of('a', 'listed', false)).toBe('listed');
  expect(labels.of('a', 'unlisted', true)).toBe('other');
  expect(labels.of('a', 'invented', false)).toBe('other');
  expect(labels.of('a', 'served', true)).toBe('served');
  expect(labels.of('a', 'served', false)).toBe('served');
  expect(labels.of('b', 'served', false)).toBe('other');
  expect(labels.of('a', '', false)).toBe('');
});

test('there are so many labels and no more, and none is long', () => {
  const labels = new ModelLabels(() => undefined);
  const seen = new Set<string>();
  for (let index = 0; index < 2 * maxModelLabels; index++) {
    seen.add(labels.of('a', `model-${index}`, true));
  }
  expect(seen.size).toBe(maxModelLabels + 1);
  expect(labels.of('a', 'model-0', false)).toBe('model-0');
  expect(new ModelLabels(() => true).of('a', 'x'.repeat(2_000), true)).toBe('other');
});
