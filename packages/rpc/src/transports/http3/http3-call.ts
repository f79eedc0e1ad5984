import { type Compressor, compressionThresholdBytes } from '../../compression/compressor.ts';
import { RpcError } from '../../rpc-error.ts';
import { compressedFlag, EnvelopeReader } from '../fetch/wire/envelope-reader.ts';
import { envelope } from '../fetch/wire/envelope-writer.ts';
import type { HeaderFields } from '../quic/node-quic.ts';
import type { QuicByteStream, QuicStreamHandler } from '../quic/quic-stream.ts';
import { type Http3Connection, http3Error } from './http3-connection.ts';

/** What the two sides of a gRPC call on HTTP/3 have in common: messages in the body, pauses, the queue. */
export abstract class Http3Call implements QuicStreamHandler {
  /** Nothing more is sent or received. */
  over = false;
  protected readonly connection: Http3Connection;
  protected readonly stream: QuicByteStream;
  /** How messages are compressed that this side sends, and that came with the flag. */
  protected outgoing: Compressor | undefined;
  protected incoming: Compressor | undefined;
  protected paused = false;
  readonly #reader: EnvelopeReader;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #countedBytes = 0;
  #isReading = false;
  #wantsRoom = false;

  /** `maxEnvelopeBytes`: a message that says it is longer fails the call before it is whole. */
  constructor(connection: Http3Connection, stream: QuicByteStream, maxEnvelopeBytes: number) {
    this.connection = connection;
    this.stream = stream;
    this.#reader = new EnvelopeReader(maxEnvelopeBytes);
    stream.handler = this;
    connection.add(this);
  }

  protected abstract deliver(message: Uint8Array, compressed: boolean): void;
  protected abstract writable(): void;
  /** All that has come so far was delivered. */
  protected abstract readAll(): void;
  /** Ends the call with this error, for the peer as well. */
  abstract fail(error: RpcError, code: number): void;
  /** The connection is gone: only this side can be told. */
  abstract broken(error: RpcError): void;
  abstract onHeaders(fields: HeaderFields): void;
  abstract onReset(code: number): void;
  abstract onEnd(): void;

  pause(): void {
    this.paused = true;
  }

  resume(): void {
    if (!this.paused) return;
    this.paused = false;
    if (!this.#isReading) this.#read();
  }

  onData(bytes: Uint8Array): void {
    if (this.over) return;
    this.#unread.push(bytes);
    this.#unreadBytes += bytes.length;
    if (!this.paused && !this.#isReading) this.#read();
    const tooMuch = this.#count();
    if (tooMuch !== undefined) this.fail(tooMuch, http3Error.excessiveLoad);
  }

  onDrain(): void {
    if (this.over || !this.#wantsRoom) return;
    this.#wantsRoom = false;
    this.writable();
  }

  /** The peer takes no request after this one (GOAWAY). */
  onGoaway(_lastStream: number): void {}

  /** `compress` undefined: the message is compressed if it is long enough. */
  protected send(message: Uint8Array, compress: boolean | undefined): boolean {
    const { maxMessageBytes, maxQueuedBytes } = this.connection.limits;
    if (message.length > maxMessageBytes) {
      this.fail(tooLong(message.length, maxMessageBytes), http3Error.requestCancelled);
      return true;
    }
    const isWanted = compress ?? message.length >= compressionThresholdBytes;
    const bytes =
      this.outgoing !== undefined && isWanted
        ? envelope(compressedFlag, this.outgoing.compress(message))
        : envelope(0, message);
    if (this.stream.write(bytes)) return true;
    if (this.stream.queuedBytes > maxQueuedBytes) {
      const error = `more than ${maxQueuedBytes} bytes wait to be sent, the limit maxQueuedBytes: send the next message after onWritable`;
      this.fail(new RpcError('resource_exhausted', error), http3Error.requestCancelled);
      return true;
    }
    this.#wantsRoom = true;
    return false;
  }

  /** A message is not whole yet. */
  protected get isWithinMessage(): boolean {
    return this.#reader.unfinishedBytes > 0;
  }

  /** The bytes of it. */
  protected get unfinished(): Uint8Array {
    return this.#reader.unfinished;
  }

  /** Everything that came is read. */
  protected get isRead(): boolean {
    return this.#unread.length === 0 && !this.#isReading && !this.paused;
  }

  /** Drops what is held, and leaves the connection. */
  protected release(): void {
    this.over = true;
    this.#unread = [];
    this.connection.held(-this.#countedBytes);
    this.#countedBytes = 0;
    this.connection.forget(this);
  }

  /** Messages until there are none left, or a pause, which keeps the rest of a chunk in the reader. */
  #read(): void {
    this.#isReading = true;
    try {
      while (!this.over && !this.paused) {
        if (this.#reader.next()) {
          this.#take(this.#reader.flags, this.#reader.payload);
          continue;
        }
        const chunk = this.#unread.shift();
        if (chunk === undefined) break;
        this.#unreadBytes -= chunk.length;
        this.#reader.push(chunk);
      }
    } catch (error) {
      this.fail(RpcError.from(error), http3Error.requestCancelled);
    }
    this.#isReading = false;
    if (this.over) return;
    this.#count();
    if (this.isRead) this.readAll();
  }

  #take(flags: number, payload: Uint8Array): void {
    const { maxMessageBytes } = this.connection.limits;
    if (payload.length > maxMessageBytes) throw tooLong(payload.length, maxMessageBytes);
    if (flags === 0) {
      this.deliver(payload, false);
      return;
    }
    if (flags !== compressedFlag) {
      throw new RpcError('internal', `a message begins with ${flags}: it must be 0 or 1`);
    }
    if (this.incoming === undefined) {
      throw new RpcError('internal', 'a message is compressed, but no grpc-encoding said how');
    }
    this.deliver(this.incoming.decompress(payload, maxMessageBytes), true);
  }

  #count(): RpcError | undefined {
    if (this.over) return undefined;
    const bytes = this.#unreadBytes + this.#reader.unfinishedBytes;
    const more = bytes - this.#countedBytes;
    this.#countedBytes = bytes;
    return more === 0 ? undefined : this.connection.held(more);
  }
}

function tooLong(length: number, limit: number): RpcError {
  const message = `the message has ${length} bytes, more than ${limit}, the limit maxMessageBytes`;
  return new RpcError('resource_exhausted', message);
}
