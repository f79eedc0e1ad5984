import { encodeMessage } from '../../../codec/message-bytes.ts';
import type { MessageInit } from '../../../codec/message-type.ts';
import { defaultLimits, type RpcLimits } from '../../../core/limits.ts';
import { Metadata } from '../../../core/metadata.ts';
import type { MethodInfo } from '../../../core/method.ts';
import { FrameOutput } from '../../../frames/frame-output.ts';
import type { FrameLink } from '../../../frames/frame-writer.ts';
import { clientPreface, frameFlag, frameType, setting } from '../../../transports/http2/frame.ts';
import {
  block,
  frame,
  message,
  requestHeaders,
  settingsPayload,
  u32,
} from '../../../transports/http2/testing/raw-peer.ts';
import { webSocketProtocol } from '../../../transports/websocket/websocket-link.ts';
import { Note } from '../../note-service.ts';
import type { TransportName } from '../transport-table.ts';

/**
 * What a peer that never reads has to say, in the bytes of a transport. It gives the other side all
 * the room there is, so that nothing but the other side's own limits holds that back.
 */
export interface Dialect {
  /** What a client says first. */
  clientHello(): Uint8Array;
  /** What a server says first, once the client has asked for a WebSocket with this key. */
  serverHello(webSocketKey: string): Uint8Array;
  /** A whole call of one message. */
  call(method: MethodInfo, note: MessageInit<Note>): Uint8Array;
  /** What shows that this side is alive. */
  ping(): Uint8Array;
}

/** Of the transports whose bytes go over a stream socket. */
export function dialectOf(transport: TransportName): Dialect {
  if (transport === 'unix') return new FrameDialect();
  if (transport === 'websocket') return new WebSocketDialect();
  return new Http2Dialect();
}

const endlessRoom: RpcLimits = {
  ...defaultLimits,
  streamWindowBytes: 2 ** 31 - 1,
  connectionWindowBytes: 2 ** 31 - 1,
};

class FrameDialect implements Dialect {
  readonly #link = new TakenLink();
  readonly #output = new FrameOutput(this.#link, endlessRoom, undefined);
  #nextStream = 1;

  clientHello(): Uint8Array {
    this.#output.settings();
    return this.#taken();
  }

  serverHello(): Uint8Array {
    return this.clientHello();
  }

  call({ path }: MethodInfo, note: MessageInit<Note>): Uint8Array {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const options = { metadata: Metadata.empty, deadlineAt: Number.POSITIVE_INFINITY };
    this.#output.open(stream, path, options);
    this.#output.message(stream, encodeMessage(Note, note), undefined);
    this.#output.end(stream);
    return this.#taken();
  }

  ping(): Uint8Array {
    this.#output.ping();
    return this.#taken();
  }

  #taken(): Uint8Array {
    this.#output.flush();
    return this.#link.take();
  }
}

/** The same frames in binary messages. */
class WebSocketDialect implements Dialect {
  readonly #frames = new FrameDialect();

  clientHello(): Uint8Array {
    const request = [
      'GET / HTTP/1.1',
      'host: localhost',
      'connection: upgrade',
      'upgrade: websocket',
      'sec-websocket-version: 13',
      'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
      `sec-websocket-protocol: ${webSocketProtocol}`,
    ];
    const head = Buffer.from(`${request.join('\r\n')}\r\n\r\n`);
    return Buffer.concat([head, webSocketFrame(this.#frames.clientHello(), true)]);
  }

  serverHello(webSocketKey: string): Uint8Array {
    const accept = new Bun.CryptoHasher('sha1')
      .update(`${webSocketKey}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
      .digest('base64');
    const answer = [
      'HTTP/1.1 101 Switching Protocols',
      'connection: upgrade',
      'upgrade: websocket',
      `sec-websocket-accept: ${accept}`,
      `sec-websocket-protocol: ${webSocketProtocol}`,
    ];
    const head = Buffer.from(`${answer.join('\r\n')}\r\n\r\n`);
    return Buffer.concat([head, webSocketFrame(this.#frames.serverHello(), false)]);
  }

  call(method: MethodInfo, note: MessageInit<Note>): Uint8Array {
    return webSocketFrame(this.#frames.call(method, note), true);
  }

  /** Of a server: a client's would be masked. */
  ping(): Uint8Array {
    return webSocketFrame(this.#frames.ping(), false);
  }
}

class Http2Dialect implements Dialect {
  #nextStream = 1;

  clientHello(): Uint8Array {
    return Buffer.concat([Buffer.from(clientPreface), this.serverHello()]);
  }

  serverHello(): Uint8Array {
    const windows = settingsPayload([setting.initialWindowSize, 2 ** 31 - 1]);
    return Buffer.concat([
      frame(frameType.settings, 0, 0, windows),
      frame(frameType.windowUpdate, 0, 0, u32(2 ** 31 - 1 - 65_535)),
    ]);
  }

  call({ path }: MethodInfo, note: MessageInit<Note>): Uint8Array {
    const stream = this.#nextStream;
    this.#nextStream += 2;
    const headers = block({ ...requestHeaders, ':path': path });
    return Buffer.concat([
      frame(frameType.headers, frameFlag.endHeaders, stream, headers),
      frame(frameType.data, frameFlag.endStream, stream, message(encodeMessage(Note, note))),
    ]);
  }

  ping(): Uint8Array {
    return frame(frameType.ping, 0, 0, '12345678');
  }
}

/** RFC 6455, 5.2. The mask of a client is zeros, which leaves the bytes as they are. */
function webSocketFrame(payload: Uint8Array, isMasked: boolean): Buffer {
  const header = Buffer.alloc(isMasked ? 14 : 10);
  header[0] = 0x82;
  header[1] = isMasked ? 0xff : 0x7f;
  header.writeBigUInt64BE(BigInt(payload.length), 2);
  return Buffer.concat([header, payload]);
}

/** Keeps what is written until it is taken. */
class TakenLink implements FrameLink {
  readonly queuedBytes = 0;
  #chunks: Uint8Array[] = [];

  write(bytes: Uint8Array, start = 0, end: number = bytes.length): boolean {
    this.#chunks.push(bytes.slice(start, end));
    return true;
  }

  end(): void {}
  destroy(): void {}

  take(): Uint8Array {
    const chunks = this.#chunks;
    this.#chunks = [];
    return Buffer.concat(chunks);
  }
}
