import type { FloodGuard } from './flood-guard.ts';
import { defaultWindowBytes } from './frame.ts';
import { type FrameWriter, messagePrefixBytes } from './frame-writer.ts';
import { HeldBytes } from './held-bytes.ts';

/** What the sender needs of a stream; it alone changes these fields. */
export interface SendingStream {
  readonly id: number;
  /** What the peer's flow control lets this stream send; below zero after SETTINGS lowered it. */
  sendWindow: number;
  unsent: HeldBytes | undefined;
  /** A `sendMessage` has answered false. */
  wantsRoom: boolean;
  /** Nothing is unsent any more, and there is room. */
  onRoom(): void;
}

/**
 * Sends messages as DATA within the peer's windows (RFC 9113, 5.2), and holds what does not fit. In
 * the queue of those that wait for the connection, streams take turns frame by frame.
 */
export class DataSender {
  /** What the peer's flow control lets the connection send. */
  window: number = defaultWindowBytes;
  /** Bytes that are held for all streams. */
  unsentBytes = 0;
  readonly #writer: FrameWriter;
  readonly #guard: FloodGuard;
  /** The streams that wait for the connection, its window or its socket, and not for their own. */
  #waiting: Set<SendingStream> | undefined;

  constructor(writer: FrameWriter, guard: FloodGuard) {
    this.#writer = writer;
    this.#guard = guard;
  }

  /** Sends a message, or holds a copy. False: `onRoom` will come, the next one should wait for it. */
  send(stream: SendingStream, compressed: number, bytes: Uint8Array): boolean {
    const total = bytes.length + messagePrefixBytes;
    if (stream.unsent === undefined && this.#room(stream) >= total && total <= this.#frameBytes) {
      this.#writer.data(stream.id, 0, compressed, bytes, 0, bytes.length);
      this.#charge(stream, total);
    } else {
      const sent = stream.unsent === undefined ? this.#sendParts(stream, compressed, bytes) : 0;
      if (sent < total) this.#hold(stream, compressed, bytes, sent);
      // A window smaller than a prefix takes its bytes all the same.
      while (this.#sendHeld(stream)) {}
    }
    if (stream.unsent === undefined && !this.#writer.isBlocked) return true;
    stream.wantsRoom = true;
    this.#await(stream);
    return false;
  }

  /** The stream may have got a larger window. */
  flush(stream: SendingStream): void {
    if (stream.unsent === undefined && !stream.wantsRoom) return;
    while (this.#sendHeld(stream)) {}
    if (stream.unsent === undefined && !this.#writer.isBlocked) this.#tell(stream);
    else this.#await(stream);
  }

  /** The connection has got a larger window, or the socket has room again. */
  flushAll(): void {
    const waiting = this.#waiting;
    while (waiting !== undefined && waiting.size > 0 && !this.#writer.isBlocked) {
      let hasSent = false;
      for (const stream of [...waiting]) {
        if (this.#writer.isBlocked) return;
        // It may have ended while the others were told that there is room.
        if (!waiting.delete(stream)) continue;
        if (this.#sendHeld(stream)) hasSent = true;
        if (stream.unsent === undefined) this.#tell(stream);
        else this.#await(stream);
      }
      if (!hasSent) return;
    }
  }

  /** The stream is over: what it holds is dropped. */
  forget(stream: SendingStream): void {
    this.#waiting?.delete(stream);
    if (stream.unsent === undefined) return;
    this.unsentBytes -= stream.unsent.length;
    stream.unsent = undefined;
  }

  #room(stream: SendingStream): number {
    // A stream without a number has to wait until the peer takes one more.
    if (this.#writer.isBlocked || stream.id === 0) return 0;
    return Math.min(this.window, stream.sendWindow);
  }

  get #frameBytes(): number {
    return Math.min(this.#writer.maxFrameBytes, maxDataBytes);
  }

  #charge(stream: SendingStream, bytes: number): void {
    this.window -= bytes;
    stream.sendWindow -= bytes;
    this.#guard.sentData();
  }

  /** As many frames as there is room for: how many bytes of prefix and message that took. */
  #sendParts(stream: SendingStream, compressed: number, bytes: Uint8Array): number {
    let room = this.#room(stream);
    if (room <= messagePrefixBytes) return 0;
    const frameBytes = this.#frameBytes;
    let at = Math.min(bytes.length, Math.min(room, frameBytes) - messagePrefixBytes);
    this.#writer.data(stream.id, 0, compressed, bytes, 0, at);
    this.#charge(stream, at + messagePrefixBytes);
    while (at < bytes.length) {
      room = this.#room(stream);
      if (room <= 0) break;
      const end = Math.min(bytes.length, at + room, at + frameBytes);
      this.#writer.data(stream.id, 0, -1, bytes, at, end);
      this.#charge(stream, end - at);
      at = end;
    }
    return at + messagePrefixBytes;
  }

  #hold(stream: SendingStream, compressed: number, bytes: Uint8Array, sent: number): void {
    const left = bytes.length + messagePrefixBytes - sent;
    stream.unsent ??= new HeldBytes(left);
    if (sent === 0) stream.unsent.appendPrefix(compressed, bytes.length);
    stream.unsent.append(bytes, Math.max(0, sent - messagePrefixBytes));
    this.unsentBytes += left;
  }

  /** One frame of what is held: whether there was room for it. */
  #sendHeld(stream: SendingStream): boolean {
    const { unsent } = stream;
    if (unsent === undefined) return false;
    const room = this.#room(stream);
    if (room <= 0) return false;
    const count = Math.min(room, unsent.length, this.#frameBytes);
    this.#writer.data(stream.id, 0, -1, unsent.bytes, unsent.start, unsent.start + count);
    this.#charge(stream, count);
    this.unsentBytes -= count;
    unsent.start += count;
    if (unsent.length === 0) stream.unsent = undefined;
    return true;
  }

  #await(stream: SendingStream): void {
    if (stream.unsent !== undefined && (stream.sendWindow <= 0 || stream.id === 0)) return;
    this.#waiting ??= new Set();
    this.#waiting.add(stream);
  }

  #tell(stream: SendingStream): void {
    this.#waiting?.delete(stream);
    stream.onRoom();
  }
}

/** The longest DATA payload that we send, so that one call does not keep the others waiting. */
const maxDataBytes = 128 * 1024;
