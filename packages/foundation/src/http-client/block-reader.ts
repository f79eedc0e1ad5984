import { badAnswer, HttpFault } from './http-fault.ts';

/** The largest head of an answer, with what was said before it (1xx), in bytes. */
export const maxHeadBytes = 64 * 1024;
const firstBytes = 2 * 1024;
const emptyLine = '\r\n\r\n';
const lineFeed = 10;
const carriageReturn = 13;

/** Gathers lines that come in pieces, up to the empty line after them. */
export class BlockReader {
  #held: Buffer | undefined;
  #length = 0;

  /** The block in progress has come in part. */
  get isHolding(): boolean {
    return this.#length > 0;
  }

  /**
   * Takes bytes from `at` on. Gives where those after the empty line begin, or -1 when it has not
   * come. Throws HTTP_TOO_LARGE for a block over `maxBytes`, HTTP_BAD_ANSWER for a line that ends
   * with LF alone, after which the empty line may never come.
   */
  push(bytes: Buffer, at: number, maxBytes: number): number {
    const before = this.#length;
    const taken = Math.min(bytes.length - at, maxBytes - before);
    const held = this.#roomFor(before + taken);
    bytes.copy(held, before, at, at + taken);
    this.#length += taken;
    const filled = held.subarray(0, this.#length);
    const end = filled.indexOf(emptyLine, Math.max(0, before - emptyLine.length + 1));
    refuseBareFeeds(filled, before, end < 0 ? filled.length : end);
    if (end >= 0) {
      this.#length = end + 2;
      return at + end + emptyLine.length - before;
    }
    if (at + taken < bytes.length || this.#length === maxBytes) throw tooLarge(maxBytes);
    return -1;
  }

  /** The whole block without its empty line; the next one begins. */
  take(): string {
    const text = this.#held?.toString('latin1', 0, this.#length) ?? '';
    this.clear();
    return text;
  }

  /** Trailers may be none: then the end of the line before them begins the empty line. */
  seed(text: string): void {
    this.#roomFor(text.length).write(text, 'latin1');
    this.#length = text.length;
  }

  clear(): void {
    this.#held = undefined;
    this.#length = 0;
  }

  #roomFor(length: number): Buffer {
    if (this.#held === undefined || this.#held.length < length) {
      const larger = Buffer.allocUnsafe(Math.max(firstBytes, 2 * length));
      this.#held?.copy(larger, 0, 0, this.#length);
      this.#held = larger;
    }
    return this.#held;
  }
}

export function tooLarge(maxBytes: number): HttpFault {
  return new HttpFault('HTTP_TOO_LARGE', `headers over ${maxBytes} bytes`);
}

function refuseBareFeeds(bytes: Buffer, from: number, to: number): void {
  for (let at = bytes.indexOf(lineFeed, from); at >= 0 && at < to; ) {
    if (bytes[at - 1] !== carriageReturn) throw badAnswer('a line that ends without CR');
    at = bytes.indexOf(lineFeed, at + 1);
  }
}
