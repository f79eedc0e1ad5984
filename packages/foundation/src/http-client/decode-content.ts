import { once } from 'node:events';
import type { Duplex } from 'node:stream';
import {
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createZstdDecompress,
} from 'node:zlib';
import type { HttpAnswer, HttpHeaders } from './http-answer.ts';
import { badAnswer, HttpFault } from './http-fault.ts';

/**
 * A body that is so much larger than what came is no text that somebody compressed, but made to fill
 * memories. It counts above the first bytes only.
 */
const maxRatio = 250;
const freeBytes = 16 * 1024 * 1024;

/**
 * An answer whose body was compressed, though nobody asked for that, as plain bytes. Throws
 * HTTP_BAD_ANSWER for a `content-encoding` that is not one of gzip, deflate, br and zstd; reads fail
 * with it for bytes that are not what it says.
 */
export function decodeContent(answer: HttpAnswer, encoding: string): HttpAnswer {
  return new DecodedAnswer(answer, decoderOf(encoding));
}

function decoderOf(encoding: string): Duplex {
  switch (encoding) {
    case 'gzip':
    case 'x-gzip':
      return createGunzip();
    case 'deflate':
      return createInflate();
    case 'br':
      return createBrotliDecompress();
    case 'zstd':
      return createZstdDecompress();
    default:
      throw badAnswer('a content-encoding that nobody asked for');
  }
}

class DecodedAnswer implements HttpAnswer {
  readonly status: number;
  readonly ok: boolean;
  readonly headers: HttpHeaders;
  readonly isAtHand = false;
  readonly #source: HttpAnswer;
  readonly #decoder: Duplex;
  readonly #chunks: AsyncIterator<Buffer>;
  #isBegun = false;
  #cameBytes = 0;
  #toldBytes = 0;

  constructor(source: HttpAnswer, decoder: Duplex) {
    this.status = source.status;
    this.ok = source.ok;
    this.headers = source.headers;
    this.#source = source;
    this.#decoder = decoder;
    this.#chunks = decoder[Symbol.asyncIterator]();
  }

  async read(): Promise<Uint8Array | undefined> {
    if (!this.#isBegun) {
      this.#isBegun = true;
      void this.#feed();
    }
    let next: IteratorResult<Buffer, undefined>;
    try {
      next = await this.#chunks.next();
    } catch (reason) {
      this.#source.cancel();
      throw isOfDecoder(reason) ? badAnswer('a body that is not compressed as it says') : reason;
    }
    if (next.done) return undefined;
    this.#toldBytes += next.value.length;
    if (this.#toldBytes > freeBytes + maxRatio * this.#cameBytes) {
      this.cancel();
      throw new HttpFault('HTTP_TOO_LARGE', `a body that grows more than ${maxRatio} times`);
    }
    return next.value;
  }

  cancel(): void {
    this.#source.cancel();
    this.#decoder.destroy();
  }

  async #feed(): Promise<void> {
    const decoder = this.#decoder;
    try {
      for (;;) {
        const chunk = await this.#source.read();
        if (chunk === undefined || decoder.destroyed) break;
        this.#cameBytes += chunk.length;
        if (!decoder.write(chunk)) await once(decoder, 'drain');
      }
      decoder.end();
    } catch (reason) {
      decoder.destroy(reason instanceof Error ? reason : new Error(String(reason)));
    }
  }
}

/** What zlib says of bytes that it cannot read. */
function isOfDecoder(reason: unknown): boolean {
  const code = reason instanceof Error && 'code' in reason ? String(reason.code) : '';
  return /^(Z_|ERR__ERROR|ERR_BROTLI|ERR_ZSTD|ZSTD_|ERR_.*DECODE)/.test(code);
}
