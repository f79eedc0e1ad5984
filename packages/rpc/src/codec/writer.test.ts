import { expect, test } from 'bun:test';
import { RpcError } from '../rpc-error.ts';
import { Reader } from './reader.ts';
import { Writer } from './writer.ts';

test.each([
  ['int32', 2 ** 31],
  ['int32', 1.5],
  ['int32', Number.NaN],
  ['int32', '5'],
  ['sint32', -(2 ** 31) - 1],
  ['sfixed32', 2 ** 31],
  ['uint32', -1],
  ['uint32', 2 ** 32],
  ['fixed32', -1],
  ['int64', 2n ** 63n],
  ['int64', 5],
  ['sint64', -(2n ** 63n) - 1n],
  ['sfixed64', 2n ** 63n],
  ['uint64', -1n],
  ['uint64', 2n ** 64n],
  ['fixed64', -1n],
  ['float', 3.5e38],
  ['float', '1'],
  ['double', 1n],
  ['string', 5],
  ['string', 'half \ud800 of a pair'],
  ['string', `${'a'.repeat(100)}\udc00`],
  ['bytes', [1, 2]],
] as const)('%s does not take %p', (method, value) => {
  const writer = new Writer();
  expect(() => (writer[method] as (value: unknown) => void).call(writer, value)).toThrow(RpcError);
});

test('lengths are put before what they count, of any size', () => {
  for (const length of [0, 1, 127, 128, 16_383, 16_384, 2_097_151, 2_097_152]) {
    const writer = new Writer();
    const outer = writer.begin();
    const inner = writer.begin();
    writer.raw(new Uint8Array(length).fill(7));
    writer.end(inner);
    writer.end(outer);
    const reader = new Reader();
    reader.reset(writer.view());
    const end = reader.open();
    expect(end).toBe(writer.length);
    expect(reader.bytes().length).toBe(length);
    reader.close(end);
  }
});

test('texts around the sizes of their length come back', () => {
  for (const length of [15, 16, 17, 42, 43, 126, 127, 128, 129, 5_461, 5_462, 16_383, 16_384]) {
    for (const unit of ['a', 'ü', '漢', '😀']) {
      const text = unit.repeat(length);
      const writer = new Writer();
      writer.bool(true);
      writer.string(text);
      const reader = new Reader();
      reader.reset(writer.view());
      reader.bool();
      expect(reader.string() === text).toBe(true);
      expect(reader.position).toBe(writer.length);
    }
  }
});

test('a view lasts until the next write, a copy for ever', () => {
  const writer = new Writer();
  writer.int32(1);
  const copy = writer.copy();
  const view = writer.view();
  writer.reset();
  writer.int32(2);
  expect(copy).toEqual(Uint8Array.of(1));
  expect(view).toEqual(Uint8Array.of(2));
});

test('a large buffer is not kept', () => {
  const writer = new Writer();
  writer.raw(new Uint8Array(3 * 1024 * 1024));
  expect(writer.view().buffer.byteLength).toBeGreaterThan(3 * 1024 * 1024);
  writer.reset();
  expect(writer.view().buffer.byteLength).toBe(1024);
});
