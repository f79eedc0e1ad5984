import type { FrameLink } from '../../frames/frame-writer.ts';

/** The name that both sides agree on in the handshake. */
export const webSocketProtocol = 'zrpc.1';

/** Close codes of RFC 6455, 7.4.1. */
export const closeCode = { normal: 1000, goingAway: 1001, unsupportedData: 1003 } as const;

/** What is needed of the `WebSocket` of browsers, Bun and Node. */
export interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  readonly bufferedAmount: number;
  send(data: Uint8Array<ArrayBuffer>): void;
  close(code?: number, reason?: string): void;
}

/** How often a WebSocket that has no event for it is asked whether it has sent everything. */
const drainCheckMs = 5;
const open = 1;

/**
 * Frames over the WebSocket API of browsers. It has no event for room in its buffer, so that is
 * looked at while something is queued.
 */
export class WebSocketLink implements FrameLink {
  readonly #socket: WebSocketLike;
  readonly #onDrained: () => void;
  #checking: ReturnType<typeof setTimeout> | undefined;

  constructor(socket: WebSocketLike, onDrained: () => void) {
    this.#socket = socket;
    this.#onDrained = onDrained;
  }

  /** Small amounts are with the kernel soon: they hold nothing back. */
  get queuedBytes(): number {
    const amount = this.#socket.bufferedAmount;
    return amount > 64 * 1024 ? amount : 0;
  }

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    if (this.#socket.readyState !== open) return true;
    this.#socket.send(bytes.slice(start, end));
    if (this.queuedBytes === 0) return true;
    this.#checking ??= setTimeout(() => this.#check(), drainCheckMs);
    return false;
  }

  end(): void {
    this.#socket.close(closeCode.normal);
  }

  destroy(): void {
    clearTimeout(this.#checking);
    this.#socket.close(closeCode.normal);
  }

  #check(): void {
    this.#checking = undefined;
    if (this.#socket.readyState !== open) return;
    if (this.queuedBytes === 0) this.#onDrained();
    else this.#checking = setTimeout(() => this.#check(), drainCheckMs);
  }
}
