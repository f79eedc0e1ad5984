import { expect, test } from 'bun:test';
import fc from 'fast-check';
import type { Discovery } from '../registry/registry.ts';
import { type Endpoint, EndpointList, type Endpoints, weightOf } from './endpoints.ts';

test('listeners are told of each change until they have enough', () => {
  const list = new EndpointList([{ address: 'a' }]);
  const seen: (readonly Endpoint[])[] = [];
  const stop = list.onChange((endpoints) => seen.push(endpoints));
  list.set([{ address: 'b' }]);
  stop();
  list.set([]);
  expect(seen).toEqual([[{ address: 'b' }]]);
  expect(list.current).toEqual([]);
});

test('what a registry has discovered are endpoints', () => {
  const asEndpoints = (discovery: Discovery): Endpoints => discovery;
  expect(asEndpoints).toBeFunction();
});

test('a weight is said outright or by a label, and is always a share', () => {
  expect(weightOf({ address: 'a' })).toBe(1);
  expect(weightOf({ address: 'a', weight: 3, labels: { weight: '5' } })).toBe(3);
  expect(weightOf({ address: 'a', labels: { weight: '5' } })).toBe(5);
  expect(weightOf({ address: 'a', labels: { weight: 'heavy' } })).toBe(1);
  expect(weightOf({ address: 'a', weight: 0 })).toBe(0.01);
  fc.assert(
    fc.property(fc.oneof(fc.double(), fc.constant(undefined)), fc.string(), (weight, label) => {
      const labels = { weight: label };
      const found = weightOf(
        weight === undefined ? { address: 'a', labels } : { address: 'a', weight },
      );
      expect(found).toBeGreaterThan(0);
      expect(found).toBeLessThanOrEqual(65_535);
    }),
  );
});
