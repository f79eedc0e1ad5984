import { open } from 'node:fs/promises';
import { fromBase64 } from '../../codec/base64.ts';
import { detailOfBytes } from '../../codec/error-details.ts';
import type { Metadata } from '../../core/metadata.ts';
import type { MethodKind } from '../../core/method.ts';
import { type Code, codes, type ErrorDetail, RpcError } from '../../rpc-error.ts';
import { fileFault } from '../file-fault.ts';
import { metadataOfPairs, recordingVersion } from './recording-format.ts';

/** A call of a recording, ready to be answered again. */
export interface ReplayableCall {
  /** `orders.jsonl:7`, for messages. */
  readonly origin: string;
  /** `/package.Service/Method` */
  readonly method: string;
  readonly kind: MethodKind | undefined;
  readonly requests: readonly Uint8Array[];
  readonly halfClosed: boolean;
  readonly header: Metadata;
  readonly responses: readonly {
    /** How many requests had come before, their end counted as one more. */
    readonly after: number;
    /** Since the call began, in milliseconds. */
    readonly atMs: number;
    readonly bytes: Uint8Array;
  }[];
  readonly trailer: Metadata;
  readonly durationMs: number;
  /** How many requests had come before the end. */
  readonly endedAfter: number;
  /** Undefined for OK. */
  readonly error: RpcError | undefined;
  /** The caller had left before the call ended: how it would have ended is not known. */
  readonly left: boolean;
  /** Messages that the recording does not have. */
  readonly unkept: number;
}

/** The longest line and the largest file, in bytes: what is replayed is held in memory. */
const maxLineBytes = 64 * 1024 ** 2;
const maxFileBytes = 1024 ** 3;

/**
 * The calls of a recording, in the order in which they ended.
 * @throws RpcError that names the line of a file that is no recording, is of a later version, or
 *   cannot be read.
 */
export async function readRecording(path: string): Promise<ReplayableCall[]> {
  const calls: ReplayableCall[] = [];
  let line = 0;
  for await (const text of linesOf(path)) {
    line++;
    if (text.trim() === '') continue;
    const json = objectOf(text, `${path}:${line}`);
    if ('recording' in json) checkVersion(json.recording, `${path}:${line}`);
    else if (line === 1) throw wrong(path, 'the file does not begin as a recording of calls does');
    else calls.push(new CallReader(json, `${path}:${line}`).call());
  }
  if (line === 0) throw wrong(path, 'the file is empty, and no recording of calls');
  return calls;
}

async function* linesOf(path: string): AsyncGenerator<string> {
  const file = await open(path).catch((cause) => {
    throw fileFault(path, cause);
  });
  try {
    const { size } = await file.stat();
    if (size > maxFileBytes) {
      throw new RpcError('resource_exhausted', `${path}: the recording is larger than 1 GiB`);
    }
    const decoder = new TextDecoder('utf-8', { fatal: true });
    let rest = '';
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      const lines = (rest + decode(decoder, chunk, path)).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length > maxLineBytes) throw wrong(path, 'a line is longer than 64 MiB');
      yield* lines;
    }
    // The last line of a recorder that was killed has no end, and is no whole line then.
    if (rest !== '' && isJson(rest)) yield rest;
  } finally {
    await file.close();
  }
}

function decode(decoder: TextDecoder, chunk: Uint8Array, path: string): string {
  try {
    return decoder.decode(chunk, { stream: true });
  } catch {
    throw wrong(path, 'the text is not UTF-8');
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function objectOf(text: string, where: string): Record<string, unknown> {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw wrong(where, 'the line is no JSON');
  }
  if (!isObject(json)) throw wrong(where, 'the line is no JSON object');
  return json;
}

function checkVersion(version: unknown, where: string): void {
  if (version === recordingVersion) return;
  throw wrong(
    where,
    `the version ${JSON.stringify(version)} of recordings is not known here: only ${recordingVersion} is`,
  );
}

/** Reads one line; what is wrong in it is told with the line and the member. */
class CallReader {
  readonly #json: Record<string, unknown>;
  readonly #where: string;

  constructor(json: Record<string, unknown>, where: string) {
    this.#json = json;
    this.#where = where;
  }

  call(): ReplayableCall {
    const { method, halfClosed = true, durationMs, kind, endedAfter, left, unkept } = this.#json;
    if (typeof method !== 'string' || !/^\/[^/]+\/[^/]+$/.test(method)) {
      throw wrong(this.#where, 'method: it must be written as /package.Service/Method');
    }
    return {
      origin: this.#where,
      method,
      kind: kinds.find((each) => each === kind),
      requests: this.#list('requests').map((each, i) => this.#bytes(each, `requests[${i}]`)),
      halfClosed: halfClosed === true,
      header: this.#metadata('header'),
      responses: this.#list('responses').map((each, i) => this.#response(each, `responses[${i}]`)),
      trailer: this.#metadata('trailer'),
      durationMs: numberOf(durationMs),
      endedAfter: numberOf(endedAfter),
      error: this.#error(),
      left: left === true,
      unkept: numberOf(unkept),
    };
  }

  #list(name: string): readonly unknown[] {
    const list = this.#json[name] ?? [];
    if (Array.isArray(list)) return list;
    throw wrong(this.#where, `${name}: it must be a list`);
  }

  #bytes(message: unknown, at: string): Uint8Array {
    const text = isObject(message) ? message.bytes : undefined;
    const bytes = typeof text === 'string' ? fromBase64(text) : undefined;
    if (bytes !== undefined) return bytes;
    throw wrong(this.#where, `${at}.bytes: it must be base64`);
  }

  #response(message: unknown, at: string): ReplayableCall['responses'][number] {
    const bytes = this.#bytes(message, at);
    const { after, atMs } = message as Record<string, unknown>;
    return { after: numberOf(after), atMs: numberOf(atMs), bytes };
  }

  #metadata(name: string): Metadata {
    const pairs = this.#list(name);
    const isPair = (pair: unknown): pair is [string, string] =>
      Array.isArray(pair) && pair.length === 2 && pair.every((each) => typeof each === 'string');
    if (!pairs.every(isPair)) {
      throw wrong(this.#where, `${name}: it must be a list of [name, value]`);
    }
    try {
      return metadataOfPairs(pairs);
    } catch (cause) {
      throw wrong(this.#where, `${name}: ${RpcError.from(cause).message}`);
    }
  }

  #error(): RpcError | undefined {
    const { status } = this.#json;
    const { code, message = '', details = [] } = isObject(status) ? status : {};
    if (code === 'ok') return undefined;
    const known: Code | undefined = codes.find((each) => each === code);
    if (known === undefined)
      throw wrong(this.#where, 'status.code: it must be ok or a code of gRPC');
    const list = Array.isArray(details) ? details : [];
    return new RpcError(known, String(message), {
      details: list.map((detail, i) => this.#detail(detail, `status.details[${i}]`)),
    });
  }

  #detail(detail: unknown, at: string): ErrorDetail {
    const bytes = this.#bytes(detail, at);
    const { type } = detail as Record<string, unknown>;
    if (typeof type === 'string') return detailOfBytes(type, bytes);
    throw wrong(this.#where, `${at}.type: it must be the name of a type`);
  }
}

const kinds: readonly MethodKind[] = ['unary', 'client-stream', 'server-stream', 'bidi-stream'];

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && value >= 0 ? value : 0;
}

function wrong(where: string, why: string): RpcError {
  return new RpcError('invalid_argument', `${where}: ${why}`);
}
