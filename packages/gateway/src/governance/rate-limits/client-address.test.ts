import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { ClientAddresses } from './client-address.ts';

const proxies = ['10.0.0.0/8', 'fd00::/8'];

function addressOf(peer: string, forwardedFor?: string, trusted = proxies): string | undefined {
  const headers = forwardedFor === undefined ? undefined : { 'x-forwarded-for': forwardedFor };
  const request = new Request('http://127.0.0.1/', headers ? { headers } : {});
  return new ClientAddresses(trusted).of(request, () => peer);
}

test.each([
  ['203.0.113.9', undefined, '203.0.113.9'],
  ['203.0.113.9', '198.51.100.1', '203.0.113.9'],
  ['::ffff:203.0.113.9', undefined, '203.0.113.9'],
  ['::1', undefined, '::1'],
  ['2001:db8:0:1:aaaa::7', undefined, '2001:db8:0:1::/64'],
  ['2001:0DB8::1', undefined, '2001:db8:0:0::/64'],
  ['fe80::1%eth0', undefined, 'fe80:0:0:0::/64'],
  ['10.0.0.1', undefined, '10.0.0.1'],
  ['10.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['10.0.0.1', '1.1.1.1, 198.51.100.1', '198.51.100.1'],
  ['10.0.0.1', '1.1.1.1, 198.51.100.1, 10.0.0.7', '198.51.100.1'],
  ['10.0.0.1', '10.0.0.9, 10.0.0.8', '10.0.0.9'],
  ['10.0.0.1', '1.1.1.1, unknown', '10.0.0.1'],
  ['10.0.0.1', '1.1.1.1, nonsense, 10.0.0.7', '10.0.0.7'],
  ['10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
  ['10.0.0.1', '[2001:db8::5]:4711', '2001:db8:0:0::/64'],
  ['10.0.0.1', '::ffff:198.51.100.1', '198.51.100.1'],
  ['10.0.0.1', '999.1.1.1', '10.0.0.1'],
  ['::ffff:10.0.0.1', '198.51.100.1', '198.51.100.1'],
  ['fd00::1', '198.51.100.1', '198.51.100.1'],
])('a connection from %s that says %p is from %s', (peer, forwardedFor, expected) => {
  expect(addressOf(peer, forwardedFor)).toBe(expected);
});

test('nobody is believed where no proxy is trusted', () => {
  expect(addressOf('10.0.0.1', '198.51.100.1', [])).toBe('10.0.0.1');
});

test('a connection without an address has none', () => {
  const request = new Request('http://127.0.0.1/');
  expect(new ClientAddresses([]).of(request, () => undefined)).toBeUndefined();
});

const hops = fc.array(
  fc.oneof(fc.ipV4(), fc.ipV6(), fc.stringMatching(/^[ -+\--~]{0,60}$/), fc.constant('10.0.0.3')),
  { maxLength: 60 },
);

test('whatever a client writes before what the proxy saw changes nothing', () => {
  fc.assert(
    fc.property(hops, fc.ipV4(), (written, seen) => {
      fc.pre(!seen.startsWith('10.'));
      expect(addressOf('10.0.0.1', [...written, seen].join(', '))).toBe(seen);
    }),
  );
});

test('no header makes it throw, or gives a long address', () => {
  fc.assert(
    fc.property(hops, fc.oneof(fc.ipV4(), fc.ipV6()), (written, peer) => {
      const address = addressOf(peer, written.join(','), ['0.0.0.0/0', '::/0']);
      expect(address?.length).toBeLessThan(60);
    }),
  );
});
