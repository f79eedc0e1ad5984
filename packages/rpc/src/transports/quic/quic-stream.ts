import {
  drainable,
  type HeaderFields,
  type NodeQuicStream,
  type NodeQuicWriter,
  nodeQuic,
} from './node-quic.ts';

/** What the owner of a stream is told. */
export interface QuicStreamHandler {
  /** The bytes belong to who gets them. */
  onData(bytes: Uint8Array): void;
  /**
   * Nothing more will come, and all that came was given to `onData`: the peer has ended its side, or
   * the connection is breaking. `QuicConnection.whyClosed` tells which.
   */
  onEnd(): void;
  /** All that was queued is with the runtime. */
  onDrain(): void;
  /** The peer, or this side, gave the stream up; `code` is what RESET_STREAM or STOP_SENDING said. */
  onReset(code: number): void;
  /** HTTP/3 only: the fields before the body, and those after it, which may come after `onEnd`. */
  onHeaders?(fields: HeaderFields): void;
  onTrailers?(fields: HeaderFields): void;
  /**
   * HTTP/3 only: the stream has closed before this side has ended its half. The peer reads no more
   * (STOP_SENDING), or the connection is breaking: `QuicConnection.whyClosed` tells which. Without
   * it: `onReset`.
   */
  onGone?(): void;
}

/**
 * What the runtime holds of bytes that the peer's window, or the network's, has no room for. More is
 * queued here. With the own frames their credit is the bound, before this.
 */
const runtimeQueueBytes = { frames: 1024 * 1024, http: 256 * 1024 } as const;

/**
 * A body is looked at that must have left before its trailers: in the next turns of the event loop, so
 * many, and then after so many milliseconds, doubling.
 */
const sentCheckTurns = 4;
const firstSentCheckMs = 1;
const lastSentCheckMs = 64;

/**
 * How long a request that was sent in full is left alone when its call is given up: until its server
 * has surely read the header, in milliseconds and round trips.
 */
const unreadMs = 50;
const unreadRoundTrips = 4;

/** What the runtime calls a stream that it could not open before the connection's end. */
const neverOpened = -1n;

/** H3_REQUEST_CANCELLED and, for fields that are not allowed, H3_MESSAGE_ERROR (RFC 9114, 8.1). */
const requestCancelled = 0x10c;
const messageError = 0x10e;

/**
 * A bidirectional QUIC stream with callbacks. It may be written to before the runtime has opened it.
 * It reads at once whatever comes, since the runtime would keep it anyway and grant the peer more:
 * what bounds a fast sender is the credit of the own frames.
 */
export class QuicByteStream {
  /** What is queued here and not yet with the runtime, in bytes. */
  queuedBytes = 0;
  handler: QuicStreamHandler = unattached;
  #stream: NodeQuicStream | undefined;
  #writer: NodeQuicWriter | undefined;
  #iterator: AsyncIterator<Uint8Array[]> | undefined;
  #queue: Uint8Array[] = [];
  #isHttp = false;
  #fields: HeaderFields | undefined;
  #trailers: HeaderFields | undefined;
  #draining = false;
  #ending = false;
  #resetCode = -1;
  #over = false;
  /** HTTP/3 only: the runtime was told of the end of this side's half. */
  #hasFinished = false;
  #roundTripMs: () => number = () => 0;
  readonly #onBatch: (result: IteratorResult<Uint8Array[]>) => void = (result) =>
    this.#received(result);

  /** The number of the stream; undefined before the runtime has opened it. */
  get id(): number | undefined {
    const id = this.#stream?.id;
    return id === undefined || id === null ? undefined : Number(id);
  }

  /** The runtime has never opened it: the peer knows nothing of it. */
  get isUnopened(): boolean {
    const id = this.#stream?.id ?? neverOpened;
    return id <= neverOpened;
  }

  /** The peer sent some of it before it had finished its handshake (0-RTT): it may be a replay. */
  get isEarly(): boolean {
    return this.#stream?.early ?? false;
  }

  /** Sends `bytes` from `start` to `end`. Lends them, always takes them; false: they were queued. */
  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.#over || this.#ending || start === end) return true;
    const part = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
    if (this.#queue.length === 0 && this.#writer?.writeSync(part)) return true;
    this.#queue.push(part.slice());
    this.queuedBytes += part.length;
    this.#awaitDrain();
    return false;
  }

  /** Ends this side's half, after what is queued. */
  end(): void {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    if (this.#queue.length === 0) this.#finish();
  }

  /** Gives up both halves at once (RESET_STREAM and STOP_SENDING). The handler is not told. */
  reset(code: number): void {
    if (this.#over) return;
    this.#over = true;
    this.#drop();
    this.#resetCode = code;
    const stream = this.#stream;
    if (stream === undefined) return;
    if (this.#hasFinished && this.#iterator === undefined) this.#abortOnceRead(stream, code);
    else abort(stream, code);
  }

  destroy(): void {
    this.reset(0);
  }

  /**
   * HTTP/3 only: the fields before the body.
   * @throws Error of the runtime for fields that HTTP forbids, as `sendOnlyHeaders` does.
   */
  sendHeaders(fields: HeaderFields): void {
    if (this.#over || this.#ending) return;
    if (this.#stream === undefined) this.#fields = fields;
    else this.#stream.sendHeaders(fields);
  }

  /** HTTP/3 only: the fields of an answer that has no body; ends this side's half. */
  sendOnlyHeaders(fields: HeaderFields): void {
    if (this.#over || this.#ending) return;
    this.#ending = true;
    this.#stream?.sendHeaders(fields, { terminal: true });
  }

  /** HTTP/3 only: ends this side's half with fields after the body; those it forbids reset it. */
  sendTrailers(fields: HeaderFields): void {
    if (this.#over || this.#ending) return;
    this.#trailers = fields;
    this.end();
  }

  /**
   * For `QuicConnection`: the runtime has opened the stream, or the peer has. `roundTripMs` measures
   * the connection's path.
   */
  attach(stream: NodeQuicStream, isHttp: boolean, roundTripMs?: () => number): void {
    this.#stream = stream;
    if (roundTripMs !== undefined) this.#roundTripMs = roundTripMs;
    stream.onerror = ignore;
    stream.onreset = (error) => this.#wasReset(Number(error.errorCode ?? 0));
    if (this.#resetCode >= 0) {
      abort(stream, this.#resetCode);
      return;
    }
    this.#isHttp = isHttp;
    stream.highWaterMark = isHttp ? runtimeQueueBytes.http : runtimeQueueBytes.frames;
    this.#writer = stream.writer;
    if (isHttp) {
      this.#readAfterHeaders(stream);
      this.#watchClose(stream);
    } else this.#read(stream);
    const fields = this.#fields;
    try {
      if (fields !== undefined) stream.sendHeaders(fields);
      this.#flush();
    } catch {
      this.#wasReset(messageError);
    }
  }

  /** For `QuicConnection`: the stream could not be opened, or its connection is gone. */
  detach(): void {
    if (this.#over) return;
    this.#over = true;
    this.#drop();
    this.handler.onEnd();
  }

  #readAfterHeaders(stream: NodeQuicStream): void {
    stream.onheaders = (fields: HeaderFields) => {
      if (this.#over) return;
      this.handler.onHeaders?.(fields);
      if (this.#iterator === undefined) this.#read(stream);
    };
    stream.ontrailers = (fields: HeaderFields) => {
      if (!this.#over) this.handler.onTrailers?.(fields);
    };
  }

  /**
   * STOP_SENDING after the peer's half has ended is told by nothing else: once something is written,
   * the stream is closed.
   */
  #watchClose(stream: NodeQuicStream): void {
    const closed = (): void => {
      if (this.#ending || this.#over) return;
      if (this.handler.onGone === undefined) this.#wasReset(requestCancelled);
      else this.handler.onGone();
    };
    stream.closed.then(closed, closed);
  }

  #read(stream: NodeQuicStream): void {
    this.#iterator = stream[Symbol.asyncIterator]();
    this.#iterator.next().then(this.#onBatch, ignore);
  }

  #received(result: IteratorResult<Uint8Array[]>): void {
    if (this.#over) return;
    if (result.done === true) {
      this.handler.onEnd();
      return;
    }
    for (const chunk of result.value) {
      this.handler.onData(chunk);
      if (this.#over) return;
    }
    this.#iterator?.next().then(this.#onBatch, ignore);
  }

  #wasReset(code: number): void {
    if (this.#over) return;
    this.reset(code);
    this.handler.onReset(code);
  }

  #awaitDrain(): void {
    if (this.#draining || this.#writer === undefined) return;
    const room = this.#writer[drainable]();
    if (room === null) {
      // The writer is over, which `onReset` or the end of the connection is about to tell.
      return;
    }
    this.#draining = true;
    room.then(() => {
      this.#draining = false;
      this.#flush();
    }, ignore);
  }

  #flush(): void {
    const writer = this.#writer;
    if (this.#over || writer === undefined) return;
    const hadQueue = this.#queue.length > 0;
    while (this.#queue.length > 0) {
      const head = this.#queue[0] as Uint8Array;
      if (!writer.writeSync(head)) {
        this.#awaitDrain();
        return;
      }
      this.#queue.shift();
      this.queuedBytes -= head.length;
    }
    if (this.#ending) this.#finish();
    else if (hadQueue) this.handler.onDrain();
  }

  #finish(): void {
    const writer = this.#writer;
    const stream = this.#stream;
    if (writer === undefined || stream === undefined) return;
    const trailers = this.#trailers;
    if (trailers === undefined) {
      this.#hasFinished = this.#isHttp;
      writer.endSync();
      return;
    }
    // Sent earlier they would take the place of what the runtime still has of the body.
    stream.onwanttrailers = () => void stream.sendTrailers(trailers);
    this.#endWhenSent(stream, writer, 0);
  }

  /**
   * Bun 1.4.5 counts trailers into the last DATA frame when that waits for room on the network: the
   * peer finds a frame cut short, and closes the connection. So the body is ended in a turn of its own,
   * after the runtime has taken all of it: the runtime asks for the trailers once there is room, and
   * has sent what it had before. Nothing tells when it has taken all, so it is looked at.
   */
  #endWhenSent(stream: NodeQuicStream, writer: NodeQuicWriter, looks: number): void {
    const { desiredSize } = writer;
    if (desiredSize === null || desiredSize >= stream.highWaterMark) {
      writer.endSync();
      return;
    }
    const look = (): void => {
      if (!this.#over) this.#endWhenSent(stream, writer, looks + 1);
    };
    if (looks < sentCheckTurns) setImmediate(look);
    else
      setTimeout(look, Math.min(firstSentCheckMs * 2 ** (looks - sentCheckTurns), lastSentCheckMs));
  }

  /**
   * STOP_SENDING for a request that was sent in full and whose header the server has read by half makes
   * Bun 1.4.5's engine close the connection with QPACK_DECOMPRESSION_FAILED, or never give the place
   * of the stream back. Before the end of the request RESET_STREAM comes with it, and prevents both. So it
   * waits for the answer's header, or for as long as the request's may take.
   */
  #abortOnceRead(stream: NodeQuicStream, code: number): void {
    const giveUp = (): void => {
      clearTimeout(timer);
      abort(stream, code);
    };
    const timer = setTimeout(giveUp, unreadMs + unreadRoundTrips * this.#roundTripMs());
    stream.onheaders = giveUp;
    const closed = (): void => clearTimeout(timer);
    stream.closed.then(closed, closed);
  }

  #drop(): void {
    this.#queue = [];
    this.queuedBytes = 0;
  }
}

const unattached: QuicStreamHandler = { onData() {}, onEnd() {}, onDrain() {}, onReset() {} };

/** Stops both halves; also for what has no owner. */
export function abort(stream: NodeQuicStream, code: number): void {
  const { QuicError } = nodeQuic();
  stream.destroy(new QuicError('the stream was given up', { errorCode: code }));
}

function ignore(): void {}
