import { expect, test } from 'bun:test';
import fc from 'fast-check';
import { Metadata } from '../../../core/metadata.ts';
import { readMetadata, readUnaryMetadata, writeMetadata, writeUnaryTrailer } from './headers.ts';

const limit = 16_384;

test('metadata becomes headers and comes back', () => {
  const metadata = Metadata.from({ 'x-text': 'a, b', 'x-raw-bin': Uint8Array.of(0, 255) });
  const headers = new Headers();
  writeMetadata(metadata, headers);
  expect([...headers]).toEqual([
    ['x-raw-bin', 'AP8'],
    ['x-text', 'a, b'],
  ]);
  const read = readMetadata(headers, limit);
  expect(read.get('x-text')).toBe('a, b');
  expect(read.getBytes('x-raw-bin')).toEqual(Uint8Array.of(0, 255));
});

test('bytes of one name come apart again', () => {
  const headers = new Headers();
  for (const value of ['AQ', 'Ag==', '']) headers.append('x-bin', value);
  const values = readMetadata(headers, limit).getAll('x-bin');
  expect(values).toEqual([Uint8Array.of(1), Uint8Array.of(2), Uint8Array.of()]);
});

test('a trailer of a unary call is told from its header', () => {
  const headers = new Headers();
  writeMetadata(Metadata.from({ 'x-a': 'header' }), headers);
  writeUnaryTrailer(Metadata.from({ 'x-a': 'trailer' }), headers);
  const { header, trailer } = readUnaryMetadata(headers, limit);
  expect([...header]).toEqual([['x-a', 'header']]);
  expect([...trailer]).toEqual([['x-a', 'trailer']]);
});

test('what belongs to HTTP or to a protocol is neither read nor written', () => {
  const names = ['content-type', 'host', 'grpc-status', 'connect-timeout-ms', 'te', 'connection'];
  const metadata = new Metadata();
  for (const name of names) metadata.appendUnchecked(name, '1');
  const headers = new Headers();
  writeMetadata(metadata, headers);
  expect([...headers]).toEqual([]);
  expect(readMetadata(new Headers(names.map((name) => [name, '1'])), limit).size).toBe(0);
});

test('what cannot be metadata is left out', () => {
  const headers = new Headers({ 'x-latin': 'caf\xe9', 'x!y': '1', 'x-tab': 'a\tb', 'x-ok': '1' });
  expect([...readMetadata(headers, limit)]).toEqual([['x-ok', '1']]);
});

test('a name in -bin whose value is not base64 is refused, and named', () => {
  const headers = new Headers({ 'x-broken-bin': '***' });
  expect(() => readMetadata(headers, limit)).toThrow(
    'the value of the header x-broken-bin is not base64',
  );
});

test('more metadata than is allowed is refused', () => {
  const headers = new Headers({ 'x-a': 'x'.repeat(65) });
  expect(readMetadata(headers, 100).size).toBe(1);
  expect(() => readMetadata(headers, 99)).toThrow('metadata is larger than 99 bytes');
});

test('any metadata survives', () => {
  const name = fc.stringMatching(/^x-[a-z0-9_.-]{0,8}[a-z0-9]$/).filter((x) => !x.endsWith('-bin'));
  const text = fc.stringMatching(/^[!-~]([ -~]{0,20}[!-~])?$/);
  fc.assert(
    fc.property(fc.dictionary(name, fc.oneof(text, fc.uint8Array({ maxLength: 20 }))), (pairs) => {
      const metadata = new Metadata();
      for (const [key, value] of Object.entries(pairs)) {
        metadata.append(typeof value === 'string' ? key : `${key}-bin`, value);
      }
      const headers = new Headers();
      writeMetadata(metadata, headers);
      const read = readMetadata(headers, limit);
      expect(read.size).toBe(metadata.size);
      for (const [key, value] of metadata) expect(read.getAll(key)).toEqual([value]);
    }),
    { numRuns: 200 },
  );
});
