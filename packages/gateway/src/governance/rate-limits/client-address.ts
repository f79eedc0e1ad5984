import { AddressSet } from '@zeke/foundation';

/** The address of the peer of a request's connection; undefined where there is none. */
export type PeerAddress = (request: Request) => string | undefined;

/** Proxies in a row that are looked through; the header may be as long as the server takes. */
const maxHops = 20;

/**
 * Whose address a request is from: that of the connection, or, where that is a trusted proxy, the last
 * in `x-forwarded-for` that is not one. What a client writes in the header itself stands before that,
 * and is never looked at.
 */
export class ClientAddresses {
  readonly #proxies: AddressSet | undefined;

  constructor(trustedProxies: readonly string[]) {
    this.#proxies = trustedProxies.length > 0 ? new AddressSet(trustedProxies) : undefined;
  }

  /**
   * The client's address in a form that is the same for all its requests: IPv4, or the network of an
   * IPv6 address (`2001:db8:0:1::/64`), since who has one address has all of them.
   */
  of(request: Request, peer: PeerAddress): string | undefined {
    const address = peer(request);
    if (address === undefined) return undefined;
    const near = withoutMapping(address);
    if (!this.#proxies?.has(near)) return networkOf(near);
    return networkOf(this.#behind(request.headers.get('x-forwarded-for') ?? '', near));
  }

  #behind(forwardedFor: string, near: string): string {
    let known = near;
    const hops = forwardedFor.split(',');
    for (let index = hops.length - 1; index >= Math.max(0, hops.length - maxHops); index--) {
      const hop = addressIn(hops[index] ?? '');
      // Who says nonsense in the name of a trusted proxy is that proxy.
      if (hop === undefined) return known;
      known = hop;
      if (!this.#proxies?.has(hop)) return hop;
    }
    return known;
  }
}

/**
 * An address as people write it, or as `ClientAddresses` tells it, in the form of the latter; undefined
 * for what is none.
 */
export function namedAddress(text: string): string | undefined {
  const address = addressIn(text.trim().replace(/\/64$/, ''));
  return address === undefined ? undefined : networkOf(address);
}

const ipv4 = /^(\d{1,3}(?:\.\d{1,3}){3})(?::\d{1,5})?$/;

/** An address, which some proxies write with its port. */
function addressIn(text: string): string | undefined {
  const trimmed = text.trim();
  const v4 = ipv4.exec(trimmed)?.[1];
  if (v4 !== undefined) return v4.split('.').every((part) => Number(part) <= 255) ? v4 : undefined;
  const bare = /^\[([\da-f:.]{2,45})\](?::\d{1,5})?$/i.exec(trimmed)?.[1] ?? trimmed;
  return groupsOf(bare) ? withoutMapping(bare) : undefined;
}

/** A socket for both families tells IPv4 addresses within IPv6. */
function withoutMapping(address: string): string {
  if (!address.startsWith('::') || !/^::ffff:/i.test(address)) return address;
  const v4 = address.slice('::ffff:'.length);
  return ipv4.test(v4) ? v4 : address;
}

function networkOf(address: string): string {
  if (address === '::1' || !address.includes(':')) return address;
  const groups = groupsOf(address);
  return groups ? `${groups.slice(0, 4).join(':')}::/64` : address;
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): string[] | undefined {
  const [bare = ''] = address.split('%', 1);
  if (!bare.includes(':') || bare.length > 45 || !/^[\da-f:.]+$/i.test(bare)) return undefined;
  const host = URL.parse(`http://[${bare}]`)?.hostname.slice(1, -1);
  if (host === undefined) return undefined;
  const [head = '', tail] = host.split('::');
  const before = head === '' ? [] : head.split(':');
  const after = tail ? tail.split(':') : [];
  if (tail === undefined) return before;
  return [...before, ...new Array(8 - before.length - after.length).fill('0'), ...after];
}
