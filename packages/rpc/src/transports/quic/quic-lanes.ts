import type { MethodInfo } from '../../core/method.ts';
import { codeNumber, codeOfNumber } from '../../core/status.ts';
import { frameFlag, frameType } from '../../frames/frame.ts';
import type { FrameConnection } from '../../frames/frame-connection.ts';
import { FrameReader, type FrameSink } from '../../frames/frame-reader.ts';
import { type FrameLink, FrameWriter } from '../../frames/frame-writer.ts';
import { type FrameLanes, firstLane } from '../../frames/lanes.ts';
import { PayloadWriter } from '../../frames/payload.ts';
import { RpcError } from '../../rpc-error.ts';
import type { QuicConnection } from './quic-connection.ts';
import { QuicByteStream, type QuicStreamHandler } from './quic-stream.ts';

const lastLane = 0xffffffff;

/**
 * The streams of a QUIC connection that carry one call each: all calls but unary ones. A frame that
 * is lost or late on one of them holds up no other. Their messages count on the credit of the
 * connection as all others do, since the runtime grants QUIC's own windows without end.
 *
 * A call that is cancelled, or answered early, resets no stream: messages that RESET_STREAM drops on
 * their way would never be credited back. Both sides read on to the other's end instead.
 */
export class QuicLanes implements FrameLanes {
  readonly quic: QuicConnection;
  /** Set before the first stream. */
  connection: FrameConnection | undefined;
  /** Of frames that are not whole yet, and of streams that are ahead of the SETTINGS. */
  #heldBytes = 0;
  readonly #lanes = new Map<number, Lane>();
  /** Lanes of the peer whose bytes wait for the SETTINGS. */
  readonly #waiting = new Set<Lane>();
  readonly #mayOpenEarly: (method: MethodInfo) => boolean;
  #next: number;

  /** `opensEarly` says which unary calls, too, have a stream of their own. */
  constructor(
    quic: QuicConnection,
    side: 'client' | 'server',
    opensEarly: (method: MethodInfo) => boolean = () => false,
  ) {
    this.quic = quic;
    this.#next = firstLane + (side === 'client' ? 1 : 2);
    this.#mayOpenEarly = opensEarly;
  }

  open(method: MethodInfo): number | undefined {
    if (method.kind === 'unary' && !this.#mayOpenEarly(method)) return undefined;
    if (this.#next > lastLane) return undefined;
    const id = this.#next;
    this.#next += 2;
    this.#lanes.set(id, new Lane(this, id));
    return id;
  }

  writerOf(stream: number): FrameWriter | undefined {
    return this.#lanes.get(stream)?.writer;
  }

  release(stream: number): void {
    const lane = this.#lanes.get(stream);
    if (lane === undefined) return;
    this.#lanes.delete(stream);
    lane.finish();
  }

  /** A stream that the peer has opened. */
  accept(): QuicByteStream {
    return new Lane(this, 0).stream;
  }

  /** The QUIC stream of this call. */
  streamOf(stream: number): QuicByteStream | undefined {
    return this.#lanes.get(stream)?.stream;
  }

  /** The peer's SETTINGS have come: what waited for them is read. */
  ready(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const lane of waiting) lane.readHeld();
  }

  /** A lane of the peer's waits for the SETTINGS. */
  wait(lane: Lane): void {
    this.#waiting.add(lane);
  }

  /** False: a stream that has this number is there already. */
  claim(id: number, lane: Lane): boolean {
    if (id < firstLane || id % 2 === this.#next % 2 || this.#lanes.has(id)) return false;
    this.#lanes.set(id, lane);
    return true;
  }

  /** Counts bytes that a lane holds, or holds no longer; all lanes together are bounded. */
  held(bytes: number): void {
    this.#heldBytes += bytes;
    const { connection } = this;
    if (connection === undefined || bytes <= 0) return;
    const { connectionWindowBytes, maxMessageBytes, maxMetadataBytes } = connection.limits;
    if (this.#heldBytes <= connectionWindowBytes + maxMessageBytes + 2 * maxMetadataBytes) return;
    const message = 'the peer sent more than the credit it was given';
    connection.abort(new RpcError('resource_exhausted', message));
  }

  /** The peer has given a stream up, or it ended before its call. */
  broken(id: number, error: RpcError): void {
    if (!this.#lanes.has(id)) return;
    const isOwn = id % 2 === this.#next % 2;
    const payload = new PayloadWriter().u8(codeNumber(error.code));
    if (isOwn) payload.block(error.message).varint(0);
    else payload.text(error.message);
    const type = isOwn ? frameType.end : frameType.cancel;
    this.connection?.onFrame(type, id, 0, payload.bytes, 0, payload.length);
  }
}

/** One stream: what is written goes out on it, what comes in goes to the connection, frame by frame. */
class Lane implements FrameLink, FrameSink, QuicStreamHandler {
  readonly writer: FrameWriter;
  readonly #lanes: QuicLanes;
  readonly #reader: FrameReader;
  /** 0 until the first frame says it. */
  #id: number;
  #stream: QuicByteStream | undefined;
  #unread: Uint8Array[] = [];
  #unreadBytes = 0;
  #endUnread = false;
  /** The peer has sent END, or its last message. */
  #hasEnded = false;
  #countedBytes = 0;
  /** Of the call; what comes afterwards is only counted. */
  #isOver = false;
  /** Nothing comes any more, or nothing is read. */
  #isClosed = false;

  constructor(lanes: QuicLanes, id: number) {
    this.#lanes = lanes;
    this.#id = id;
    this.writer = new FrameWriter(this);
    const limits = lanes.connection?.limits;
    this.#reader = new FrameReader(this, Math.max(limits?.maxMessageBytes ?? 0, 65_536));
    if (id !== 0) return;
    this.#stream = new QuicByteStream();
    this.#stream.handler = this;
  }

  /** Opened with the first use. */
  get stream(): QuicByteStream {
    if (this.#stream === undefined) {
      this.#stream = this.#lanes.quic.openStream();
      this.#stream.handler = this;
    }
    return this.#stream;
  }

  get queuedBytes(): number {
    return this.#stream?.queuedBytes ?? 0;
  }

  write(bytes: Uint8Array, start?: number, end?: number): boolean {
    return this.stream.write(bytes, start, end);
  }

  end(): void {
    this.#stream?.end();
  }

  destroy(): void {
    this.#stream?.destroy();
  }

  /** The call is over: what was written still goes out. */
  finish(): void {
    this.#isOver = true;
    this.writer.flush();
    this.#stream?.end();
  }

  onData(bytes: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#lanes.connection?.isReady !== true) {
      if (this.#unread.length === 0) this.#lanes.wait(this);
      this.#unread.push(bytes);
      this.#unreadBytes += bytes.length;
    } else this.#reader.push(bytes);
    this.#count();
  }

  readHeld(): void {
    const unread = this.#unread;
    this.#unread = [];
    this.#unreadBytes = 0;
    for (const bytes of unread) this.onData(bytes);
    if (this.#endUnread) this.onEnd();
  }

  onFrame(
    type: number,
    stream: number,
    flags: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    if (this.#id === 0) {
      if (type !== frameType.header || !this.#lanes.claim(stream, this)) {
        this.#fault('a stream does not begin with the HEADER of a new call');
        return;
      }
      this.#id = stream;
    } else if (this.#isOver && type === frameType.header) return;
    const isLast = type === frameType.message && (flags & frameFlag.last) !== 0;
    if (isLast || type === frameType.end || type === frameType.cancel) this.#hasEnded = true;
    if (stream !== this.#id) this.#fault('a stream carries frames of two calls');
    else this.#lanes.connection?.onFrame(type, stream, flags, bytes, start, end);
  }

  onOversized(type: number, stream: number, length: number): void {
    this.#lanes.connection?.onOversized(type, stream, length);
  }

  onEnd(): void {
    if (this.#isClosed) return;
    this.#endUnread = this.#unread.length > 0;
    if (this.#endUnread) return;
    this.#close();
    if (this.#id === 0) this.finish();
    // The call may not be over all the same: its reader may pause, or its handler go on.
    if (this.#isOver || this.#hasEnded) return;
    this.#lanes.quic.whyClosed((error) => {
      if (this.#isOver || this.#hasEnded) return;
      const ended = new RpcError('unavailable', 'the stream of the call ended before the call');
      this.#lanes.broken(this.#id, error ?? ended);
    });
  }

  onDrain(): void {}

  onReset(code: number): void {
    this.#close();
    if (this.#isOver || this.#id === 0) return;
    const error = new RpcError(
      code === 0 ? 'canceled' : codeOfNumber(code),
      'the peer has given the call up',
    );
    this.#lanes.broken(this.#id, error);
  }

  #fault(what: string): void {
    this.#isOver = true;
    this.#close();
    this.#stream?.reset(0);
    this.#lanes.connection?.abort(new RpcError('internal', `the peer broke the protocol: ${what}`));
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#unread = [];
    this.#unreadBytes = 0;
    this.#reader.stop();
    this.#count();
  }

  #count(): void {
    const bytes = this.#unreadBytes + this.#reader.heldBytes;
    if (bytes === this.#countedBytes) return;
    const more = bytes - this.#countedBytes;
    this.#countedBytes = bytes;
    this.#lanes.held(more);
  }
}
