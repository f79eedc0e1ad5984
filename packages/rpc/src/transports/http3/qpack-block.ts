import { huffmanDecode } from '../http2/hpack/huffman.ts';
import type { HeaderFields } from '../quic/node-quic.ts';
import { qpackStaticTable } from './qpack-static-table.ts';

const maxFields = 1_024;
/** Of one number: fields are far shorter than 2 ** 28 bytes. */
const maxIntegerBytes = 5;
const fromUtf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * The fields of an encoded field section that uses no dynamic table (RFC 9204, 4.5); undefined for
 * bytes that are none. A name that comes more than once has a list.
 */
export function readQpackBlock(bytes: Uint8Array): HeaderFields | undefined {
  try {
    return new BlockReader(bytes).fields();
  } catch {
    return undefined;
  }
}

class BlockReader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  fields(): HeaderFields {
    // Required Insert Count and Base, which refer to the dynamic table.
    if (this.#integer(8) !== 0 || this.#integer(7) !== 0) throw new RangeError('a dynamic table');
    const fields: Record<string, string | string[]> = {};
    for (let count = 0; this.#at < this.#bytes.length; count++) {
      if (count === maxFields) throw new RangeError('too many fields');
      const [name, value] = this.#field();
      const before = fields[name];
      if (before === undefined) fields[name] = value;
      else if (typeof before === 'string') fields[name] = [before, value];
      else before.push(value);
    }
    return fields;
  }

  #field(): readonly [name: string, value: string] {
    const first = this.#peek();
    if ((first & 0xc0) === 0xc0) return staticPair(this.#integer(6));
    if ((first & 0xd0) === 0x50) {
      const [name] = staticPair(this.#integer(4));
      return [name, this.#text(7)];
    }
    if ((first & 0xe0) === 0x20) {
      const name = this.#text(3);
      return [name, this.#text(7)];
    }
    throw new RangeError('a reference to the dynamic table');
  }

  /** A string whose length has a prefix of so many bits, before which a bit says whether it is Huffman's code. */
  #text(prefixBits: number): string {
    const isCoded = (this.#peek() & (1 << prefixBits)) !== 0;
    const length = this.#integer(prefixBits);
    const start = this.#at;
    const end = start + length;
    if (end > this.#bytes.length) throw new RangeError('a string beyond the end');
    this.#at = end;
    if (!isCoded) return fromUtf8.decode(this.#bytes.subarray(start, end));
    const decoded = new Uint8Array(Math.ceil((length * 8) / 5));
    return fromUtf8.decode(decoded.subarray(0, huffmanDecode(this.#bytes, start, end, decoded)));
  }

  /** An integer with a prefix of so many bits (RFC 7541, 5.1). */
  #integer(prefixBits: number): number {
    const mask = (1 << prefixBits) - 1;
    let value = this.#peek() & mask;
    this.#at++;
    if (value < mask) return value;
    for (let i = 0, factor = 1; i < maxIntegerBytes; i++, factor *= 128) {
      const byte = this.#peek();
      this.#at++;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
    throw new RangeError('a number that is too long');
  }

  #peek(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new RangeError('the block ends too early');
    return byte;
  }
}

function staticPair(index: number): readonly [name: string, value: string] {
  const pair = qpackStaticTable[index];
  if (pair === undefined) throw new RangeError('an index beyond the static table');
  return pair;
}
