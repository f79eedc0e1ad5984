import { ConnectionFault } from './connection-fault.ts';
import type { FloodGuard } from './flood-guard.ts';
import { errorCode, frameFlag, frameType, max31Bits } from './frame.ts';
import type { FrameSink } from './frame-parser.ts';
import { HeaderBlock } from './header-block.ts';
import type { Http2Limits } from './http2-limits.ts';

/** Takes frames whose form is right. Bytes are lent until it returns. */
export interface FrameReceiver {
  /** The peer has sent its first SETTINGS. */
  readonly isReady: boolean;
  /** DATA, or a part of it; `flowBytes` is what it counts in flow control, with its padding. */
  receiveData(
    stream: number,
    isLast: boolean,
    bytes: Uint8Array,
    start: number,
    end: number,
    flowBytes: number,
  ): void;
  receiveHeaders(
    stream: number,
    endsStream: boolean,
    block: Uint8Array,
    start: number,
    end: number,
  ): void;
  receiveReset(stream: number, code: number): void;
  receiveSettings(bytes: Uint8Array, start: number, end: number): void;
  receiveSettingsAck(): void;
  /** The eight bytes from `start` on want to be sent back. */
  receivePing(bytes: Uint8Array, start: number): void;
  receivePong(): void;
  receiveGoaway(lastStream: number, code: number, message: string): void;
  receiveWindowUpdate(stream: number, more: number): void;
}

/**
 * Checks each frame by itself (RFC 9113, 6): its size, its stream, its place. Header blocks are put
 * together, padding is taken off, what has no meaning here is counted and dropped.
 */
export class FrameChecker implements FrameSink {
  readonly #receiver: FrameReceiver;
  readonly #guard: FloodGuard;
  readonly #block: HeaderBlock;

  constructor(receiver: FrameReceiver, guard: FloodGuard, limits: Http2Limits) {
    this.#receiver = receiver;
    this.#guard = guard;
    this.#block = new HeaderBlock(limits);
  }

  /** @throws ConnectionFault for a frame that ends the connection. */
  onDataPart(flags: number, stream: number, bytes: Uint8Array, start: number, end: number): void {
    this.#checkOrder(frameType.data, stream);
    const isLast = (flags & frameFlag.endStream) !== 0;
    if (start === end && !isLast) this.#guard.emptyFrame();
    this.#receiver.receiveData(stream, isLast, bytes, start, end, end - start);
  }

  /** @throws ConnectionFault for a frame that ends the connection. */
  onFrame(
    type: number,
    flags: number,
    stream: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    this.#checkOrder(type, stream);
    const size = end - start;
    switch (type) {
      case frameType.data:
        this.#paddedData(flags, stream, bytes, start, end);
        break;
      case frameType.headers:
        this.#block.begin(flags, stream, bytes, start, end);
        this.#endBlock();
        break;
      case frameType.continuation:
        this.#block.continue(flags, bytes, start, end);
        this.#endBlock();
        break;
      case frameType.resetStream:
        if (size !== 4) throw wrongSize('RST_STREAM');
        this.#receiver.receiveReset(stream, u32(bytes, start));
        break;
      case frameType.settings:
        this.#settings(flags, stream, bytes, start, end);
        break;
      case frameType.ping:
        requireConnection(stream, 'PING');
        if (size !== 8) throw wrongSize('PING');
        if ((flags & frameFlag.ack) !== 0) this.#receiver.receivePong();
        else this.#ping(bytes, start);
        break;
      case frameType.goaway:
        requireConnection(stream, 'GOAWAY');
        if (size < 8) throw wrongSize('GOAWAY');
        this.#goaway(bytes, start, end);
        break;
      case frameType.windowUpdate:
        if (size !== 4) throw wrongSize('WINDOW_UPDATE');
        this.#guard.windowUpdate();
        this.#receiver.receiveWindowUpdate(stream, u32(bytes, start) & max31Bits);
        break;
      case frameType.pushPromise:
        throw protocolError('PUSH_PROMISE, which nobody may send here');
      default:
        this.#ignore(type, stream, size);
    }
  }

  /** SETTINGS come first, and nothing comes between the parts of a header block. */
  #checkOrder(type: number, stream: number): void {
    if (!this.#receiver.isReady && type !== frameType.settings) {
      throw protocolError('something else than SETTINGS at the beginning');
    }
    if (this.#block.isOpen) {
      if (type === frameType.continuation && stream === this.#block.stream) return;
      throw protocolError('another frame within a header block');
    }
    if (type === frameType.continuation) throw protocolError('CONTINUATION without HEADERS');
  }

  #endBlock(): void {
    const block = this.#block;
    if (block.isOpen) return;
    const { stream, endsStream, bytes, start, end } = block;
    block.release();
    this.#receiver.receiveHeaders(stream, endsStream, bytes, start, end);
  }

  #paddedData(flags: number, stream: number, bytes: Uint8Array, start: number, end: number): void {
    const padding = start < end ? (bytes[start] as number) : 0;
    if (start === end || padding >= end - start) {
      throw protocolError('DATA whose padding is longer than the frame');
    }
    const isLast = (flags & frameFlag.endStream) !== 0;
    if (padding === end - start - 1 && !isLast) this.#guard.emptyFrame();
    this.#receiver.receiveData(stream, isLast, bytes, start + 1, end - padding, end - start);
  }

  #settings(flags: number, stream: number, bytes: Uint8Array, start: number, end: number): void {
    requireConnection(stream, 'SETTINGS');
    this.#guard.settings();
    if ((flags & frameFlag.ack) === 0) {
      this.#receiver.receiveSettings(bytes, start, end);
      return;
    }
    if (start !== end) throw wrongSize('an acknowledgement of SETTINGS');
    if (!this.#receiver.isReady) throw protocolError('an acknowledgement before SETTINGS');
    this.#receiver.receiveSettingsAck();
  }

  #ping(bytes: Uint8Array, start: number): void {
    this.#guard.ping();
    this.#receiver.receivePing(bytes, start);
  }

  #goaway(bytes: Uint8Array, start: number, end: number): void {
    const lastStream = u32(bytes, start) & max31Bits;
    const message = utf8.decode(bytes.subarray(start + 8, Math.min(end, start + 8 + maxText)));
    this.#receiver.receiveGoaway(lastStream, u32(bytes, start + 4), message);
  }

  #ignore(type: number, stream: number, size: number): void {
    this.#guard.idleFrame();
    if (type !== frameType.priority) return;
    if (stream === 0) throw protocolError('PRIORITY without a stream');
    if (size !== 5) throw wrongSize('PRIORITY');
  }
}

/** Of the text of a GOAWAY no more is read, in bytes. */
const maxText = 256;
const utf8 = new TextDecoder();

/** A fault of the peer that ends the connection: what it sent. */
export function protocolError(what: string): ConnectionFault {
  return new ConnectionFault(errorCode.protocolError, `the peer sent ${what}`);
}

/** HEADERS for a stream that has ended; its number cannot be used again (RFC 9113, 5.1). */
export function closedStream(stream: number): ConnectionFault {
  return new ConnectionFault(
    errorCode.streamClosed,
    `the peer sent HEADERS on stream ${stream} after its end`,
  );
}

function wrongSize(frame: string): ConnectionFault {
  return new ConnectionFault(errorCode.frameSizeError, `the peer sent ${frame} of a wrong size`);
}

function requireConnection(stream: number, frame: string): void {
  if (stream !== 0) throw protocolError(`${frame} on stream ${stream}`);
}

function u32(bytes: Uint8Array, at: number): number {
  return (
    (((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number)) >>>
    0
  );
}
