import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { AddressSet, isAddressOrSubnet } from './address-set.ts';

test.each([
  ['10.0.0.1', '10.0.0.1', true],
  ['10.0.0.1', '10.0.0.2', false],
  ['10.0.0.0/8', '10.200.3.4', true],
  ['10.0.0.0/8', '11.0.0.1', false],
  ['0.0.0.0/0', '203.0.113.9', true],
  ['fd00::/8', 'fd12::7', true],
  ['fd00::/8', 'fe80::1', false],
  ['fd00::1', 'fd00:0:0::1', true],
  ['10.0.0.0/8', 'no address', false],
])('%s: has %s: %p', (entry, address, expected) => {
  expect(isAddressOrSubnet(entry)).toBe(true);
  expect(new AddressSet([entry]).has(address)).toBe(expected);
});

test.each([
  '',
  'localhost',
  '10.0.0',
  '10.0.0.1/33',
  '10.0.0.1/-1',
  '::1/129',
  '::1/',
  '1.2.3.4/8/8',
  'fe80::1%eth0',
])('%p is none', (entry) => {
  expect(isAddressOrSubnet(entry)).toBe(false);
  expect(new AddressSet([entry]).has('10.0.0.1')).toBe(false);
});

test('no text makes it throw, and what it takes it can look up', () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), fc.ipV4Extended()), (text) => {
      const set = new AddressSet([text]);
      set.has(text);
      if (isAddressOrSubnet(text) && !text.includes('/')) expect(set.has(text)).toBe(true);
    }),
  );
});
