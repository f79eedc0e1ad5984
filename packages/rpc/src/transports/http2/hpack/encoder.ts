import { Buffer } from 'node:buffer';
import type { ByteQueue } from '../byte-queue.ts';
import { defaultTableBytes } from './decoder.ts';
import { huffmanEncode, huffmanLength } from './huffman.ts';
import { staticCount, staticPairs } from './static-table.ts';

/**
 * A header that one connection sends again and again, such as the path of a method. Its first use
 * puts it in the table while there is room, later ones take a byte or two.
 */
export class RepeatedField {
  readonly name: string;
  readonly value: string;
  /** The entry's number since the connection began, or -1. Set by the encoder. */
  entry = -1;

  constructor(name: string, value: string) {
    this.name = name;
    this.value = value;
  }
}

/** A header block as the encoder wrote it, good as long as its `version` is that of the encoder. */
export interface PreparedBlock {
  readonly bytes: Uint8Array;
  readonly version: number;
}

/**
 * HPACK's encoder of one connection (RFC 7541), made for gRPC: nearly every block is one of a few
 * that never change, so callers keep such blocks and copy them while `version` stands still.
 *
 * Names and values must be of one byte a character. The table is never larger than 4,096 bytes.
 */
export class HpackEncoder {
  /** Changes whenever a block that was written before may no longer be sent. */
  version = 0;
  #maxBytes = defaultTableBytes;
  /** Sizes of the table's entries as a ring; the entry with number n is at n modulo its length. */
  #sizes: number[] = new Array(8).fill(0);
  #inserted = 0;
  #count = 0;
  #bytes = 0;
  /** The smallest table size since the last block, when the peer changed it; -1: it did not. */
  #smallestResize = -1;
  #names: Map<string, NameUse> | undefined;

  /** The peer's SETTINGS_HEADER_TABLE_SIZE. The next block tells it what we make of that. */
  setMaxTableBytes(allowed: number): void {
    const bytes = Math.min(allowed, defaultTableBytes);
    if (bytes === this.#maxBytes) return;
    this.#smallestResize = this.#smallestResize < 0 ? bytes : Math.min(bytes, this.#smallestResize);
    this.#maxBytes = bytes;
    this.version += 1;
    this.#evictTo(bytes);
  }

  /** Copies a block that was written before: false when it is none, or may no longer be sent. */
  writePrepared(out: ByteQueue, block: PreparedBlock | undefined): boolean {
    if (block === undefined || block.version !== this.version) return false;
    out.append(block.bytes);
    return true;
  }

  /** Has to come first in every block that does not begin with a prepared one. */
  beginBlock(out: ByteQueue): void {
    if (this.#smallestResize < 0) return;
    if (this.#smallestResize < this.#maxBytes) writeInteger(out, 0x20, 0x1f, this.#smallestResize);
    writeInteger(out, 0x20, 0x1f, this.#maxBytes);
    this.#smallestResize = -1;
    this.version += 1;
  }

  /**
   * What was written from `start` on, when `version` was as given, to be written again. Undefined for
   * a block that has filled the table, and would do so again.
   */
  prepare(out: ByteQueue, start: number, version: number): PreparedBlock | undefined {
    if (version !== this.version) return undefined;
    return { bytes: out.bytes.slice(start, out.length), version };
  }

  /** A header of the static table, by its index. */
  writeStatic(out: ByteQueue, index: number): void {
    writeInteger(out, 0x80, 0x7f, index);
  }

  /** A header that will come again. It evicts nothing: when the table is full it is spelled out. */
  writeRepeated(out: ByteQueue, field: RepeatedField): void {
    if (this.#isAlive(field.entry)) writeInteger(out, 0x80, 0x7f, this.#indexOf(field.entry));
    else if (this.#hasRoomFor(field.name, field.value))
      field.entry = this.#insert(out, field.name, field.value);
    else this.#writePlain(out, 0, field.name, this.#nameIndex(field.name, -1), field.value);
  }

  /** A header whose value is another one nearly every time: only its name is kept. */
  writeChanging(out: ByteQueue, name: string, value: string): void {
    const use = this.#use(name);
    if (use === undefined) this.#writeFirst(out, name, value);
    else this.#writePlain(out, 0, name, this.#nameIndex(name, use.entry), value);
  }

  /** A pair of metadata. A value is kept in the table from its second time in a row on. */
  writeMetadata(out: ByteQueue, name: string, value: string): void {
    if (isSecret(name, value)) {
      this.#writePlain(out, 0x10, name, this.#nameIndex(name, -1), value);
      return;
    }
    const use = this.#use(name);
    if (use === undefined) {
      this.#writeFirst(out, name, value);
    } else if (use.value === value && this.#isAlive(use.entry)) {
      writeInteger(out, 0x80, 0x7f, this.#indexOf(use.entry));
    } else if (use.candidate === value && this.#canHold(name, value)) {
      use.entry = this.#insert(out, name, value);
      use.value = value;
    } else {
      use.candidate = value;
      this.#writePlain(out, 0, name, this.#nameIndex(name, use.entry), value);
    }
  }

  #use(name: string): NameUse | undefined {
    return this.#names?.get(name);
  }

  /** The first header of its name: kept while there is room, so that at least the name is short. */
  #writeFirst(out: ByteQueue, name: string, value: string): void {
    if (this.#names === undefined || this.#names.size >= maxNames) this.#names = new Map();
    const use: NameUse = { value, candidate: value, entry: -1 };
    this.#names.set(name, use);
    if (this.#hasRoomFor(name, value)) use.entry = this.#insert(out, name, value);
    else this.#writePlain(out, 0, name, this.#nameIndex(name, -1), value);
  }

  #nameIndex(name: string, entry: number): number {
    const index = staticNames.get(name);
    if (index !== undefined) return index;
    return this.#isAlive(entry) ? this.#indexOf(entry) : 0;
  }

  /** A literal that the table does not keep: `pattern` 0, or 0x10 for one that nobody may keep. */
  #writePlain(out: ByteQueue, pattern: number, name: string, index: number, value: string): void {
    writeInteger(out, pattern, 0x0f, index);
    if (index === 0) writeText(out, name);
    writeText(out, value);
  }

  #insert(out: ByteQueue, name: string, value: string): number {
    const index = this.#nameIndex(name, this.#names?.get(name)?.entry ?? -1);
    writeInteger(out, 0x40, 0x3f, index);
    if (index === 0) writeShortest(out, name);
    writeShortest(out, value);
    const size = name.length + value.length + 32;
    this.#evictTo(this.#maxBytes - size);
    if (this.#count === this.#sizes.length) this.#grow();
    const entry = this.#inserted++;
    this.#sizes[entry & (this.#sizes.length - 1)] = size;
    this.#count += 1;
    this.#bytes += size;
    this.version += 1;
    return entry;
  }

  #hasRoomFor(name: string, value: string): boolean {
    return this.#bytes + name.length + value.length + 32 <= this.#maxBytes;
  }

  /** Whether the value is worth the entries that it would push out. */
  #canHold(name: string, value: string): boolean {
    return name.length + value.length + 32 <= this.#maxBytes / 4;
  }

  #isAlive(entry: number): boolean {
    return entry >= this.#inserted - this.#count;
  }

  #indexOf(entry: number): number {
    return staticCount + this.#inserted - entry;
  }

  #evictTo(bytes: number): void {
    while (this.#bytes > bytes && this.#count > 0) {
      const oldest = this.#inserted - this.#count;
      this.#bytes -= this.#sizes[oldest & (this.#sizes.length - 1)] as number;
      this.#count -= 1;
    }
  }

  #grow(): void {
    const sizes: number[] = new Array(this.#sizes.length * 2).fill(0);
    for (let entry = this.#inserted - this.#count; entry < this.#inserted; entry++) {
      sizes[entry & (sizes.length - 1)] = this.#sizes[entry & (this.#sizes.length - 1)] as number;
    }
    this.#sizes = sizes;
  }
}

/** What an encoder remembers of a name: the latest value in the table, and the latest it left out. */
interface NameUse {
  value: string;
  candidate: string;
  entry: number;
}

/** Names remembered at once, so that one who invents them does not fill the memory. */
const maxNames = 256;

const staticNames: ReadonlyMap<string, number> = new Map(
  staticPairs.map(([name], i) => [name, i + 1] as const).toReversed(),
);

/** A short secret in the table could be guessed from the length of what is sent (RFC 7541, 7.1). */
function isSecret(name: string, value: string): boolean {
  return value.length < 20 && secretNames.has(name);
}

const secretNames: ReadonlySet<string> = new Set([
  'authorization',
  'proxy-authorization',
  'cookie',
  'set-cookie',
  'x-api-key',
]);

/** A number after a bit pattern, in its low bits if it fits there (RFC 7541, 5.1). */
function writeInteger(out: ByteQueue, pattern: number, prefixMask: number, value: number): void {
  out.reserve(6);
  if (value < prefixMask) {
    out.bytes[out.length++] = pattern | value;
    return;
  }
  out.bytes[out.length++] = pattern | prefixMask;
  let rest = value - prefixMask;
  while (rest >= 0x80) {
    out.bytes[out.length++] = 0x80 | (rest & 0x7f);
    rest >>>= 7;
  }
  out.bytes[out.length++] = rest;
}

/** A text as it is: for what is sent once, where saving a byte is not worth the time. */
function writeText(out: ByteQueue, text: string): void {
  writeInteger(out, 0, 0x7f, text.length);
  out.reserve(text.length);
  const { bytes } = out;
  let at = out.length;
  if (text.length <= loopUpTo) {
    for (let i = 0; i < text.length; i++) bytes[at++] = text.charCodeAt(i);
  } else {
    latin1Write.call(bytes, text, at, text.length);
    at += text.length;
  }
  out.length = at;
}

/** A text in Huffman's code where that is shorter: for what stays in the table. */
function writeShortest(out: ByteQueue, text: string): void {
  const length = huffmanLength(text);
  if (length >= text.length) {
    writeText(out, text);
    return;
  }
  writeInteger(out, 0x80, 0x7f, length);
  out.reserve(length);
  out.length = huffmanEncode(text, out.bytes, out.length);
}

const loopUpTo = 32;
const latin1Write: (text: string, offset: number, length: number) => number =
  Buffer.prototype.latin1Write;
