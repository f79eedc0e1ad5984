import { BlockList, isIP } from 'node:net';

/** Addresses and subnets, IPv4 and IPv6. */
export class AddressSet {
  readonly #list = new BlockList();

  /** Entries that `isAddressOrSubnet` does not know are left out. */
  constructor(entries: readonly string[]) {
    for (const entry of entries) {
      const parsed = parse(entry);
      if (parsed) this.#list.addSubnet(parsed.address, parsed.bits, parsed.family);
    }
  }

  has(address: string): boolean {
    const version = isIP(address);
    return version !== 0 && this.#list.check(address, version === 4 ? 'ipv4' : 'ipv6');
  }
}

/** True for `10.0.0.1`, `10.0.0.0/8`, `fd00::1` and `fd00::/8`. */
export function isAddressOrSubnet(text: string): boolean {
  return parse(text) !== undefined;
}

interface Subnet {
  address: string;
  bits: number;
  family: 'ipv4' | 'ipv6';
}

function parse(entry: string): Subnet | undefined {
  const [address = '', bitsText, ...more] = entry.split('/');
  const version = isIP(address);
  if (version === 0 || address.includes('%') || more.length > 0) return undefined;
  const most = version === 4 ? 32 : 128;
  if (bitsText !== undefined && !/^\d{1,3}$/.test(bitsText)) return undefined;
  const bits = bitsText === undefined ? most : Number(bitsText);
  return bits <= most ? { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' } : undefined;
}
