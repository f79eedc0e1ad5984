import type { FrameConnection } from '../../frames/frame-connection.ts';
import type { FrameLink } from '../../frames/frame-writer.ts';
import { RpcError } from '../../rpc-error.ts';
import type { ByteSocket } from '../../sockets/socket.ts';
import type { Ring } from './ring.ts';

const bell = new Uint8Array([1]);

/**
 * Frames over two rings. It looks at its ring again and again for `pollMs` after the last bytes, and
 * then sleeps; the socket beside the rings is the bell that wakes it, and its end is the end of the
 * connection.
 */
export class RingLink implements FrameLink {
  connection: FrameConnection | undefined;
  queuedBytes = 0;
  readonly #socket: ByteSocket;
  readonly #incoming: Ring;
  readonly #outgoing: Ring;
  readonly #pollMs: number;
  #queue: Uint8Array[] = [];
  #pollUntil = 0;
  #isPolling = false;
  #isEnding = false;
  #isClosed = false;
  readonly #poll: () => void = () => this.#look();

  constructor(socket: ByteSocket, incoming: Ring, outgoing: Ring, pollMs: number) {
    this.#socket = socket;
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#pollMs = pollMs;
  }

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.#isClosed) return true;
    let at = start;
    if (this.queuedBytes === 0) at += this.#put(bytes, start, end);
    this.wake();
    if (at === end) return true;
    this.#queue.push(bytes.slice(at, end));
    this.queuedBytes += end - at;
    // Looked at once more: the reader may have made room before it saw the wish.
    this.#outgoing.isWriterStarved = true;
    this.#flush();
    return this.queuedBytes === 0;
  }

  end(): void {
    this.#isEnding = true;
    if (this.queuedBytes === 0) this.#socket.end();
  }

  destroy(): void {
    this.#socket.destroy();
  }

  /** Something has happened, or the bell was rung: look at the rings for a while. */
  wake(): void {
    this.#pollUntil = performance.now() + this.#pollMs;
    if (this.#isPolling || this.#isClosed) return;
    this.#isPolling = true;
    this.#incoming.isReaderSleeping = false;
    setImmediate(this.#poll);
  }

  /** The other process is gone, or has said all. */
  closed(error?: RpcError): void {
    if (this.#isClosed) return;
    this.#receive();
    this.#isClosed = true;
    this.#queue = [];
    this.queuedBytes = 0;
    this.connection?.linkClosed(error);
  }

  #look(): void {
    if (this.#isClosed) return;
    this.#flush();
    if (this.#incoming.hasBytes && this.#receive())
      this.#pollUntil = performance.now() + this.#pollMs;
    if (performance.now() < this.#pollUntil) {
      setImmediate(this.#poll);
      return;
    }
    this.#incoming.isReaderSleeping = true;
    this.#isPolling = false;
    // What came before the flag was seen rang no bell.
    if (this.#incoming.hasBytes) this.wake();
  }

  #receive(): boolean {
    const bytes = this.#incoming.read();
    if (bytes === undefined) {
      if (this.#incoming.isBroken) {
        this.connection?.abort(new RpcError('data_loss', 'the peer has broken the shared ring'));
        this.destroy();
      }
      return false;
    }
    if (this.#incoming.takeStarvedWriter()) this.#ring();
    this.connection?.receive(bytes);
    return true;
  }

  #put(bytes: Uint8Array, start: number, end: number): number {
    const written = this.#outgoing.write(bytes, start, end);
    if (written > 0 && this.#outgoing.takeSleepingReader()) this.#ring();
    return written;
  }

  #flush(): void {
    if (this.queuedBytes === 0) return;
    while (this.#queue.length > 0) {
      const head = this.#queue[0] as Uint8Array;
      const written = this.#put(head, 0, head.length);
      this.queuedBytes -= written;
      if (written < head.length) {
        this.#queue[0] = head.subarray(written);
        this.#outgoing.isWriterStarved = true;
        return;
      }
      this.#queue.shift();
    }
    if (this.#isEnding) this.#socket.end();
    else this.connection?.linkDrained();
  }

  #ring(): void {
    this.#socket.write(bell);
  }
}
