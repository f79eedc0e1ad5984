import { createReadStream } from 'node:fs';
import { RpcError } from '../../rpc-error.ts';
import { fileFault } from '../file-fault.ts';
import { type JsonPiece, JsonSplitter } from './json-splitter.ts';

/** Where requests come from, as the command line says it. */
export interface RequestSource {
  /** For messages: `standard input`, `the request`, a file's name. */
  readonly name: string;
  /** The values, read as they are taken. */
  readonly pieces: () => AsyncIterable<JsonPiece>;
}

/** `-` is standard input, `@FILE` a file, and everything else JSON itself. */
export function requestSource(
  argument: string,
  stdin: AsyncIterable<Uint8Array | string>,
): RequestSource {
  if (argument === '-') return fromBytes('standard input', () => stdin);
  if (!argument.startsWith('@')) return fromText('the request', argument);
  const path = argument.slice(1);
  if (path === '') throw new RpcError('invalid_argument', '@ needs the name of a file behind it');
  return fromBytes(path, () => readBytes(path));
}

function fromText(name: string, text: string): RequestSource {
  return {
    name,
    async *pieces() {
      const splitter = new JsonSplitter(name);
      yield* splitter.push(text);
      yield* splitter.end();
    },
  };
}

function fromBytes(name: string, bytes: () => AsyncIterable<Uint8Array | string>): RequestSource {
  return {
    name,
    async *pieces() {
      const splitter = new JsonSplitter(name);
      const decoder = new TextDecoder('utf-8', { fatal: true });
      for await (const chunk of bytes()) yield* splitter.push(decode(decoder, chunk, name));
      yield* splitter.push(decode(decoder, undefined, name));
      yield* splitter.end();
    },
  };
}

async function* readBytes(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path);
  } catch (cause) {
    throw fileFault(path, cause);
  }
}

function decode(
  decoder: TextDecoder,
  chunk: Uint8Array | string | undefined,
  name: string,
): string {
  if (typeof chunk === 'string') return chunk;
  try {
    return decoder.decode(chunk, { stream: chunk !== undefined });
  } catch (cause) {
    throw new RpcError('invalid_argument', `${name}: the text is not UTF-8`, { cause });
  }
}
