import { expect, test } from 'bun:test';
import { RpcError } from '../rpc-error.ts';
import { maxMessageDepth, Reader } from './reader.ts';
import { Writer } from './writer.ts';

function reading(...bytes: readonly number[]): Reader {
  const reader = new Reader();
  reader.reset(Uint8Array.from(bytes));
  return reader;
}

function faultOf(read: () => unknown): string {
  try {
    read();
  } catch (error) {
    expect(error).toBeInstanceOf(RpcError);
    expect((error as RpcError).code).toBe('invalid_argument');
    return (error as RpcError).message;
  }
  throw new Error('nothing was thrown');
}

const ten = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff] as const;

test('a varint may be longer than needed', () => {
  expect(reading(0x80, 0x00).uint32()).toBe(0);
  expect(reading(0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00).uint64()).toBe(1n);
  expect(reading(...ten, 0x01).int32()).toBe(-1);
  expect(reading(...ten, 0x01).int64()).toBe(-1n);
  expect(reading(...ten, 0x01).uint64()).toBe(2n ** 64n - 1n);
  expect(reading(...ten, 0x01).uint32()).toBe(2 ** 32 - 1);
  expect(reading(...ten, 0x01).sint64()).toBe(-(2n ** 63n));
});

test('a bool is true for any bit of 64', () => {
  expect(reading(0x80, 0x80, 0x80, 0x80, 0x80, 0x01).bool()).toBe(true);
  expect(reading(0x80, 0x80, 0x00).bool()).toBe(false);
});

test('32-bit integers leave upper bits out', () => {
  expect(reading(0x80, 0x80, 0x80, 0x80, 0x70).int32()).toBe(0);
  expect(reading(0xff, 0xff, 0xff, 0xff, 0x7f).int32()).toBe(-1);
});

test('a varint that does not end is an error', () => {
  expect(faultOf(() => reading(...ten, 0x80, 0x01).int32())).toBe(
    'at byte 0 of the message: a varint that is longer than ten bytes',
  );
  for (let length = 0; length < 10; length++) {
    const cut = reading(...ten.slice(0, length));
    expect(faultOf(() => cut.int64())).toContain('the message ends inside of a field');
  }
});

test('a tag has 32 bits, a number and a wire type', () => {
  expect(reading(0xfd, 0xff, 0xff, 0xff, 0x0f).tag()).toBe(0xffff_fffd);
  expect(faultOf(() => reading(0xff, 0xff, 0xff, 0xff, 0x1f).tag())).toContain(
    'longer than 32 bits',
  );
  expect(faultOf(() => reading(0x88, 0x80, 0x80, 0x80, 0x80, 0x00).tag())).toContain('32 bits');
  expect(faultOf(() => reading(0x02).tag())).toContain('the number 0');
  expect(faultOf(() => reading(0x0e).tag())).toContain('the unknown wire type 6');
  expect(faultOf(() => reading(0x0f).tag())).toContain('the unknown wire type 7');
});

test('a length goes no further than the bytes', () => {
  expect(reading(0x02, 0x61, 0x62).string()).toBe('ab');
  expect(faultOf(() => reading(0x03, 0x61, 0x62).string())).toBe(
    'at byte 0 of the message: a length of 3 bytes where 2 are left',
  );
  expect(faultOf(() => reading(0x80, 0x80, 0x80, 0x80, 0x08).bytes())).toContain(
    '2147483648 bytes',
  );
  // 2 ** 32, of which 32 bits are 0.
  expect(faultOf(() => reading(0x80, 0x80, 0x80, 0x80, 0x10).bytes())).toContain('a length of');
});

test('a fixed value that is cut is an error', () => {
  const cut = [1, 2, 3] as const;
  for (const read of ['fixed32', 'sfixed32', 'float', 'fixed64', 'sfixed64', 'double'] as const) {
    expect(faultOf(() => reading(...cut)[read]())).toContain('the message ends inside of a field');
  }
});

test.each([
  ['a byte that starts nothing', [0xff]],
  ['a continuation alone', [0x80]],
  ['a longer form than needed', [0xc0, 0x80]],
  ['half of a surrogate pair', [0xed, 0xa0, 0x80]],
  ['more than U+10FFFF', [0xf4, 0x90, 0x80, 0x80]],
  ['a cut character', [0xe2, 0x82]],
])('a string with %s is an error', (_, bytes) => {
  const short = [bytes.length, ...bytes];
  expect(faultOf(() => reading(...short).string())).toContain('a string that is not UTF-8');
  const long = [bytes.length + 40, ...Array<number>(40).fill(0x61), ...bytes];
  expect(faultOf(() => reading(...long).string())).toContain('a string that is not UTF-8');
  expect(reading(...short).looseString()).toContain('\ufffd');
});

test('a string may hold U+FFFD and U+FEFF', () => {
  for (const text of ['\ufffd', '\ufeffa', `${'a'.repeat(50)}\ufffd`]) {
    const writer = new Writer();
    writer.string(text);
    const reader = new Reader();
    reader.reset(writer.view());
    expect(reader.string()).toBe(text);
  }
});

test('bytes are an own copy, of a Buffer too', () => {
  for (const length of [3, 100]) {
    const source = Buffer.from([length, ...Array<number>(length).fill(7)]);
    const reader = new Reader();
    reader.reset(source);
    const bytes = reader.bytes();
    source.fill(0);
    expect(bytes.constructor).toBe(Uint8Array);
    expect(bytes.every((byte) => byte === 7)).toBe(true);
  }
});

test('a field of any wire type can be passed over', () => {
  for (const value of [
    [0x08, 0x96, 0x01],
    [0x09, 1, 2, 3, 4, 5, 6, 7, 8],
    [0x0a, 0x02, 0x61, 0x62],
    [0x0b, 0x10, 0x01, 0x13, 0x14, 0x0c],
    [0x0d, 1, 2, 3, 4],
  ]) {
    const reader = reading(...value);
    reader.skip(reader.tag());
    expect(reader.position).toBe(value.length);
  }
});

test.each([
  ['that has not begun', [0x0c], 'the end of a group that has not begun'],
  ['of another number', [0x0b, 0x14], 'the end of a group 2 that has not begun here'],
  ['that is cut', [0x0b, 0x10, 0x01], 'the message ends inside of a field'],
])('a group %s is an error', (_, bytes, message) => {
  const reader = reading(...bytes);
  expect(faultOf(() => reader.skip(reader.tag()))).toContain(message);
});

test('groups are nested up to the limit', () => {
  const open = (depth: number): number[] => Array<number>(depth).fill(0x0b);
  const close = (depth: number): number[] => Array<number>(depth).fill(0x0c);
  const most = maxMessageDepth - 1;
  const deep = reading(...open(most), ...close(most));
  deep.skip(deep.tag());
  expect(deep.position).toBe(2 * most);
  const deeper = reading(...open(most + 1), ...close(most + 1));
  expect(faultOf(() => deeper.skip(deeper.tag()))).toContain('nested deeper than 100');
});

test('what is open ends where its length says', () => {
  const reader = reading(0x01, 0x96, 0x01);
  const end = reader.open();
  expect(reader.uint32()).toBe(150);
  expect(faultOf(() => reader.close(end))).toBe(
    'at byte 2 of the message: the end of a message or of packed values inside of a field',
  );
});
