import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { ByteQueue } from '../byte-queue.ts';
import { clientPreface, frameFlag, frameHeaderBytes, frameType } from '../frame.ts';
import { HpackDecoder } from '../hpack/decoder.ts';
import { HpackEncoder } from '../hpack/encoder.ts';

/** A frame as it came. */
export interface RawFrame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

/** One HTTP/2 frame with any header and any payload, right or wrong. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Uint8Array | string = '',
  length?: number,
): Buffer {
  const bytes = Buffer.from(payload);
  const header = Buffer.alloc(frameHeaderBytes);
  header.writeUIntBE(length ?? bytes.length, 0, 3);
  header[3] = type;
  header[4] = flags;
  header.writeUInt32BE(stream, 5);
  return Buffer.concat([header, bytes]);
}

/** The four bytes of a number. */
export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
}

/** The payload of SETTINGS. */
export function settingsPayload(
  ...pairs: readonly (readonly [id: number, value: number])[]
): Buffer {
  const bytes = Buffer.alloc(pairs.length * 6);
  for (const [i, [id, value]] of pairs.entries()) {
    bytes.writeUInt16BE(id, i * 6);
    bytes.writeUInt32BE(value, i * 6 + 2);
  }
  return bytes;
}

/** A header block whose every header is spelled out, so that no table is needed. */
export function block(headers: Readonly<Record<string, string>>): Buffer {
  const out = new ByteQueue();
  for (const [name, value] of Object.entries(headers)) {
    const encoder = new HpackEncoder();
    encoder.setMaxTableBytes(0);
    encoder.writeChanging(out, name, value);
  }
  return Buffer.from(out.bytes.slice(0, out.length));
}

/** A message of gRPC: its prefix and its bytes. */
export function message(bytes: Uint8Array | string, compressed = 0): Buffer {
  const payload = Buffer.from(bytes);
  return Buffer.concat([Buffer.from([compressed]), u32(payload.length), payload]);
}

/** The headers of a gRPC request. */
export const requestHeaders: Readonly<Record<string, string>> = {
  ':method': 'POST',
  ':scheme': 'http',
  ':path': '/test.Service/Method',
  ':authority': 'localhost',
  te: 'trailers',
  'content-type': 'application/grpc',
};

/** One side of a raw connection: writes what a test makes up, and reads frames. */
export class RawPeer {
  readonly socket: Socket;
  readonly frames: RawFrame[] = [];
  /** Everything that came, frames or not. */
  received: Buffer = Buffer.alloc(0);
  readonly #decoder = new HpackDecoder();
  #parsed = 0;
  #taken = 0;
  #isClosed = false;
  #wake: (() => void) | undefined;

  /** `prefaceBytes` come before the first frame of the other side. */
  constructor(socket: Socket, prefaceBytes = 0) {
    this.socket = socket;
    this.#parsed = prefaceBytes;
    socket.on('data', (bytes: Buffer) => {
      this.received = Buffer.concat([this.received, bytes]);
      this.#parse();
      this.#wake?.();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake?.();
    });
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Connects as a client; with `hello` preface and empty SETTINGS are sent. */
  static async connect(port: number, hello = true): Promise<RawPeer> {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true });
    await once(socket, 'connect');
    const peer = new RawPeer(socket);
    if (hello) peer.send(clientPreface, frame(frameType.settings, 0, 0));
    return peer;
  }

  send(...parts: (Uint8Array | string)[]): void {
    this.socket.write(Buffer.concat(parts.map((part) => Buffer.from(part))));
  }

  /** HEADERS of a call, and with `body` its messages and its end. */
  request(stream: number, headers: Readonly<Record<string, string>> = requestHeaders): Buffer {
    return frame(frameType.headers, frameFlag.endHeaders, stream, block(headers));
  }

  /** The next frame that `accept` takes; those before it are passed over. Undefined at the end. */
  async next(accept: (frame: RawFrame) => boolean): Promise<RawFrame | undefined> {
    for (;;) {
      while (this.#taken < this.frames.length) {
        const candidate = this.frames[this.#taken++] as RawFrame;
        if (accept(candidate)) return candidate;
      }
      if (this.#isClosed) return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The error code of the GOAWAY that the other side sends before it closes. */
  async goaway(): Promise<number | undefined> {
    const found = await this.next(({ type }) => type === frameType.goaway);
    return found?.payload.readUInt32BE(4);
  }

  /** The error code with which the other side resets this stream. */
  async reset(stream: number): Promise<number | undefined> {
    const found = await this.next(
      (one) => one.type === frameType.resetStream && one.stream === stream,
    );
    return found?.payload.readUInt32BE(0);
  }

  /** The next headers of this stream. Each HEADERS frame must be asked for, in order. */
  async headers(stream: number): Promise<Record<string, string> | undefined> {
    for (;;) {
      const found = await this.next(({ type }) => type === frameType.headers);
      if (found === undefined) return undefined;
      const headers: Record<string, string> = {};
      this.#decoder.decode(found.payload, 0, found.payload.length, {
        onField: ({ name, value }) => {
          headers[name] = value;
        },
      });
      if (found.stream === stream) return headers;
    }
  }

  /** Resolves when the other side has closed. */
  async closed(): Promise<void> {
    await this.next(() => false);
  }

  close(): void {
    this.socket.destroy();
  }

  #parse(): void {
    while (this.received.length - this.#parsed >= frameHeaderBytes) {
      const at = this.#parsed;
      const length = this.received.readUIntBE(at, 3);
      if (this.received.length - at - frameHeaderBytes < length) return;
      this.#parsed += frameHeaderBytes + length;
      this.frames.push({
        type: this.received[at + 3] as number,
        flags: this.received[at + 4] as number,
        stream: this.received.readUInt32BE(at + 5),
        payload: this.received.subarray(at + frameHeaderBytes, this.#parsed),
      });
    }
  }
}

/** A server that answers each connection as `script` says. */
export async function rawServer(
  script: (peer: RawPeer) => void | Promise<void>,
): Promise<{ readonly port: number; readonly server: Server }> {
  const server = createServer({ noDelay: true }, (socket) => {
    void script(new RawPeer(socket, clientPreface.length));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return { port: address.port, server };
}
