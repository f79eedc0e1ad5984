import { fromBase64 } from '../../../codec/base64.ts';
import { Metadata } from '../../../core/metadata.ts';
import type { HeaderSink } from '../hpack/decoder.ts';
import { binary, type HeaderField, known, malformed, notMetadata } from '../hpack/header-field.ts';
import type { Http2Limits } from '../http2-limits.ts';

/**
 * Reads a header block: metadata apart from what HTTP/2 and gRPC mean by their own names. A
 * connection has one of each kind and uses it again and again.
 */
export abstract class MessageHead implements HeaderSink {
  /** The pairs that are not reserved; what cannot be metadata is left out. */
  metadata: Metadata = Metadata.empty;
  /** HTTP/2 forbids the message (RFC 9113, 8.1.1). */
  isMalformed = false;
  /** It is larger than the limits, and `metadata` not whole. */
  isTooLarge = false;
  /** The value of `content-length`; -1 for none. */
  contentLength = -1;
  /** It has pseudo-headers. */
  hasPseudo = false;
  /** A name in `-bin` whose value is not base64; empty for none. */
  undecodable = '';
  readonly #limits: Http2Limits;
  #hasRegular = false;
  #metadataBytes = 0;
  #allBytes = 0;

  constructor(limits: Http2Limits) {
    this.#limits = limits;
  }

  reset(): void {
    this.metadata = Metadata.empty;
    this.isMalformed = false;
    this.isTooLarge = false;
    this.contentLength = -1;
    this.hasPseudo = false;
    this.undecodable = '';
    this.#hasRegular = false;
    this.#metadataBytes = 0;
    this.#allBytes = 0;
  }

  onField(field: HeaderField): void {
    const { token } = field;
    this.#allBytes += field.size;
    if ((field.flags & malformed) !== 0) this.isMalformed = true;
    else if (token === known.other) this.#pair(field);
    else if (token <= known.otherPseudo) {
      // Pseudo-headers come before all others (RFC 9113, 8.3).
      this.hasPseudo = true;
      if (this.#hasRegular || !this.takePseudo(token, field.value)) this.isMalformed = true;
    } else {
      this.#hasRegular = true;
      if (token === known.connectionSpecific) this.isMalformed = true;
      else if (token === known.te && field.value !== 'trailers') this.isMalformed = true;
      else if (token === known.contentLength) this.#length(field.value);
      else this.take(token, field.value);
    }
    const { maxMetadataBytes, maxReservedHeaderBytes } = this.#limits;
    if (this.#allBytes > maxMetadataBytes + maxReservedHeaderBytes) this.isTooLarge = true;
  }

  /** @returns false for a pseudo-header that may not be there, or not twice. */
  protected abstract takePseudo(token: number, value: string): boolean;
  protected abstract take(token: number, value: string): void;

  #length(value: string): void {
    const length = /^[0-9]{1,15}$/.test(value) ? Number(value) : -1;
    if (length < 0 || (this.contentLength >= 0 && this.contentLength !== length)) {
      this.isMalformed = true;
    } else this.contentLength = length;
  }

  #pair(field: HeaderField): void {
    this.#hasRegular = true;
    if ((field.flags & notMetadata) !== 0) return;
    this.#metadataBytes += field.size;
    if (this.#metadataBytes > this.#limits.maxMetadataBytes) {
      this.isTooLarge = true;
      return;
    }
    if (this.metadata === Metadata.empty) this.metadata = new Metadata();
    if ((field.flags & binary) === 0) this.metadata.appendUnchecked(field.name, field.value);
    else this.#bytesOf(field);
  }

  /** Several values of one name may be joined by commas, which base64 has not. */
  #bytesOf(field: HeaderField): void {
    for (const part of field.value.split(',')) {
      const bytes = fromBase64(part.trim());
      if (bytes === undefined) this.undecodable = field.name;
      else this.metadata.appendUnchecked(field.name, bytes);
    }
  }
}
