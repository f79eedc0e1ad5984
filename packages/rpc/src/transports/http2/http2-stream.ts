import { type Compressor, compressionThresholdBytes } from '../../compression/compressor.ts';
import { monotonicNow } from '../../core/timer-wheel.ts';
import { RpcError } from '../../rpc-error.ts';
import type { SendingStream } from './data-sender.ts';
import { errorCode } from './frame.ts';
import { messagePrefixBytes } from './frame-writer.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Http2Connection } from './http2-connection.ts';
import { lengthAt, MessageAssembler } from './message-assembler.ts';

/**
 * What the two sides of a gRPC call on HTTP/2 have in common: messages cut out of DATA, credit,
 * pauses, and what waits to be sent.
 */
export abstract class Http2Stream implements SendingStream {
  /** 0 until the peer takes the stream. */
  id: number;
  sendWindow: number;
  unsent: HeldBytes | undefined;
  wantsRoom = false;
  /** What the peer may still send. */
  receiveWindow: number;
  /** The peer has ended its direction. */
  remoteEnded = false;
  /** We have ended ours: END_STREAM is written. */
  localEnded = false;
  /** What the peer's `content-length` leaves to come, in bytes of DATA; -1 when it has none. */
  contentLeft = -1;
  /** Nothing more is sent or received, and the stream is no longer the connection's. */
  over = false;
  protected readonly connection: Http2Connection;
  /** How messages are compressed that we send, and that came with the flag. */
  protected outgoing: Compressor | undefined;
  protected incoming: Compressor | undefined;
  #endUnsent = false;
  #paused = false;
  #delivering = false;
  #unread: HeldBytes | undefined;
  #endUnread = false;
  #assembler: MessageAssembler | undefined;
  #assemblerBytes = 0;
  /** What has been read and not been given back to the peer as credit. */
  #read = 0;
  #windowBytes: number;
  #creditedAt = 0;

  constructor(connection: Http2Connection, id: number) {
    this.connection = connection;
    this.id = id;
    this.sendWindow = connection.initialSendWindow;
    this.receiveWindow = connection.initialReceiveWindow;
    this.#windowBytes = connection.limits.streamWindowBytes;
  }

  /** A whole message, lent, and whether it came compressed. */
  protected abstract deliver(message: Uint8Array, compressed: boolean): void;
  /** All messages were delivered, and the peer's direction has ended. */
  protected abstract onRemoteEnd(): void;
  /** Ends our direction: all messages are sent. */
  protected abstract writeEnd(): void;
  protected abstract onWritable(): void;
  /** Ends the call with this error on both sides; RST_STREAM with this code says so to a server. */
  abstract fail(error: RpcError, code: number): void;
  /** The stream or its connection is gone: only this side can be told. */
  abstract broken(error: RpcError): void;
  /** The peer has sent RST_STREAM. */
  abstract onPeerReset(code: number): void;

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    if (this.#delivering || this.over) return;
    this.#readOn();
  }

  /** A part of the stream's DATA, lent; with `isLast` nothing follows. */
  receive(bytes: Uint8Array, start: number, end: number, isLast: boolean): void {
    let at = start;
    if (!this.#paused && this.#unread === undefined) {
      at = this.#deliverFrom(bytes, start, end);
      if (this.over) {
        this.connection.credit(end - start);
        return;
      }
      this.#credit(at - start, isLast);
    }
    if (at < end) {
      this.#unread ??= new HeldBytes(end - at);
      this.#unread.append(bytes, at, end);
    }
    if (isLast) this.receiveEnd();
  }

  /** The peer's direction has ended. */
  receiveEnd(): void {
    this.remoteEnded = true;
    if (this.#paused || this.#unread !== undefined) this.#endUnread = true;
    else this.#finishRemote();
  }

  /** There is room for more messages, and none is unsent. */
  onRoom(): void {
    if (this.#endUnsent) {
      this.#endUnsent = false;
      this.wantsRoom = false;
      this.writeEnd();
    } else if (this.wantsRoom) {
      this.wantsRoom = false;
      this.onWritable();
    }
  }

  /** `compress` undefined: the message is compressed if it is long enough. */
  protected send(message: Uint8Array, compress: boolean | undefined): boolean {
    const { limits, sender } = this.connection;
    if (message.length > limits.maxMessageBytes) {
      this.fail(tooLong(message.length, limits.maxMessageBytes), errorCode.cancel);
      return true;
    }
    let compressed = 0;
    let bytes = message;
    const isWanted = compress ?? message.length >= compressionThresholdBytes;
    if (this.outgoing !== undefined && isWanted) {
      bytes = this.outgoing.compress(message);
      compressed = 1;
    }
    const hasRoom = sender.send(this, compressed, bytes);
    if (hasRoom || !this.connection.isFlooded) return hasRoom;
    this.fail(flooded(limits.maxQueuedBytes), errorCode.cancel);
    return true;
  }

  /** Ends our direction after what is unsent. */
  protected end(): void {
    if (this.unsent === undefined && this.id !== 0) this.writeEnd();
    else this.#endUnsent = true;
  }

  /** Drops what is held in both directions, and leaves the connection. */
  protected release(): void {
    this.over = true;
    this.#endUnsent = false;
    this.wantsRoom = false;
    this.connection.sender.forget(this);
    this.#endUnread = false;
    if (this.#unread !== undefined) {
      this.connection.credit(this.#unread.length);
      this.#unread = undefined;
    }
    this.#dropAssembler();
    this.connection.forget(this);
  }

  /** A message or a part of one is held: the stream must not end well now. */
  protected get isWithinMessage(): boolean {
    return this.#assembler !== undefined && !this.#assembler.isEmpty;
  }

  /** Cuts messages out of the bytes until there are none, or a pause: the offset that it came to. */
  #deliverFrom(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    this.#delivering = true;
    while (at < end && !this.#paused && !this.over) {
      if (end - at < messagePrefixBytes || this.isWithinMessage) {
        at = this.#assemble(bytes, at, end);
        continue;
      }
      const length = lengthAt(bytes, at + 1);
      const message = at + messagePrefixBytes;
      if (length > end - message) {
        at = this.#assemble(bytes, at, end);
      } else {
        at = message + length;
        this.#take(bytes[message - messagePrefixBytes] as number, bytes.subarray(message, at));
      }
    }
    this.#delivering = false;
    return at;
  }

  #assemble(bytes: Uint8Array, start: number, end: number): number {
    this.#assembler ??= new MessageAssembler();
    const assembler = this.#assembler;
    let at = start;
    if (assembler.length < 0) {
      at = assembler.takePrefix(bytes, at, end);
      if (assembler.length < 0) return at;
      const { maxMessageBytes } = this.connection.limits;
      if (assembler.length > maxMessageBytes) {
        this.fail(tooLong(assembler.length, maxMessageBytes), errorCode.cancel);
        return at;
      }
    }
    at = assembler.take(bytes, at, end);
    this.#accountAssembler(assembler.bytes.length);
    if (!assembler.isWhole || this.over) return at;
    this.#take(assembler.compressed, assembler.message);
    assembler.clear();
    if (!this.over) this.#accountAssembler(assembler.bytes.length);
    return at;
  }

  #take(compressed: number, payload: Uint8Array): void {
    if (compressed === 0) {
      if (payload.length > this.connection.limits.maxMessageBytes) {
        this.fail(
          tooLong(payload.length, this.connection.limits.maxMessageBytes),
          errorCode.cancel,
        );
      } else this.deliver(payload, false);
      return;
    }
    let message: Uint8Array;
    try {
      message = this.#decompressed(compressed, payload);
    } catch (error) {
      this.fail(RpcError.from(error), errorCode.cancel);
      return;
    }
    this.deliver(message, true);
  }

  #decompressed(compressed: number, payload: Uint8Array): Uint8Array {
    if (compressed !== 1) {
      throw new RpcError('internal', `a message begins with ${compressed}: it must be 0 or 1`);
    }
    if (this.incoming === undefined) {
      throw new RpcError('internal', 'a message is compressed, but no grpc-encoding said how');
    }
    return this.incoming.decompress(payload, this.connection.limits.maxMessageBytes);
  }

  #readOn(): void {
    const unread = this.#unread;
    if (unread !== undefined) {
      const { start } = unread;
      const at = this.#deliverFrom(unread.bytes, start, unread.end);
      if (this.over) return;
      unread.start = at;
      if (unread.length === 0) this.#unread = undefined;
      this.#credit(at - start, this.remoteEnded);
    }
    if (this.#paused || !this.#endUnread) return;
    this.#endUnread = false;
    this.#finishRemote();
  }

  #finishRemote(): void {
    if (this.isWithinMessage) {
      this.fail(new RpcError('internal', 'the stream ended within a message'), errorCode.cancel);
    } else this.onRemoteEnd();
  }

  /** Gives back what was read; a stream that has ended needs nothing for itself. */
  #credit(bytes: number, isLast: boolean): void {
    this.connection.credit(bytes);
    if (isLast) return;
    this.#read += bytes;
    if (this.#read * 2 < this.#windowBytes) return;
    const more = this.#read + this.#growth();
    this.#read = 0;
    this.receiveWindow += more;
    this.connection.writer.windowUpdate(this.id, more);
  }

  /** A window that a reader empties within two round trips is what slows the peer down. */
  #growth(): number {
    const now = monotonicNow();
    const sinceLast = now - this.#creditedAt;
    this.#creditedAt = now;
    const { maxStreamWindowBytes } = this.connection.limits;
    if (sinceLast > 2 * this.connection.roundTripMs) return 0;
    const room = Math.floor(maxStreamWindowBytes) - this.#windowBytes;
    const growth = Math.max(0, Math.min(this.#windowBytes, room));
    this.#windowBytes += growth;
    return growth;
  }

  #accountAssembler(bytes: number): void {
    this.connection.partialBytes += bytes - this.#assemblerBytes;
    this.#assemblerBytes = bytes;
    const { maxPartialBytes } = this.connection.limits;
    if (this.connection.partialBytes <= maxPartialBytes) return;
    const message = `the messages that are not whole yet take more than ${maxPartialBytes} bytes, the limit maxPartialBytes`;
    this.fail(new RpcError('resource_exhausted', message), errorCode.enhanceYourCalm);
  }

  #dropAssembler(): void {
    this.connection.partialBytes -= this.#assemblerBytes;
    this.#assemblerBytes = 0;
    this.#assembler = undefined;
  }
}

function tooLong(length: number, limit: number): RpcError {
  const message = `the message has ${length} bytes, more than ${limit}, the limit maxMessageBytes`;
  return new RpcError('resource_exhausted', message);
}

function flooded(limit: number): RpcError {
  const message = `more than ${limit} bytes wait to be sent, the limit maxQueuedBytes: send the next message after onWritable`;
  return new RpcError('resource_exhausted', message);
}
