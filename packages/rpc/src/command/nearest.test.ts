import { expect, test } from 'bun:test';
import { didYouMean, nearest } from './nearest.ts';

const services = ['shop.v1.Orders', 'shop.v1.Stock', 'grpc.health.v1.Health'];

test.each([
  ['shop.v1.Ordres', ['shop.v1.Orders']],
  ['orders', ['shop.v1.Orders']],
  ['Helth', ['grpc.health.v1.Health']],
  ['shop.v2.Stock', ['shop.v1.Stock']],
  ['zebra', []],
  ['', []],
])('%s', (name, expected) => {
  expect(nearest(name, services)).toEqual(expected);
});

test('a swap is one step, and at most three are named', () => {
  expect(nearest('ab', ['ba', 'ac', 'ad', 'ae'])).toHaveLength(3);
  expect(didYouMean('idd', ['id', 'name'])).toBe(': did you mean id?');
  expect(didYouMean('zebra', ['id'])).toBe('');
});
