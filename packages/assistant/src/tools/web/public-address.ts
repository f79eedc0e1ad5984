import { AddressSet } from '@zeke/foundation';

/**
 * True for an address that anybody on the Internet can reach: not this machine, not a private, link-local
 * or carrier's network, not a cloud's metadata service, not what is kept for documents and tests,
 * and nothing in which an IPv4 address is wrapped. Source: IANA's special-purpose address registries.
 */
export function isPublicAddress(address: string): boolean {
  if (address.includes(':')) return globalUnicast.has(address) && !special.has(address);
  return everyIpv4.has(address) && !special.has(address);
}

const everyIpv4 = new AddressSet(['0.0.0.0/0']);
/** All of IPv6 that is given out to anybody; the rest is local, multicast, wrapped or kept. */
const globalUnicast = new AddressSet(['2000::/3']);

const special = new AddressSet([
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  // Azure's, for its machines only.
  '168.63.129.16',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
  '2001::/23',
  '2001:db8::/32',
  '2002::/16',
  '3fff::/20',
]);
