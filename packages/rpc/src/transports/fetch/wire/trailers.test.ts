import { describe, expect, test } from 'bun:test';
import fc from 'fast-check';
import { errorDetail, retryInfo } from '../../../codec/error-details.ts';
import { createTypeRegistry, type TypeRegistry } from '../../../codec/type-registry.ts';
import { okTrailer, type Trailer } from '../../../core/call.ts';
import { Metadata } from '../../../core/metadata.ts';
import { codes, RpcError } from '../../../rpc-error.ts';
import { wordType } from '../testing/talk-service.ts';
import { readEndStream, writeEndStream } from './end-stream.ts';
import { readGrpcTrailer, writeGrpcTrailer } from './grpc-trailer.ts';

const limit = 16_384;
const utf8 = new TextEncoder();
const details = [
  { type: 'test.First', value: Uint8Array.of(8, 1) },
  { type: 'test.Second', value: Uint8Array.of() },
];
const forms = [
  ['Connect', writeEndStream, readEndStream],
  ['gRPC-Web', writeGrpcTrailer, readGrpcTrailer],
] as const;

describe.each(forms)('%s', (_name, write, readForm) => {
  const pass = (trailer: Trailer) => readForm(write(trailer), limit);

  test('OK without metadata', () => {
    expect(pass(okTrailer)).toEqual({ error: undefined, metadata: Metadata.empty });
  });

  test('each code, with a message of any characters', () => {
    for (const code of codes) {
      const { error } = pass({
        error: new RpcError(code, 'ü 100 %\r\n"🙂"'),
        metadata: Metadata.empty,
      });
      expect(error).toMatchObject({ code, message: 'ü 100 %\r\n"🙂"', details: [] });
    }
  });

  test('a message with a lone surrogate is still sent', () => {
    for (const known of [[], details]) {
      const error = new RpcError('aborted', 'a\ud800b', { details: known });
      const read = pass({ error, metadata: Metadata.empty });
      expect(read.error).toMatchObject({ message: 'a\ufffdb', details: known });
    }
  });

  test('details', () => {
    const error = new RpcError('internal', 'no', { details });
    expect(pass({ error, metadata: Metadata.empty }).error?.details).toEqual(details);
  });

  test('details of known types are messages', () => {
    const word = errorDetail(wordType, { text: 'x' });
    const error = new RpcError('unavailable', 'later', { details: [retryInfo(1_500), word] });
    const read = (registry?: TypeRegistry) =>
      readForm(write({ error, metadata: Metadata.empty }, registry), limit, registry).error;
    const registry = createTypeRegistry(wordType);
    expect(read(registry)?.detail('zrpc.talk.Word')).toMatchObject({ text: 'x' });
    expect(read(registry)?.detail('google.rpc.RetryInfo')).toMatchObject({
      retryDelay: { seconds: 1n, nanos: 500_000_000 },
    });
    expect(read()?.details).toHaveLength(1);
  });

  test('a detail that is no message stays here', () => {
    const error = new RpcError('internal', 'no', {
      details: [{ type: 'x', value: { secret: 1 } }],
    });
    expect(pass({ error, metadata: Metadata.empty }).error?.details).toEqual([]);
  });

  test('metadata, repeated and in order', () => {
    const metadata = Metadata.from({ 'x-a': ['1, 2', '3'], 'x-b-bin': Uint8Array.of(0, 255) });
    const read = pass({ error: new RpcError('aborted', ''), metadata });
    expect([...read.metadata]).toEqual([...metadata]);
    expect(read.error?.code).toBe('aborted');
  });

  test('metadata above the limit is refused', () => {
    const metadata = Metadata.from({ 'x-a': 'x'.repeat(100) });
    const bytes = write({ error: undefined, metadata });
    expect(() => readForm(bytes, 120)).toThrow('metadata is larger than 120 bytes');
  });

  test('any bytes are a trailer or an error with a code', () => {
    const like = fc.constantFrom(
      '{}',
      '{"error":',
      '"metadata":{"a":["b"]}',
      'grpc-status: 5\r\n',
      'x: y',
    );
    const parts = fc.array(
      fc.oneof(
        fc.uint8Array({ maxLength: 20 }),
        like.map((x) => utf8.encode(x)),
      ),
    );
    fc.assert(
      fc.property(parts, (all) => {
        try {
          const { error } = readForm(Buffer.concat(all), limit);
          expect(error === undefined || error instanceof RpcError).toBe(true);
        } catch (error) {
          expect(error).toBeInstanceOf(RpcError);
        }
      }),
      { numRuns: 1_000 },
    );
  });
});

test.each([
  ['', 'it is not JSON'],
  ['\xff', 'it is not JSON'],
  ['[]', 'it is not an object'],
  ['null', 'it is not an object'],
  ['{"metadata":[]}', 'metadata is not an object'],
  ['{"metadata":null}', 'metadata is not an object'],
  ['{"metadata":{"a":"b"}}', 'metadata.a is not a list'],
  ['{"metadata":{"a":[1]}}', 'metadata.a holds what is not a text'],
])('the end of a Connect stream %j is malformed: %s', (text, reason) => {
  const bytes = Buffer.from(text, 'latin1');
  expect(() => readEndStream(bytes, limit)).toThrow(
    `the end of the stream is malformed: ${reason}`,
  );
});

test.each([
  ['{"error":{}}', 'unknown', 'the server names no reason'],
  ['{"error":{"code":"not_found"}}', 'not_found', 'the server names no reason'],
  ['{"error":{"code":"NOT_FOUND","message":"x"}}', 'unknown', 'x'],
  ['{"error":"boom"}', 'unknown', 'the server names no reason'],
  ['{"error":{"code":7,"message":8,"details":9}}', 'unknown', 'the server names no reason'],
  ['{"error":{"code":"aborted","details":[1,{},{"type":"t","value":"*"}]}}', 'aborted', /names/],
] as const)('the error in %s is %s', (json, code, message) => {
  const { error } = readEndStream(utf8.encode(json), limit);
  expect(error?.code).toBe(code);
  expect(error?.message).toMatch(message);
  expect(error?.details).toEqual([]);
});

test.each([
  ['grpc-status:0', undefined],
  ['Grpc-Status: 5\r\nGrpc-Message: gone', 'not_found'],
  ['grpc-status: 17', 'unknown'],
  ['grpc-status: x', 'unknown'],
  ['grpc-status: 3\ngrpc-message: 100%25%', 'invalid_argument'],
])('the trailer %j is %s', (text, code) => {
  expect(readGrpcTrailer(utf8.encode(text), limit).error?.code as string).toBe(code as string);
});

test.each(['', 'x-a: b', ':', 'grpc-message: lost'])('the trailer %j has no status', (text) => {
  expect(() => readGrpcTrailer(utf8.encode(text), limit)).toThrow('has no grpc-status');
});

test('details of a status that is broken are left out', () => {
  const text = 'grpc-status: 3\r\ngrpc-status-details-bin: GgQKAg==\r\n';
  const { error } = readGrpcTrailer(utf8.encode(text), limit);
  expect(error).toMatchObject({ code: 'invalid_argument', details: [] });
});
