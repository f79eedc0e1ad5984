import { frameFlag, frameHeaderBytes, frameType } from './frame.ts';

/** Where frames go: a socket, a WebSocket, a QUIC stream, a ring in shared memory. */
export interface FrameLink {
  /** As `ByteSocket.write`: lends the bytes, always takes them, false when they had to be queued. */
  write(bytes: Uint8Array, start?: number, end?: number): boolean;
  readonly queuedBytes: number;
  end(): void;
  destroy(): void;
}

const bufferBytes = 64 * 1024;
/** Payloads from here on go to the link without a copy. */
const directBytes = 16 * 1024;
/** As much as this leaves before more is written: the peer works on it meanwhile. */
const earlyBytes = 4 * 1024;
const pool: Uint8Array[] = [];
const maxPooled = 64;

/** Writers with something to send, until the microtask that sends it. */
let pending: FrameWriter[] = [];
let spare: FrameWriter[] = [];

/** One function for all writers, so that ten thousand idle ones have none each. */
function flushPending(): void {
  const writers = pending;
  pending = spare;
  spare = writers;
  for (const writer of writers) {
    try {
      writer.flush();
    } catch (error) {
      // A link must not throw; one that does all the same is no affair of the others.
      queueMicrotask(() => {
        throw error;
      });
    }
  }
  writers.length = 0;
}

/**
 * Collects the frames of one turn of the microtask queue and hands them to the link in few writes. A
 * connection that is not writing holds no buffer.
 */
export class FrameWriter {
  readonly #link: FrameLink;
  #buffer: Uint8Array | undefined;
  #used = 0;
  /** The stream of the frame written last, and where its flags are, while it is still here. */
  #lastStream = 0;
  #lastFlagsAt = 0;

  constructor(link: FrameLink) {
    this.#link = link;
  }

  /** What was written and is not with the kernel yet, in bytes. */
  get queuedBytes(): number {
    return this.#used + this.#link.queuedBytes;
  }

  /** A frame whose payload is `payload` from `start` to `end`. The bytes are lent. */
  write(
    type: number,
    stream: number,
    flags: number,
    payload: Uint8Array,
    start = 0,
    end: number = payload.length,
  ): void {
    const length = end - start;
    if (length >= directBytes) {
      this.#begin(type, stream, flags, length, 0);
      this.flush();
      this.#link.write(payload, start, end);
      return;
    }
    const at = this.#begin(type, stream, flags, length, length);
    const buffer = this.#buffer as Uint8Array;
    if (length < 64) for (let i = 0; i < length; i++) buffer[at + i] = payload[start + i] as number;
    else buffer.set(length === payload.length ? payload : payload.subarray(start, end), at);
  }

  /**
   * Sets the flag `last` in the frame written last, if that is a message of this stream that has
   * not left yet. False: it is not.
   */
  markLast(stream: number): boolean {
    const buffer = this.#buffer;
    if (buffer === undefined || this.#lastStream !== stream) return false;
    if (buffer[this.#lastFlagsAt - 5] !== frameType.message) return false;
    buffer[this.#lastFlagsAt] = (buffer[this.#lastFlagsAt] as number) | frameFlag.last;
    return true;
  }

  /** Sends what was collected. */
  flush(): void {
    const buffer = this.#buffer;
    if (buffer === undefined) return;
    this.#buffer = undefined;
    this.#send(buffer);
    if (pool.length < maxPooled) pool.push(buffer);
  }

  #send(buffer: Uint8Array): void {
    const used = this.#used;
    this.#used = 0;
    this.#lastStream = 0;
    if (used > 0) this.#link.write(buffer, 0, used);
  }

  /** Writes a frame's header with room for `room` bytes behind it: where the payload begins. */
  #begin(type: number, stream: number, flags: number, length: number, room: number): number {
    if (this.#used + frameHeaderBytes + room > bufferBytes) this.flush();
    else if (this.#used >= earlyBytes && stream !== this.#lastStream) {
      this.#send(this.#buffer as Uint8Array);
    }
    if (this.#buffer === undefined) {
      this.#buffer = pool.pop() ?? new Uint8Array(bufferBytes);
      if (pending.push(this) === 1) queueMicrotask(flushPending);
    }
    const buffer = this.#buffer;
    const at = this.#used;
    buffer[at] = length >>> 24;
    buffer[at + 1] = length >>> 16;
    buffer[at + 2] = length >>> 8;
    buffer[at + 3] = length;
    buffer[at + 4] = type;
    buffer[at + 5] = stream >>> 24;
    buffer[at + 6] = stream >>> 16;
    buffer[at + 7] = stream >>> 8;
    buffer[at + 8] = stream;
    buffer[at + 9] = flags;
    this.#lastStream = stream;
    this.#lastFlagsAt = at + 9;
    this.#used = at + frameHeaderBytes + room;
    return at + frameHeaderBytes;
  }
}
