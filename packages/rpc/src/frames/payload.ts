import { decodeStatusDetails } from '../codec/error-details.ts';
import { okTrailer, type Trailer } from '../core/call.ts';
import type { RpcLimits } from '../core/limits.ts';
import { Metadata, type MetadataValue } from '../core/metadata.ts';
import { markRefused } from '../core/refused.ts';
import { userAgentName } from '../core/reserved-names.ts';
import { codeNumber, codeOfNumber } from '../core/status.ts';
import { RpcError } from '../rpc-error.ts';
import { frameFlag, maxInternedMethods, protocolVersion } from './frame.ts';
import { readU32 } from './frame-reader.ts';

const utf8 = new TextEncoder();
const fromUtf8 = new TextDecoder('utf-8', { fatal: true });

/** Writes the payload of one frame at a time; `bytes` up to `length` are valid until the next `reset`. */
export class PayloadWriter {
  bytes: Uint8Array = new Uint8Array(1_024);
  length = 0;

  reset(): this {
    this.length = 0;
    return this;
  }

  u8(value: number): this {
    this.#reserve(1);
    this.bytes[this.length++] = value;
    return this;
  }

  u32(value: number): this {
    return this.u8(value >>> 24)
      .u8(value >>> 16)
      .u8(value >>> 8)
      .u8(value);
  }

  varint(value: number): this {
    let rest = value;
    while (rest > 0x7f) {
      this.u8((rest & 0x7f) | 0x80);
      rest = Math.floor(rest / 128);
    }
    return this.u8(rest);
  }

  raw(value: Uint8Array): this {
    this.#reserve(value.length);
    this.bytes.set(value, this.length);
    this.length += value.length;
    return this;
  }

  text(value: string): this {
    return this.raw(utf8.encode(value));
  }

  /** Length and bytes. */
  block(value: MetadataValue): this {
    const bytes = typeof value === 'string' ? utf8.encode(value) : value;
    return this.varint(bytes.length).raw(bytes);
  }

  pairs(metadata: Metadata): this {
    if (metadata.size === 0) return this;
    for (const [name, value] of metadata) {
      if (name !== userAgentName) this.block(name).block(value);
    }
    return this;
  }

  #reserve(more: number): void {
    if (this.length + more <= this.bytes.length) return;
    let size = this.bytes.length * 2;
    while (size < this.length + more) size *= 2;
    const grown = new Uint8Array(size);
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }
}

/**
 * Reads the payload of a frame.
 * @throws RpcError internal, for all methods, where the payload is not what the frame promises.
 */
export class PayloadReader {
  #bytes: Uint8Array = new Uint8Array(0);
  #at = 0;
  #end = 0;

  reset(bytes: Uint8Array, start: number, end: number): this {
    this.#bytes = bytes;
    this.#at = start;
    this.#end = end;
    return this;
  }

  get left(): number {
    return this.#end - this.#at;
  }

  u8(): number {
    if (this.#at >= this.#end) throw malformed('it ends too early');
    return this.#bytes[this.#at++] as number;
  }

  u32(): number {
    if (this.#at + 4 > this.#end) throw malformed('it ends too early');
    const value = readU32(this.#bytes, this.#at);
    this.#at += 4;
    return value;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let i = 0; i < 5; i++) {
      const byte = this.u8();
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) {
        if (value > 0xffffffff) break;
        return value;
      }
      factor *= 128;
    }
    throw malformed('a number in it has more than 32 bits');
  }

  /** Length and bytes; the bytes are a view. */
  block(): Uint8Array {
    const length = this.varint();
    if (length > this.left) throw malformed('a length in it points beyond its end');
    const block = this.#bytes.subarray(this.#at, this.#at + length);
    this.#at += length;
    return block;
  }

  textBlock(): string {
    return decodeText(this.block());
  }

  /** What is left, as text. */
  text(): string {
    const text = decodeText(this.#bytes.subarray(this.#at, this.#end));
    this.#at = this.#end;
    return text;
  }

  /** Pairs to the end of the payload. */
  pairs(limits: RpcLimits): Metadata {
    if (this.left === 0) return Metadata.empty;
    const metadata = new Metadata();
    let size = 0;
    while (this.left > 0) {
      const name = this.textBlock();
      const block = this.block();
      size += name.length + block.length + 32;
      if (size > limits.maxMetadataBytes) {
        throw new RpcError(
          'resource_exhausted',
          `metadata is larger than ${limits.maxMetadataBytes} bytes, the limit maxMetadataBytes`,
        );
      }
      // A copy, since the frame's chunk is larger than the value and would live as long.
      metadata.appendReceived(name, name.endsWith('-bin') ? block.slice() : decodeText(block));
    }
    return metadata;
  }
}

/** SETTINGS of this side. */
export function writeSettings(writer: PayloadWriter, limits: RpcLimits): PayloadWriter {
  return writer
    .reset()
    .text('zrpc')
    .u8(protocolVersion)
    .u32(limits.maxMessageBytes)
    .u32(limits.streamWindowBytes)
    .u32(limits.connectionWindowBytes)
    .u32(limits.maxStreams);
}

/** What the other side said in its SETTINGS. */
export interface PeerSettings {
  readonly maxMessageBytes: number;
  readonly streamWindowBytes: number;
  readonly connectionWindowBytes: number;
  readonly maxStreams: number;
}

/** @throws RpcError for bytes that are no SETTINGS, and for another version. */
export function readSettings(reader: PayloadReader): PeerSettings {
  if (reader.u32() !== 0x7a727063) throw malformed('it does not begin with "zrpc"');
  const version = reader.u8();
  if (version !== protocolVersion) {
    throw new RpcError(
      'failed_precondition',
      `the peer speaks version ${version} of the frames, this side version ${protocolVersion}: update one of them`,
    );
  }
  const settings = {
    maxMessageBytes: reader.u32(),
    streamWindowBytes: reader.u32(),
    connectionWindowBytes: reader.u32(),
    maxStreams: reader.u32(),
  };
  const isAsBefore = settingNames.every((name) => settings[name] === lastSettings?.[name]);
  if (!isAsBefore) lastSettings = settings;
  return lastSettings ?? settings;
}

const settingNames = [
  'maxMessageBytes',
  'streamWindowBytes',
  'connectionWindowBytes',
  'maxStreams',
] as const;

/** Most peers say the same, and can share one object. */
let lastSettings: PeerSettings | undefined;

/** The payload of an END from the answering side. */
export function readTrailer(reader: PayloadReader, flags: number, limits: RpcLimits): Trailer {
  if (reader.left === 0) return okTrailer;
  const number = reader.u8();
  const message = reader.textBlock();
  const details = reader.block();
  const metadata = reader.pairs(limits);
  if (number === 0) return { error: undefined, metadata };
  const refused = (flags & frameFlag.refused) !== 0;
  const error = new RpcError(codeOfNumber(number), message, {
    ...(refused ? { retryable: true } : {}),
    details: details.length === 0 ? [] : decodeStatusDetails(details),
  });
  return { error: refused ? markRefused(error) : error, metadata };
}

/** CANCEL's payload, and the tail of GOAWAY's. */
export function readReason(reader: PayloadReader): RpcError {
  return new RpcError(codeOfNumber(reader.u8()), reader.text());
}

/** The same of an error of this side. */
export function writeReason(writer: PayloadWriter, error: RpcError): PayloadWriter {
  return writer.u8(codeNumber(error.code)).text(error.message.slice(0, 1_024));
}

function decodeText(bytes: Uint8Array): string {
  if (bytes.length < 24) {
    let text = '';
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i] as number;
      if (byte > 0x7f) return strictText(bytes);
      text += String.fromCharCode(byte);
    }
    return text;
  }
  return strictText(bytes);
}

function strictText(bytes: Uint8Array): string {
  try {
    return fromUtf8.decode(bytes);
  } catch (cause) {
    throw new RpcError('internal', 'the frame is malformed: a text in it is not UTF-8', { cause });
  }
}

function malformed(what: string): RpcError {
  return new RpcError('internal', `the frame is malformed: ${what}`);
}

/**
 * The path of a HEADER; `named` says that it is in there, with its number. `paths` are those behind
 * the numbers that the peer uses for them.
 */
export function readPath(
  reader: PayloadReader,
  named: boolean,
  paths: (string | undefined)[],
): string {
  const number = reader.varint();
  if (!named) {
    const path = paths[number];
    if (path === undefined) throw malformed(`method ${number} was given no path before`);
    return path;
  }
  const path = reader.textBlock();
  if (number === 0) return path;
  if (number > maxInternedMethods || paths[number] !== undefined) {
    throw malformed(`method ${number} cannot be given a path`);
  }
  paths[number] = path;
  return path;
}
