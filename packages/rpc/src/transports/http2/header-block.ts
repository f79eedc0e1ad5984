import { ConnectionFault } from './connection-fault.ts';
import { errorCode, frameFlag } from './frame.ts';
import type { Http2Limits } from './http2-limits.ts';

/**
 * The header block that a connection is receiving: that of one HEADERS frame, which is not copied, or
 * of one with CONTINUATION frames (RFC 9113, 4.3), of which only so many and so much is taken.
 */
export class HeaderBlock {
  stream = 0;
  endsStream = false;
  /** CONTINUATION must follow. */
  isOpen = false;
  /** The block, once it is not open, is in `bytes` from `start` to `end`. */
  bytes: Uint8Array = nothing;
  start = 0;
  end = 0;
  readonly #limits: Http2Limits;
  #continuations = 0;

  constructor(limits: Http2Limits) {
    this.#limits = limits;
  }

  /** The payload of HEADERS. @throws ConnectionFault */
  begin(flags: number, stream: number, bytes: Uint8Array, start: number, end: number): void {
    let from = start;
    let to = end;
    if ((flags & frameFlag.padded) !== 0) {
      to -= bytes[from] as number;
      from += 1;
    }
    if ((flags & frameFlag.priority) !== 0) from += 5;
    if (stream === 0 || from > to) {
      const message =
        'the peer sent HEADERS without a stream, or with padding longer than the frame';
      throw new ConnectionFault(errorCode.protocolError, message);
    }
    this.stream = stream;
    this.endsStream = (flags & frameFlag.endStream) !== 0;
    this.isOpen = (flags & frameFlag.endHeaders) === 0;
    this.#checkSize(to - from);
    this.#continuations = 0;
    this.bytes = this.isOpen ? bytes.slice(from, to) : bytes;
    this.start = this.isOpen ? 0 : from;
    this.end = this.isOpen ? this.bytes.length : to;
  }

  /** The payload of CONTINUATION. @throws ConnectionFault ENHANCE_YOUR_CALM above the limits. */
  continue(flags: number, bytes: Uint8Array, start: number, end: number): void {
    this.#continuations += 1;
    if (this.#continuations > this.#limits.maxContinuations) {
      const message = `more than ${this.#limits.maxContinuations} CONTINUATION frames in one header block, the limit maxContinuations`;
      throw new ConnectionFault(errorCode.enhanceYourCalm, message);
    }
    this.#checkSize(this.end + end - start);
    const whole = new Uint8Array(this.end + end - start);
    whole.set(this.bytes);
    whole.set(bytes.subarray(start, end), this.end);
    this.bytes = whole;
    this.end = whole.length;
    this.isOpen = (flags & frameFlag.endHeaders) === 0;
  }

  /** The block has been read. */
  release(): void {
    this.bytes = nothing;
  }

  /**
   * A block somewhat above the limits is decoded, and its call refused; one far above them is not
   * worth the time, and then the tables of HPACK have come apart.
   */
  #checkSize(bytes: number): void {
    const limit =
      blockFactor * (this.#limits.maxMetadataBytes + this.#limits.maxReservedHeaderBytes);
    if (bytes <= limit) return;
    const message = `a header block is longer than ${limit} bytes, ${blockFactor} times the limits maxMetadataBytes and maxReservedHeaderBytes`;
    throw new ConnectionFault(errorCode.enhanceYourCalm, message);
  }
}

const nothing = new Uint8Array(0);
const blockFactor = 4;
