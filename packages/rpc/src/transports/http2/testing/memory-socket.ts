import type { ByteSocket, SocketHandler } from '../../../sockets/socket.ts';

/** A socket without a network: what is written waits until a test moves it. */
export class MemorySocket implements ByteSocket {
  readonly address = 'memory';
  readonly descriptor = undefined;
  readonly tls = undefined;
  isEnded = false;
  isDestroyed = false;
  /** From so many bytes that wait on, `write` answers false. */
  highWater = Number.POSITIVE_INFINITY;
  /** All that was written and not taken. */
  #waiting: Uint8Array = new Uint8Array(0);
  #isFull = false;

  get queuedBytes(): number {
    return this.#isFull ? this.#waiting.length : 0;
  }

  get waitingBytes(): number {
    return this.#waiting.length;
  }

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.isDestroyed) return true;
    const joined = new Uint8Array(this.#waiting.length + end - start);
    joined.set(this.#waiting);
    joined.set(bytes.subarray(start, end), this.#waiting.length);
    this.#waiting = joined;
    this.#isFull ||= joined.length > this.highWater;
    return !this.#isFull;
  }

  /** Takes up to so many bytes off, and tells the owner when none wait any more. */
  take(most: number, owner?: SocketHandler): Uint8Array {
    const taken = this.#waiting.slice(0, most);
    this.#waiting = this.#waiting.slice(taken.length);
    if (this.#isFull && this.#waiting.length === 0) {
      this.#isFull = false;
      owner?.onDrain();
    }
    return taken;
  }

  end(): void {
    this.isEnded = true;
  }

  destroy(): void {
    this.isDestroyed = true;
  }

  pause(): void {}

  resume(): void {}
}
