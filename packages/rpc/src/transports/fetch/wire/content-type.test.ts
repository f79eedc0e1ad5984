import { expect, test } from 'bun:test';
import type { Compressor } from '../../../compression/compressor.ts';
import { compressor } from '../../../compression/compressors.ts';
import { contentTypeOf, contentTypes, readContentType } from './content-type.ts';
import { chooseEncoding, readEncoding } from './encodings.ts';

test.each([
  ['application/proto', 'connect', 'binary'],
  ['application/json', 'connect', 'json'],
  ['application/json; charset=utf-8', 'connect', 'json'],
  ['application/json;charset="UTF-8"', 'connect', 'json'],
  ['Application/JSON', 'connect', 'json'],
  ['application/connect+proto', 'connect-stream', 'binary'],
  ['application/connect+json', 'connect-stream', 'json'],
  ['application/grpc-web', 'grpc-web', 'binary'],
  ['application/grpc-web+proto', 'grpc-web', 'binary'],
  ['application/grpc-web+json', 'grpc-web', 'json'],
  ['application/grpc-web-text', 'grpc-web-text', 'binary'],
  ['application/grpc-web-text+proto', 'grpc-web-text', 'binary'],
] as const)('%s is %s, %s', (type, protocol, format) => {
  expect(readContentType(type)).toMatchObject({ protocol, format });
});

test.each([
  null,
  '',
  'text/plain',
  'application/grpc',
  'application/grpc+proto',
  'application/connect',
  'application/json; charset=latin1',
  'application/protobuf',
  'application/json/x',
])('%j is none', (type) => expect(readContentType(type)).toBeUndefined());

test('each protocol and format has a content type that is read as such', () => {
  for (const protocol of ['connect', 'connect-stream', 'grpc-web', 'grpc-web-text'] as const) {
    for (const format of ['binary', 'json'] as const) {
      const type = contentTypeOf(protocol, format);
      expect(readContentType(type)).toMatchObject({ protocol, format });
      expect(contentTypes).toContain(type);
    }
  }
});

test('an encoding that is unknown is unimplemented, and named', () => {
  expect(readEncoding('grpc-encoding', null, compressor)).toBeUndefined();
  expect(readEncoding('grpc-encoding', 'identity', compressor)).toBeUndefined();
  expect(readEncoding('grpc-encoding', 'GZIP', compressor)?.name).toBe('gzip');
  expect(() => readEncoding('grpc-encoding', 'br', compressor)).toThrow(
    'the header grpc-encoding is "br", a compression that is not known here',
  );
});

test.each([
  [null, undefined],
  ['', undefined],
  ['gzip', 'gzip'],
  ['gzip, zstd', 'zstd'],
  ['br, GZIP;q=0.5', 'gzip'],
  ['zstd;q=0, gzip', 'gzip'],
  ['zstd;q=0.000', undefined],
  ['gzipped', undefined],
  ['*', undefined],
] as const)('of what %j takes %s is chosen', (accepted, name) => {
  const offered = [compressor('zstd'), compressor('gzip')] as Compressor[];
  expect(chooseEncoding(accepted, offered)?.name).toBe(name);
});
