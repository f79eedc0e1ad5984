import type { ByteSocket } from '../../sockets/socket.ts';
import { ByteQueue, queueBytes } from './byte-queue.ts';
import { defaultFrameBytes, frameFlag, frameHeaderBytes, frameType } from './frame.ts';

/** Payloads from here on go to the socket without a copy. */
const directBytes = 16 * 1024;
/** As much as this leaves before more is written: the peer works on it meanwhile. */
const earlyBytes = 4 * 1024;

/**
 * Writes the frames of one connection. What is written within one turn of the microtask queue goes
 * to the socket in few writes.
 */
export class FrameWriter {
  /** Where HPACK's encoder writes between `beginHeaders` and `endHeaders`. */
  readonly queue: ByteQueue = new ByteQueue();
  /** The socket has taken less than it was given: until `drained` no DATA should be written. */
  isBlocked = false;
  /** The peer's SETTINGS_MAX_FRAME_SIZE. */
  maxFrameBytes: number = defaultFrameBytes;
  readonly #socket: ByteSocket;
  #isScheduled = false;
  #isStopped = false;
  /** The DATA frame that was written last, while it can still be changed: its stream and place. */
  #lastStream = 0;
  #lastAt = 0;
  #headersAt = 0;

  constructor(socket: ByteSocket) {
    this.#socket = socket;
  }

  /** What is written and not with the kernel yet, in bytes. */
  get queuedBytes(): number {
    return this.queue.length + this.#socket.queuedBytes;
  }

  /** The microtask has come. */
  flushScheduled(): void {
    this.#isScheduled = false;
    this.flush();
  }

  /** Gives the socket what has been written. */
  flush(): void {
    const { queue } = this;
    if (queue.length === 0) return;
    this.#lastStream = 0;
    if (!this.#isStopped && !this.#socket.write(queue.bytes, 0, queue.length))
      this.isBlocked = true;
    queue.clear();
  }

  /** Sends what has been written, and nothing after it. */
  stop(): void {
    this.flush();
    this.#isStopped = true;
  }

  /** The socket has taken everything. */
  drained(): void {
    this.isBlocked = false;
  }

  /** Bytes that are no frame: the client's preface. */
  raw(bytes: Uint8Array): void {
    this.#schedule();
    this.queue.append(bytes);
  }

  /**
   * A part of a message as DATA: its bytes from `start` to `end`, with gRPC's prefix before them
   * when `compressed` is 0 or 1, and not -1.
   */
  data(
    stream: number,
    flags: number,
    compressed: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): void {
    const length = end - start;
    const prefixBytes = compressed < 0 ? 0 : messagePrefixBytes;
    const at = this.#header(length + prefixBytes, frameType.data, flags, stream);
    if (prefixBytes > 0) this.#prefix(compressed, bytes.length);
    if (length >= directBytes) {
      this.flush();
      if (!this.#isStopped && !this.#socket.write(bytes, start, end)) this.isBlocked = true;
      return;
    }
    this.queue.append(bytes, start, end);
    this.#lastStream = stream;
    this.#lastAt = at;
    if (this.queue.length >= flushAt) this.flush();
  }

  /** Ends the stream from this side: in its last DATA frame when that has not left yet. */
  endStream(stream: number): void {
    if (this.#lastStream === stream) {
      const at = this.#lastAt + 4;
      this.queue.bytes[at] = (this.queue.bytes[at] as number) | frameFlag.endStream;
      return;
    }
    this.#header(0, frameType.data, frameFlag.endStream, stream);
  }

  /** Begins HEADERS: the block follows into `queue`. */
  beginHeaders(stream: number, flags: number): void {
    if (this.queue.length >= earlyBytes) this.flush();
    this.#headersAt = this.#header(0, frameType.headers, flags | frameFlag.endHeaders, stream);
  }

  /** The block is whole: what is too long for one frame goes on in CONTINUATION. */
  endHeaders(): void {
    const at = this.#headersAt;
    const length = this.queue.length - at - frameHeaderBytes;
    if (length > this.maxFrameBytes) this.#split(at, length);
    else this.#setLength(at, length);
    if (this.queue.length >= flushAt) this.flush();
  }

  resetStream(stream: number, code: number): void {
    this.#header(4, frameType.resetStream, 0, stream);
    this.#u32(code);
  }

  windowUpdate(stream: number, bytes: number): void {
    this.#header(4, frameType.windowUpdate, 0, stream);
    this.#u32(bytes);
  }

  settings(settings: readonly (readonly [id: number, value: number])[]): void {
    this.#header(settings.length * 6, frameType.settings, 0, 0);
    this.queue.reserve(settings.length * 6);
    for (const [id, value] of settings) {
      this.queue.bytes[this.queue.length++] = id >>> 8;
      this.queue.bytes[this.queue.length++] = id;
      this.#u32(value);
    }
  }

  settingsAck(): void {
    this.#header(0, frameType.settings, frameFlag.ack, 0);
  }

  /** `payload` has eight bytes from `start` on. */
  ping(flags: number, payload: Uint8Array, start = 0): void {
    this.#header(8, frameType.ping, flags, 0);
    this.queue.append(payload, start, start + 8);
  }

  /** `message` is for who debugs the peer. */
  goaway(lastStream: number, code: number, message: string): void {
    const text = new TextEncoder().encode(message.slice(0, maxGoawayText));
    this.#header(8 + text.length, frameType.goaway, 0, 0);
    this.#u32(lastStream);
    this.#u32(code);
    this.queue.append(text);
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    if (scheduled.push(this) === 1) queueMicrotask(flushAll);
  }

  /** Writes the header of a frame and returns where it is in the queue. */
  #header(length: number, type: number, flags: number, stream: number): number {
    if (!this.#isScheduled) this.#schedule();
    const { queue } = this;
    queue.reserve(frameHeaderBytes + 8);
    const { bytes } = queue;
    const at = queue.length;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
    bytes[at + 3] = type;
    bytes[at + 4] = flags;
    bytes[at + 5] = stream >>> 24;
    bytes[at + 6] = stream >>> 16;
    bytes[at + 7] = stream >>> 8;
    bytes[at + 8] = stream;
    queue.length = at + frameHeaderBytes;
    this.#lastStream = 0;
    return at;
  }

  #prefix(compressed: number, length: number): void {
    this.queue.bytes[this.queue.length++] = compressed;
    this.#u32(length);
  }

  #u32(value: number): void {
    const { queue } = this;
    queue.reserve(4);
    const { bytes } = queue;
    const at = queue.length;
    bytes[at] = value >>> 24;
    bytes[at + 1] = value >>> 16;
    bytes[at + 2] = value >>> 8;
    bytes[at + 3] = value;
    queue.length = at + 4;
  }

  #setLength(at: number, length: number): void {
    const { bytes } = this.queue;
    bytes[at] = length >>> 16;
    bytes[at + 1] = length >>> 8;
    bytes[at + 2] = length;
  }

  /** Cuts the block after HEADERS at `at`, which is written as one, into frames the peer takes. */
  #split(at: number, length: number): void {
    const { queue, maxFrameBytes } = this;
    const stream = queue.bytes.slice(at + 5, at + frameHeaderBytes);
    const block = queue.bytes.slice(at + frameHeaderBytes, queue.length);
    queue.bytes[at + 4] = (queue.bytes[at + 4] as number) & ~frameFlag.endHeaders;
    this.#setLength(at, maxFrameBytes);
    queue.length = at + frameHeaderBytes + maxFrameBytes;
    for (let start = maxFrameBytes; start < length; start += maxFrameBytes) {
      const end = Math.min(length, start + maxFrameBytes);
      const flags = end === length ? frameFlag.endHeaders : 0;
      const header = this.#header(end - start, frameType.continuation, flags, 0);
      queue.bytes.set(stream, header + 5);
      queue.append(block, start, end);
    }
  }
}

/** The writers of all connections that have something to send: they share one microtask. */
let scheduled: FrameWriter[] = [];

function flushAll(): void {
  const writers = scheduled;
  scheduled = [];
  for (const writer of writers) writer.flushScheduled();
}

/** A queue as long as this is sent without waiting for the microtask, so that it never grows. */
const flushAt = queueBytes - 2 * directBytes;

/** Before each message: whether it is compressed, and its length (gRPC's Length-Prefixed-Message). */
export const messagePrefixBytes = 5;

/** The longest text of a GOAWAY that we send, in characters. */
const maxGoawayText = 256;
