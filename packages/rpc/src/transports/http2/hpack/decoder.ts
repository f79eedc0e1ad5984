import { Buffer } from 'node:buffer';
import { CompressionFault } from './compression-fault.ts';
import {
  fieldOfName,
  type HeaderField,
  headerField,
  sharedField,
  staticFields,
} from './header-field.ts';
import { huffmanDecode } from './huffman.ts';
import { staticCount } from './static-table.ts';

/** Takes the headers of a block in their order. */
export interface HeaderSink {
  onField(field: HeaderField): void;
}

/** What SETTINGS_HEADER_TABLE_SIZE is when nobody sets it, in bytes (RFC 9113, 6.5.2). */
export const defaultTableBytes = 4096;

/**
 * HPACK's decoder of one connection (RFC 7541). What a block decodes to may be much longer than the
 * block: bounding that is up to the sink, and nothing is decoded twice for a header in a table.
 */
export class HpackDecoder {
  readonly #allowedBytes: number;
  #maxBytes: number;
  /** The dynamic table as a ring; its length is a power of two, and the newest entry at `#newest`. */
  #ring: (HeaderField | undefined)[] = [];
  #newest = -1;
  #count = 0;
  #bytes = 0;
  /** Where in the block the decoding stands. */
  #at = 0;

  /** `maxTableBytes` is what we tell the peer in SETTINGS_HEADER_TABLE_SIZE. */
  constructor(maxTableBytes: number = defaultTableBytes) {
    this.#allowedBytes = maxTableBytes;
    this.#maxBytes = maxTableBytes;
  }

  /**
   * Decodes the whole block from `start` to `end`.
   * @throws CompressionFault for anything that is not HPACK.
   */
  decode(bytes: Uint8Array, start: number, end: number, sink: HeaderSink): void {
    this.#at = start;
    let mayResize = true;
    while (this.#at < end) {
      const byte = bytes[this.#at] as number;
      if (byte >= 0x80) {
        sink.onField(this.#field(this.#integer(bytes, end, 0x7f)));
      } else if (byte >= 0x40) {
        const field = sharedField(this.#literal(bytes, end, 0x3f));
        this.#insert(field);
        sink.onField(field);
      } else if (byte >= 0x20) {
        if (!mayResize) throw new CompressionFault('a table size update follows a header');
        this.#resize(this.#integer(bytes, end, 0x1f));
        continue;
      } else {
        sink.onField(this.#literal(bytes, end, 0x0f));
      }
      mayResize = false;
    }
  }

  #field(index: number): HeaderField {
    if (index > staticCount) {
      const back = index - staticCount - 1;
      if (back < this.#count) {
        return this.#ring[(this.#newest - back) & (this.#ring.length - 1)] as HeaderField;
      }
    } else if (index > 0) {
      return staticFields[index] as HeaderField;
    }
    throw new CompressionFault(
      `header index ${index} is not in the table of ${staticCount + this.#count}`,
    );
  }

  #literal(bytes: Uint8Array, end: number, prefixMask: number): HeaderField {
    const index = this.#integer(bytes, end, prefixMask);
    if (index > 0) {
      const named = this.#field(index);
      return fieldOfName(named, this.#text(bytes, end));
    }
    const name = this.#text(bytes, end);
    return headerField(name, this.#text(bytes, end));
  }

  /** A number that begins in the low bits of the next byte (RFC 7541, 5.1). */
  #integer(bytes: Uint8Array, end: number, prefixMask: number): number {
    let value = (bytes[this.#at++] as number) & prefixMask;
    if (value < prefixMask) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      if (this.#at >= end) throw new CompressionFault('a header block ends within a number');
      const byte = bytes[this.#at++] as number;
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new CompressionFault('a number in a header block is longer than four bytes');
  }

  #text(bytes: Uint8Array, end: number): string {
    if (this.#at >= end) throw new CompressionFault('a header block ends before a text');
    const coded = (bytes[this.#at] as number) >= 0x80;
    const length = this.#integer(bytes, end, 0x7f);
    const start = this.#at;
    if (length > end - start) throw new CompressionFault('a header block ends within a text');
    this.#at = start + length;
    if (!coded) return latin1(bytes, start, this.#at);
    const into = scratch(Math.ceil((length * 8) / 5));
    return latin1(into, 0, huffmanDecode(bytes, start, this.#at, into));
  }

  #insert(field: HeaderField): void {
    this.#evictTo(this.#maxBytes - field.size);
    // An entry that alone is larger than the table empties it (RFC 7541, 4.4).
    if (field.size > this.#maxBytes) return;
    if (this.#count === this.#ring.length) this.#grow();
    this.#newest = (this.#newest + 1) & (this.#ring.length - 1);
    this.#ring[this.#newest] = field;
    this.#count += 1;
    this.#bytes += field.size;
  }

  #resize(maxBytes: number): void {
    if (maxBytes > this.#allowedBytes) {
      throw new CompressionFault(
        `a table of ${maxBytes} bytes is larger than the ${this.#allowedBytes} that were allowed`,
      );
    }
    this.#maxBytes = maxBytes;
    this.#evictTo(maxBytes);
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > bytes && this.#count > 0) {
      this.#count -= 1;
      const oldest = (this.#newest - this.#count) & (this.#ring.length - 1);
      this.#bytes -= (this.#ring[oldest] as HeaderField).size;
      this.#ring[oldest] = undefined;
    }
  }

  #grow(): void {
    const ring: (HeaderField | undefined)[] = new Array(Math.max(8, this.#ring.length * 2));
    for (let i = 0; i < this.#count; i++) {
      ring[i] = this.#ring[(this.#newest - this.#count + 1 + i) & (this.#ring.length - 1)];
    }
    this.#ring = ring;
    this.#newest = this.#count - 1;
  }
}

const latin1Slice: (start: number, end: number) => string = Buffer.prototype.latin1Slice;

/** Bytes as characters of the same number. */
function latin1(bytes: Uint8Array, start: number, end: number): string {
  return latin1Slice.call(bytes, start, end);
}

const smallScratch = new Uint8Array(4096);

/** Room for a text while it is decoded; nothing here can be entered twice. */
function scratch(bytes: number): Uint8Array {
  return bytes <= smallScratch.length ? smallScratch : new Uint8Array(bytes);
}
