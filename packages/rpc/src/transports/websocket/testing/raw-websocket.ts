import { randomBytes } from 'node:crypto';
import { connect, type Socket } from 'node:net';
import { webSocketProtocol } from '../websocket-link.ts';

/** RFC 6455, 5.2. */
export const opcode = {
  continuation: 0,
  text: 1,
  binary: 2,
  close: 8,
  ping: 9,
  pong: 10,
} as const;

/** What one frame may be told to be, right or wrong. */
export interface FrameOptions {
  readonly opcode: number;
  readonly payload?: Uint8Array;
  /** Default true. */
  readonly fin?: boolean;
  /** RSV1 to RSV3, as the bits 4, 2 and 1. */
  readonly reserved?: number;
  /** Default true: a client masks. */
  readonly masked?: boolean;
  /** The length that the head tells, in the form of this many bytes: 1, 2 or 8. */
  readonly length?: { readonly value: bigint; readonly bytes: 1 | 2 | 8 };
}

/** One frame of a client, whatever it is. */
export function frameBytes(options: FrameOptions): Uint8Array {
  const { payload = new Uint8Array(0), fin = true, reserved = 0, masked = true } = options;
  const head = [(fin ? 0x80 : 0) | (reserved << 4) | options.opcode];
  const { value, bytes } = options.length ?? shortest(payload.length);
  const mark = masked ? 0x80 : 0;
  if (bytes === 1) head.push(mark | Number(value));
  else {
    head.push(mark | (bytes === 2 ? 126 : 127));
    for (let i = bytes - 1; i >= 0; i--) head.push(Number((value >> BigInt(8 * i)) & 0xffn));
  }
  if (!masked) return Buffer.concat([Buffer.from(head), payload]);
  const mask = randomBytes(4);
  const body = payload.map((byte, i) => byte ^ (mask[i % 4] as number));
  return Buffer.concat([Buffer.from(head), mask, body]);
}

/** The payload of a close frame. */
export function closePayload(code: number, reason: Uint8Array | string = ''): Uint8Array {
  const text = typeof reason === 'string' ? Buffer.from(reason) : reason;
  return Buffer.concat([Buffer.from([code >> 8, code & 0xff]), text]);
}

/** One frame of the server. */
export interface ServerFrame {
  readonly opcode: number;
  readonly fin: boolean;
  readonly masked: boolean;
  readonly payload: Buffer;
}

/** A WebSocket client that sends whatever it is told, on a plain socket. */
export class RawWebSocket {
  /** The status and headers of the answer to the handshake. */
  readonly answer: string;
  readonly frames: ServerFrame[] = [];
  #isClosed = false;
  readonly #socket: Socket;
  #bytes: Buffer = Buffer.alloc(0);
  #wake: (() => void) | undefined;

  private constructor(socket: Socket, answer: string, rest: Buffer) {
    this.#socket = socket;
    this.answer = answer;
    socket.on('data', (data: Buffer) => this.#take(data));
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake?.();
    });
    this.#take(rest);
  }

  /** `at`: a port, or a Unix socket's path. Sends the handshake, followed at once by `early`, and waits for the answer, or the end. */
  static async connect(
    at: number | string,
    { head = handshake(), early = new Uint8Array(0) }: { head?: string; early?: Uint8Array } = {},
  ): Promise<RawWebSocket> {
    const socket =
      typeof at === 'string'
        ? connect({ path: at })
        : connect({ host: '127.0.0.1', port: at, noDelay: true });
    // What is written to a socket that the server has closed is nobody's concern.
    socket.on('error', () => {});
    let received: Buffer = Buffer.alloc(0);
    const end = await new Promise<number>((resolve) => {
      socket.on('data', (data: Buffer) => {
        received = Buffer.concat([received, data]);
        const end = received.indexOf('\r\n\r\n');
        if (end >= 0) resolve(end);
      });
      socket.on('close', () => resolve(-1));
      socket.write(Buffer.concat([Buffer.from(head), early]));
    });
    socket.removeAllListeners('data');
    if (end < 0) return new RawWebSocket(socket, '', Buffer.alloc(0));
    return new RawWebSocket(
      socket,
      received.toString('latin1', 0, end),
      received.subarray(end + 4),
    );
  }

  send(...frames: readonly (FrameOptions | Uint8Array)[]): this {
    const bytes = frames.map((one) => (one instanceof Uint8Array ? one : frameBytes(one)));
    this.#socket.write(Buffer.concat(bytes));
    return this;
  }

  /**
   * Sends bytes, and reads nothing from now on.
   * @returns false once the connection has ended.
   */
  async sendDeaf(bytes: Uint8Array): Promise<boolean> {
    this.#socket.pause();
    await new Promise<void>((resolve) => this.#socket.write(bytes, () => resolve()));
    return !this.#isClosed && !this.#socket.destroyed;
  }

  /** The first frame, from now on or before, that fits; undefined when the connection ends first. */
  async next(fits: (frame: ServerFrame) => boolean): Promise<ServerFrame | undefined> {
    for (;;) {
      const at = this.frames.findIndex(fits);
      if (at >= 0) return this.frames.splice(at, 1)[0];
      if (this.#isClosed) return undefined;
      await this.#change();
    }
  }

  /** Waits for the end of the connection: the code of the server's close frame, 0 if it sent none. */
  async ended(): Promise<number> {
    while (!this.#isClosed) await this.#change();
    const close = this.frames.find((frame) => frame.opcode === opcode.close);
    return close === undefined || close.payload.length < 2 ? 0 : close.payload.readUInt16BE(0);
  }

  destroy(): void {
    this.#socket.destroy();
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #take(data: Buffer): void {
    this.#bytes = Buffer.concat([this.#bytes, data]);
    for (let frame = this.#cut(); frame !== undefined; frame = this.#cut()) this.frames.push(frame);
    this.#wake?.();
  }

  #cut(): ServerFrame | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const [first = 0, second = 0] = bytes;
    const short = second & 0x7f;
    const start = short === 126 ? 4 : short === 127 ? 10 : 2;
    if (bytes.length < start) return undefined;
    const length =
      start === 2 ? short : start === 4 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    if (bytes.length < start + length) return undefined;
    this.#bytes = bytes.subarray(start + length);
    return {
      opcode: first & 0x0f,
      fin: (first & 0x80) !== 0,
      masked: (second & 0x80) !== 0,
      payload: bytes.subarray(start, start + length),
    };
  }
}

/** A handshake that is in order but for what is changed; undefined leaves a header out. */
export function handshake(
  changes: Readonly<Record<string, string | undefined>> = {},
  line = 'GET / HTTP/1.1',
): string {
  const headers: Record<string, string | undefined> = {
    host: 'localhost',
    connection: 'Upgrade',
    upgrade: 'websocket',
    'sec-websocket-version': '13',
    'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'sec-websocket-protocol': webSocketProtocol,
    ...changes,
  };
  const lines = Object.entries(headers).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${value}`],
  );
  return `${[line, ...lines].join('\r\n')}\r\n\r\n`;
}

function shortest(length: number): { value: bigint; bytes: 1 | 2 | 8 } {
  const bytes = length < 126 ? 1 : length < 65_536 ? 2 : 8;
  return { value: BigInt(length), bytes };
}
